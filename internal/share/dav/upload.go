package dav

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/kubevast/vast/internal/share/transport"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/share"
)

// upload is one attempt.
type upload struct {
	share     *Share
	name      string
	part      string
	note      note
	source    share.Source
	o         share.UploadOptions
	at        folder
	abilities abilities
	// sums are the checksums that the server, or a read-back, has computed.
	sums share.Checksums
}

// Upload makes one attempt to store a file. The content is stored under a temporary name,
// its size is compared, and the file is renamed. An existing archive is removed just
// before that, when the new one is complete on the share.
//
// A server without MOVE gets the content under its name, if a file appears there only when it
// is complete, as on nginx. Others are refused.
func (s *Share) Upload(ctx context.Context, name string, source share.Source, o share.UploadOptions) (share.Object, error) {
	u := &upload{share: s, name: name, source: source, o: o}
	var err error
	if u.at, err = s.examine(ctx, true); err != nil {
		return share.Object{}, err
	}
	if u.note, err = u.loadNote(ctx); err != nil {
		return share.Object{}, err
	}
	u.part = u.partName(u.note.Try)
	old, there, err := u.target(ctx)
	if err != nil {
		return share.Object{}, err
	}
	if there {
		done, err := u.arrived(ctx, old)
		switch {
		case err != nil:
			return share.Object{}, err
		case done:
			u.sums = u.note.Checksums
			return u.finish(ctx)
		case !o.Overwrite:
			u.discard(ctx)
			return share.Object{}, &api.ConflictError{Message: fmt.Sprintf("%q is on the share already", name)}
		}
	}
	if u.abilities, err = s.probeAs(ctx, contentID(source)); err != nil {
		return share.Object{}, err
	}
	switch {
	case u.abilities.moves && there && !u.abilities.deletes:
		return share.Object{}, &api.NotSupportedError{Message: fmt.Sprintf("%q is on the share, and the server does not remove files: it cannot be replaced", name)}
	case u.abilities.moves:
	case u.abilities.atomicPut:
		return u.directly(ctx, old, there)
	default:
		return share.Object{}, &api.NotSupportedError{Message: "the server cannot rename files, and shows a file before it is complete: an interrupted upload would leave a part under the archive's name"}
	}
	if err := u.store(ctx); err != nil {
		return share.Object{}, u.failed(ctx, err)
	}
	if err := u.verify(ctx); err != nil {
		return share.Object{}, u.failed(ctx, err)
	}
	return u.publish(ctx, old, there)
}

// target returns what has the name now. A folder is an api.ConflictError.
func (u *upload) target(ctx context.Context) (_ Entry, there bool, _ error) {
	e, err := u.share.entry(ctx, u.at, u.name)
	switch {
	case api.IsNotFound(err):
		return Entry{}, false, nil
	case err != nil:
		return Entry{}, false, err
	case e.Folder:
		return Entry{}, false, &api.ConflictError{Message: fmt.Sprintf("%q is a folder on the share, which is never replaced", u.name)}
	}
	return e, true, nil
}

// arrived reports whether what has the name is from an earlier attempt whose end was
// not seen.
func (u *upload) arrived(ctx context.Context, e Entry) (bool, error) {
	if !u.note.Moving || e.Size != u.source.Size || identity(e) == u.note.Old {
		return false, nil
	}
	_, err := u.share.entry(ctx, u.at, u.part)
	if api.IsNotFound(err) {
		return true, nil
	}
	return false, err
}

// store makes the part complete.
func (u *upload) store(ctx context.Context) error {
	e, err := u.share.entry(ctx, u.at, u.part)
	absent := api.IsNotFound(err)
	switch {
	case err == nil && e.Size == u.source.Size && e.Size > 0:
		u.progress(e.Size)
		return nil
	case err == nil && e.Size > u.source.Size:
		if err := u.share.delete(ctx, u.part); err != nil {
			return err
		}
		e.Size, absent = 0, true
	case err != nil && !api.IsNotFound(err):
		return err
	}
	if u.share.options.Store != nil {
		u.sums, err = u.share.options.Store(ctx, u.share, u.part, u.source, u.o.Progress)
	} else {
		err = whileLocked(ctx, func() error {
			if absent && u.ranges() {
				if err := u.create(ctx, u.part); err != nil {
					return err
				}
			}
			return u.put(ctx, u.part, max(e.Size, 0))
		})
		if !u.abilities.ranges && (transport.IsStalled(err) || transport.IsLocked(err)) {
			u.giveUpName(ctx)
		}
	}
	if err != nil {
		return err
	}
	if e, err = u.share.entry(ctx, u.at, u.part); err != nil {
		if api.IsNotFound(err) {
			err = &share.TemporaryError{Message: fmt.Sprintf("the server has accepted %q and does not have it", u.part), Cause: err}
		}
		return err
	}
	return checkSize(e, u.part, u.source.Size)
}

// giveUpName has the next attempt use another temporary name: x/net and rclone keep a file
// locked, or block a second PUT, as long as the connection of a stalled one is open.
func (u *upload) giveUpName(ctx context.Context) {
	u.note.Try++
	keep, cancel := aside(ctx)
	defer cancel()
	_ = u.saveNote(keep) // without it the same name is tried again
}

// removeGivenUp removes what is under the names that were given up, as far as the server does
// that; lists omit the rest.
func (u *upload) removeGivenUp(ctx context.Context) {
	for try := range u.note.Try {
		_ = u.share.delete(ctx, u.partName(try)) // it may still be locked
	}
}

// ranges reports whether the content is sent by PUT with Content-Range.
func (u *upload) ranges() bool { return u.abilities.ranges && u.source.Size > 0 }

// create stores an empty file. When a PUT with Content-Range is cut, Apache removes a file that
// this PUT has created, and keeps what it has of one that was there.
func (u *upload) create(ctx context.Context, name string) error {
	return u.share.Send(u.share.request(ctx, http.MethodPut, u.share.URL(name)), http.NoBody, 0, nil, fmt.Sprintf("store %q", name))
}

// put sends the content from an offset on. Apache keeps what it has of a PUT with
// Content-Range that is cut, and nothing of another one. The offset is ignored where the server
// has no such PUT.
func (u *upload) put(ctx context.Context, name string, offset int64) error {
	if !u.ranges() {
		offset = 0
	}
	content, err := u.source.Open(ctx, offset)
	if err != nil {
		return err
	}
	u.progress(offset)
	r := u.share.request(ctx, http.MethodPut, u.share.URL(name), "Content-Type", "application/octet-stream")
	if u.ranges() {
		r.Header.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", offset, u.source.Size-1, u.source.Size))
	}
	return u.share.Send(r, content, u.source.Size-offset, func(n int64) { u.progress(offset + n) }, fmt.Sprintf("store %q", u.name))
}

func (u *upload) progress(sent int64) {
	if u.o.Progress != nil {
		u.o.Progress(sent)
	}
}

// publish renames the part, which is complete. An old archive is moved aside before, and
// back if the part cannot be renamed, so that it is never lost.
func (u *upload) publish(ctx context.Context, old Entry, there bool) (share.Object, error) {
	u.note.Moving, u.note.Old, u.note.Checksums = true, "", u.sums
	if there {
		u.note.Old, u.note.Aside = identity(old), true
	}
	if err := u.saveNote(ctx); err != nil {
		return share.Object{}, err
	}
	if there {
		if err := u.setAside(ctx, old); err != nil {
			return share.Object{}, u.failed(ctx, err)
		}
	}
	if err := u.share.move(ctx, u.part, u.name, u.source.Size); err != nil {
		if !u.note.Aside {
			return share.Object{}, u.failed(ctx, err)
		}
		restore, cancel := aside(ctx)
		defer cancel()
		backErr := u.share.move(restore, u.oldName(), u.name, -1)
		if backErr != nil && !api.IsNotFound(backErr) {
			return share.Object{}, fmt.Errorf("the new archive is complete as %q, the old one is %q, and: %w", u.part, u.oldName(), err)
		}
		return share.Object{}, u.failed(ctx, err)
	}
	return u.finish(ctx)
}

// setAside renames the archive that has the name.
func (u *upload) setAside(ctx context.Context, old Entry) error {
	err := u.share.move(ctx, u.name, u.oldName(), old.Size)
	if !api.IsConflict(err) {
		return err
	}
	// An earlier attempt was ended in the middle, and something has got the name since.
	if err := u.share.delete(ctx, u.oldName()); err != nil {
		return err
	}
	return u.share.move(ctx, u.name, u.oldName(), old.Size)
}

// finish returns the archive as the server reports it.
func (u *upload) finish(ctx context.Context) (share.Object, error) {
	if u.note.Aside {
		if err := u.removeOld(ctx); err != nil {
			return share.Object{}, err
		}
	}
	e, err := u.share.entry(ctx, u.at, u.name)
	if err != nil {
		if api.IsNotFound(err) {
			err = &share.TemporaryError{Message: fmt.Sprintf("the server has renamed a file to %q and does not have it", u.name), Cause: err}
		}
		return share.Object{}, err
	}
	if err := checkSize(e, u.name, u.source.Size); err != nil {
		return share.Object{}, err
	}
	u.removeGivenUp(ctx)
	u.progress(u.source.Size)
	o := e.object(u.name)
	o.Checksums = u.sums
	return o, u.keep(ctx, "")
}

// removeOld removes the archive that was moved aside. It tries several times, since the
// caller, who finds the new archive in place, may not repeat the upload after an error.
func (u *upload) removeOld(ctx context.Context) error {
	err := repeat(ctx, func() error { return u.share.delete(ctx, u.oldName()) }, func(err error) bool { return err != nil })
	if err != nil {
		return fmt.Errorf("%q is replaced, but the old one is still there as %q: %w", u.name, u.oldName(), err)
	}
	return nil
}

// directly stores the content under its name.
func (u *upload) directly(ctx context.Context, old Entry, there bool) (share.Object, error) {
	u.note.Moving, u.note.Old = true, ""
	if there {
		u.note.Old = identity(old)
	}
	if err := u.saveNote(ctx); err != nil {
		return share.Object{}, err
	}
	u.abilities.ranges = false // such a PUT is not atomic
	err := u.put(ctx, u.name, 0)
	if err == nil {
		return u.finish(ctx)
	}
	// A new name that the server shows in spite of the error is complete, or goes.
	look, cancel := aside(ctx)
	defer cancel()
	if e, there2, lookErr := u.target(look); lookErr == nil && there2 && !there && e.Size != u.source.Size {
		_ = u.share.delete(look, u.name) // the error of the upload is returned
	}
	return share.Object{}, err
}

// failed returns the error of an attempt. It removes the part, unless the next attempt can
// continue it.
func (u *upload) failed(ctx context.Context, err error) error {
	switch {
	case temporary(err):
		// nginx leaves "PART.0000000073" when the disk is full.
		u.discardPrefix(ctx, u.part+".")
	case ctx.Err() != nil && u.o.State != nil && (u.abilities.ranges || u.share.options.Resume):
	default:
		u.discard(ctx)
	}
	return err
}

// discard removes what the upload has stored and does not need.
func (u *upload) discard(ctx context.Context) {
	cleanup, cancel := aside(ctx)
	defer cancel()
	if err := whileLocked(cleanup, func() error { return u.share.delete(cleanup, u.part) }); err != nil {
		return // nor would the others work
	}
	u.removeGivenUp(cleanup)
	u.discardPrefix(ctx, u.part)
	if u.share.options.Discard != nil {
		_ = u.share.options.Discard(cleanup, u.share, u.part) // the server removes it in time
	}
	_ = u.keep(cleanup, "") // a note without files is harmless
}

// discardPrefix removes the files whose names begin with a temporary name.
func (u *upload) discardPrefix(ctx context.Context, prefix string) {
	if !u.at.lists {
		return
	}
	cleanup, cancel := aside(ctx)
	defer cancel()
	var names []string
	err := Propfind(cleanup, u.share.client, u.share.root, "1", func(e Entry) bool {
		if !e.Folder && strings.HasPrefix(e.Name, prefix) && e.Name != u.oldName() {
			names = append(names, e.Name)
		}
		return true
	})
	for _, name := range names {
		err = errors.Join(err, u.share.delete(cleanup, name))
	}
	_ = err // the error of the upload is returned
}
