package dav

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"

	"github.com/kubevast/vast/internal/share/transport"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/share"
)

// folder is what is known about the share's folder.
type folder struct {
	// there: it exists, as far as the server reports it.
	there bool
	// lists: the server has PROPFIND.
	lists bool
}

// examine looks at the folder, once. With create it makes a folder that is missing.
func (s *Share) examine(ctx context.Context, create bool) (folder, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.folder != nil && (s.folder.there || !create) {
		return *s.folder, nil
	}
	found, err := s.look(ctx)
	if err != nil {
		return folder{}, err
	}
	if !found.there && create {
		if err := s.makeFolder(ctx); err != nil {
			return folder{}, err
		}
		if found.lists {
			// MKCOL has two answers, 201 and 405, that do not prove that there is a folder.
			if found, err = s.look(ctx); err != nil {
				return folder{}, err
			}
			if !found.there {
				return folder{}, &api.NotSupportedError{Message: fmt.Sprintf("the server has created the folder %q, and does not have it", s.client.URL(s.root))}
			}
		}
		found.there = true
	}
	s.folder = &found
	return found, nil
}

// look asks the server for the folder.
func (s *Share) look(ctx context.Context) (folder, error) {
	found := folder{lists: true}
	file := false
	err := Propfind(ctx, s.client, s.root, "0", func(e Entry) bool {
		found.there, file = e.Folder, !e.Folder
		return true
	})
	switch {
	case errors.Is(err, ErrNoListing):
		return folder{}, nil
	case api.IsNotFound(err):
		return found, nil
	case err != nil:
		return folder{}, err
	case file:
		return folder{}, api.Invalid(s.options.Setting, "%q is a file; a share is a folder", s.client.URL(s.root))
	}
	return found, nil
}

// Stat returns what the server reports of a file: by PROPFIND, or by HEAD where there is
// none.
func (s *Share) Stat(ctx context.Context, name string) (share.Object, error) {
	e, err := s.file(ctx, name)
	if err != nil {
		return share.Object{}, err
	}
	o := e.object(name)
	if o.Validator == "" && s.lists() {
		// nginx has ETags in its answers to HEAD and GET only.
		if more, err := s.head(ctx, name); err == nil && more.Size == o.Size {
			o.Validator = more.Validator
		}
	}
	return o, nil
}

func (s *Share) lists() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.folder != nil && s.folder.lists
}

// file returns a file. A folder is an api.ConflictError.
func (s *Share) file(ctx context.Context, name string) (Entry, error) {
	at, err := s.examine(ctx, false)
	if err != nil {
		return Entry{}, err
	}
	e, err := s.entry(ctx, at, name)
	switch {
	case err != nil:
		return Entry{}, err
	case e.Folder:
		return Entry{}, &api.ConflictError{Message: fmt.Sprintf("%q is a folder on the share", name)}
	}
	return e, nil
}

func (s *Share) entry(ctx context.Context, at folder, name string) (Entry, error) {
	missing := &api.NotFoundError{Kind: "archive", Name: name, Hint: "the share has none of this name"}
	found := missing
	var e Entry
	var err error
	if at.lists {
		err = Propfind(ctx, s.client, s.URL(name), "0", func(of Entry) bool {
			e, found = of, nil
			return true
		})
	} else {
		e, err = s.head(ctx, name)
		found = nil
	}
	switch {
	case transport.IsToFolder(err):
		return Entry{Name: name, Folder: true, Size: -1}, nil
	case api.IsNotFound(err):
		return Entry{}, missing
	case err != nil:
		return Entry{}, err
	case found != nil:
		return Entry{}, found
	}
	return e, nil
}

// head is entry by HEAD.
func (s *Share) head(ctx context.Context, name string) (Entry, error) {
	resp, err := s.client.Do(s.request(ctx, http.MethodHead, s.URL(name), "Accept-Encoding", "identity"))
	if err != nil {
		return Entry{}, err
	}
	if resp.StatusCode != http.StatusOK {
		return Entry{}, s.client.Failure(resp, fmt.Sprintf("look at %q", name))
	}
	o := transport.Describe(resp, name)
	return Entry{Name: name, Size: o.Size, Modified: o.Modified, Validator: o.Validator}, resp.Body.Close()
}

// List yields the files of the folder.
func (s *Share) List(ctx context.Context) iter.Seq2[share.Object, error] {
	return func(yield func(share.Object, error) bool) {
		at, err := s.examine(ctx, false)
		switch {
		case err != nil:
		case !at.lists:
			err = &api.NotSupportedError{Message: "the server cannot list a folder: it has no PROPFIND; archives can be downloaded and removed by their names"}
		case !at.there:
			err = &api.NotFoundError{Kind: "folder", Name: s.client.URL(s.root), Hint: "the share does not exist yet"}
		default:
			ended := false
			err = Propfind(ctx, s.client, s.root, "1", func(e Entry) bool {
				if e.Folder || share.IsTemporary(e.Name) || share.ValidName(e.Name) != nil {
					return true
				}
				ended = !yield(e.object(e.Name), nil)
				return !ended
			})
			if ended {
				return
			}
		}
		if err != nil {
			yield(share.Object{}, err)
		}
	}
}

// Remove removes a file.
func (s *Share) Remove(ctx context.Context, name string) error {
	if _, err := s.file(ctx, name); err != nil {
		return err // a DELETE of a folder would remove all that is in it
	}
	return s.delete(ctx, name)
}
