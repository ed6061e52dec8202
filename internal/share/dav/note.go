package dav

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/kubevast/vast/sdk/share"
)

// note is what an upload leaves for its next attempt, in share.State or in memory.
type note struct {
	// Content is the SHA-256 of the content that the note is about.
	Content string `json:"content"`
	// Moving: the content is complete and may have its name already.
	Moving bool `json:"moving,omitempty"`
	// Aside: the archive that had the name before may be beside it, and goes when the new
	// one has the name.
	Aside bool `json:"aside,omitempty"`
	// Old identifies the archive that had the name before.
	Old string `json:"old,omitempty"`
	// Try counts the temporary names that were given up, each since the server keeps it locked.
	Try int `json:"try,omitempty"`
	// Checksums are those that the complete content was verified by.
	Checksums share.Checksums `json:"checksums,omitzero"`
}

// identity returns a text that differs for two versions of a file.
func identity(e Entry) string {
	return fmt.Sprintf("%d %d %s", e.Size, e.Modified.Unix(), e.Validator)
}

// loadNote returns the note about the content, which is empty if there is none.
func (u *upload) loadNote(ctx context.Context) (note, error) {
	text := ""
	if u.o.State != nil {
		var err error
		if text, err = u.o.State.Load(ctx); err != nil {
			return note{}, err
		}
	} else {
		u.share.mu.Lock()
		text = u.share.notes[u.name]
		u.share.mu.Unlock()
	}
	n := note{}
	// A note of another program, or about another content, is as good as none.
	if json.Unmarshal([]byte(text), &n) != nil || n.Content != u.source.Checksums.SHA256 {
		n = note{Content: u.source.Checksums.SHA256}
	}
	return n, nil
}

func (u *upload) saveNote(ctx context.Context) error {
	text, err := json.Marshal(u.note)
	if err != nil {
		return err
	}
	return u.keep(ctx, string(text))
}

// keep saves a note; "" removes it.
func (u *upload) keep(ctx context.Context, text string) error {
	if u.o.State != nil {
		return u.o.State.Save(ctx, text)
	}
	u.share.mu.Lock()
	defer u.share.mu.Unlock()
	if text == "" {
		delete(u.share.notes, u.name)
	} else {
		u.share.notes[u.name] = text
	}
	return nil
}

// partName returns the temporary name of a content. It is the same in each attempt with the same
// try, and another one for another content.
func (u *upload) partName(try int) string {
	name := u.name + share.TemporaryMark + contentID(u.source)
	if try > 0 {
		name += fmt.Sprintf("-%d", try)
	}
	return name
}

// oldName returns the name of an archive that is being replaced.
func (u *upload) oldName() string { return u.partName(0) + ".old" }

// contentID identifies a content in temporary names.
func contentID(source share.Source) string {
	return source.Checksums.SHA256[:min(16, len(source.Checksums.SHA256))]
}
