package sftp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"

	"github.com/pkg/sftp"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/share"
)

// renaming is the state of an upload whose content is complete: if its file is gone,
// it has its final name.
const renaming = "renaming"

// Upload writes a file whose name contains the checksum of the content, so that any
// later attempt finds it, and renames it.
func (p *provider) Upload(ctx context.Context, name string, source share.Source, o share.UploadOptions) (object share.Object, err error) {
	if err := share.ValidName(name); err != nil {
		return share.Object{}, err
	}
	err = p.with(ctx, fmt.Sprintf("store %q", name), func(c *conn) error {
		u := upload{p: p, c: c, name: name, source: source, o: o, target: path.Join(c.dir, name),
			part: path.Join(c.dir, name+share.TemporaryMark+source.Checksums.SHA256[:16])}
		object, err = u.run(ctx)
		if err = c.explain(fmt.Sprintf("store %q", name), err); err != nil && !c.closed() && ctx.Err() == nil {
			if _, temporary := errorAs[*share.TemporaryError](err); !temporary {
				_ = c.removeFile(u.part) // the error is reported in any case
			}
		}
		return err
	})
	return object, err
}

type upload struct {
	p            *provider
	c            *conn
	name         string
	target, part string
	source       share.Source
	o            share.UploadOptions
}

func (u *upload) run(ctx context.Context) (share.Object, error) {
	abilities, err := u.p.abilities(u.c)
	if err != nil {
		return share.Object{}, err
	}
	state, err := u.load(ctx)
	if err != nil {
		return share.Object{}, err
	}
	size, err := u.arrived()
	if err != nil {
		return share.Object{}, err
	}
	old, err := u.c.object(u.name)
	switch {
	case err == nil && state == renaming && size < 0 && old.Size == u.source.Size:
		// The answer to the rename was lost.
		if err := u.p.addSum(u.c, &old, u.target); err != nil {
			return share.Object{}, err
		}
		if sum := old.Checksums.SHA256; sum == "" || sum == u.source.Checksums.SHA256 {
			return old, u.save(ctx, "")
		}
		fallthrough
	case err == nil && !u.o.Overwrite:
		return share.Object{}, &api.ConflictError{Message: fmt.Sprintf("%q is already in %q on %s", u.name, u.c.dir, u.c.address)}
	case err != nil && !api.IsNotFound(err):
		return share.Object{}, err
	}
	there := err == nil

	from := int64(0)
	if abilities.resume {
		if from, err = u.good(ctx, size); err != nil {
			return share.Object{}, err
		}
	}
	if u.c.full(u.source.Size - max(size, 0)) {
		return share.Object{}, noSpace(u.c)
	}
	err = u.write(ctx, from)
	if err != nil && from > 0 && !u.c.closed() && ctx.Err() == nil && !u.c.full(1) && !errors.As(err, new(*sourceError)) {
		// The server does not continue this file.
		if err = u.c.removeFile(u.part); err == nil {
			err = u.write(ctx, 0)
		}
	}
	if err != nil {
		return share.Object{}, err
	}
	sums, err := u.verify()
	if err != nil {
		return share.Object{}, err
	}
	if err := u.save(ctx, renaming); err != nil {
		return share.Object{}, err
	}
	if err := u.rename(abilities.replace, there); err != nil {
		return share.Object{}, err
	}
	object, err := u.c.object(u.name)
	object.Checksums = sums
	return object, errors.Join(err, u.save(ctx, ""))
}

// arrived returns the size of an earlier attempt's file, -1 without one.
func (u *upload) arrived() (int64, error) {
	info, err := u.c.sftp.Stat(u.part)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return -1, nil
	case err != nil:
		return 0, err
	}
	return info.Size(), nil
}

// good returns up to where the file is to be trusted. Go's servers write out of order, so
// that a server that was killed may leave a hole before the end: as much as was in flight
// is written again. The last block before that is compared.
func (u *upload) good(ctx context.Context, size int64) (int64, error) {
	from := (size/packetSize - inFlight - 1) * packetSize
	if size > u.source.Size || from <= 0 {
		return 0, nil
	}
	f, err := u.c.sftp.Open(u.part)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	got, want := make([]byte, packetSize), make([]byte, packetSize)
	if _, err := f.ReadAt(got, from-packetSize); err != nil {
		return 0, err
	}
	u.c.watch.hold()
	defer u.c.watch.progress()
	r, err := u.source.Open(ctx, from-packetSize)
	if err != nil {
		return 0, &sourceError{err}
	}
	defer r.Close()
	if _, err := io.ReadFull(r, want); err != nil {
		return 0, &sourceError{err}
	}
	if !bytes.Equal(got, want) {
		return 0, nil
	}
	return from, nil
}

// write writes the content from an offset on, and flushes it to the disk where the
// server offers that.
func (u *upload) write(ctx context.Context, from int64) (err error) {
	flags := os.O_WRONLY | os.O_CREATE
	if from == 0 {
		flags |= os.O_TRUNC
	}
	f, err := u.c.sftp.OpenFile(u.part, flags)
	if err != nil {
		return err
	}
	closed := false
	defer func() {
		if !closed {
			_ = f.Close() // after an error
		}
	}()
	if from > 0 {
		if err := f.Truncate(from); err != nil {
			return err
		}
		if _, err := f.Seek(from, io.SeekStart); err != nil {
			return err
		}
	}
	r, err := u.source.Open(ctx, from)
	if err != nil {
		return &sourceError{err}
	}
	defer r.Close()
	in := &reader{ctx: ctx, u: u, r: io.LimitReader(r, u.source.Size-from), from: from, read: from}
	_, err = f.ReadFromWithConcurrency(in, inFlight)
	u.c.watch.progress()
	if _, answered := errorAs[*sftp.StatusError](err); answered && u.c.full(1) {
		return noSpace(u.c) // before the file is shortened
	}
	if err != nil {
		// The count that the library returns is what was read. The position is at or below
		// what the server has without a gap.
		if at, seekErr := f.Seek(0, io.SeekCurrent); seekErr == nil && !u.c.closed() {
			_ = f.Truncate(at) // otherwise the next attempt goes back
		}
		if in.err != nil {
			return &sourceError{in.err}
		}
		return err
	}
	if in.read != u.source.Size {
		return &sourceError{fmt.Errorf("the content ends after %d of %d bytes", in.read, u.source.Size)}
	}
	if _, ok := u.c.sftp.HasExtension("fsync@openssh.com"); ok {
		u.c.watch.allow(10 * stall) // of a slow disk
		err = f.Sync()
		u.c.watch.allow(stall)
		if status, ok := errorAs[*sftp.StatusError](err); ok && status.FxCode() == sftp.ErrSSHFxOpUnsupported {
			err = nil
		}
	}
	closed = true
	err = errors.Join(err, f.Close())
	if err == nil && u.o.Progress != nil {
		u.o.Progress(u.source.Size)
	}
	return err
}

// verify compares size and checksum of what is stored. If they differ, it removes the
// file.
func (u *upload) verify() (share.Checksums, error) {
	info, err := u.c.sftp.Stat(u.part)
	if err != nil {
		return share.Checksums{}, err
	}
	stored := share.Object{Size: info.Size()}
	if stored.Size == u.source.Size {
		if err := u.p.addSum(u.c, &stored, u.part); err != nil {
			return share.Checksums{}, err
		}
		if sum := stored.Checksums.SHA256; sum == "" || sum == u.source.Checksums.SHA256 {
			return stored.Checksums, nil
		}
	} else if u.c.full(1) {
		return share.Checksums{}, noSpace(u.c)
	}
	if err := u.c.removeFile(u.part); err != nil {
		return share.Checksums{}, err
	}
	if stored.Size != u.source.Size {
		return share.Checksums{}, &share.TemporaryError{Message: fmt.Sprintf("the server %s has %d of the %d bytes of %q", u.c.address, stored.Size, u.source.Size, u.name)}
	}
	return share.Checksums{}, &share.TemporaryError{Message: fmt.Sprintf("the server %s has stored another content of %q than was sent: its sha256 is %s", u.c.address, u.name, stored.Checksums.SHA256)}
}

// rename gives the file its name. OpenSSH's rename refuses a name that is there, that of
// other servers replaces it.
func (u *upload) rename(replace, there bool) error {
	if u.o.Overwrite && replace {
		return u.c.sftp.PosixRename(u.part, u.target)
	}
	if !there {
		if _, err := u.c.object(u.name); err == nil {
			if !u.o.Overwrite {
				return &api.ConflictError{Message: fmt.Sprintf("%q appeared in %q on %s during the upload", u.name, u.c.dir, u.c.address)}
			}
			there = true
		} else if !api.IsNotFound(err) {
			return err
		}
	}
	err := u.c.sftp.Rename(u.part, u.target)
	if _, refused := errorAs[*sftp.StatusError](err); refused && there {
		if err = u.c.removeFile(u.target); err == nil {
			err = u.c.sftp.Rename(u.part, u.target)
		}
	}
	return err
}

func (u *upload) load(ctx context.Context) (string, error) {
	if u.o.State == nil {
		return "", nil
	}
	return u.o.State.Load(ctx)
}

func (u *upload) save(ctx context.Context, value string) error {
	if u.o.State == nil {
		return nil
	}
	return u.o.State.Save(ctx, value)
}

// sourceError is an error of the content, not of the server.
type sourceError struct{ cause error }

func (e *sourceError) Error() string { return "cannot read the content: " + e.cause.Error() }
func (e *sourceError) Unwrap() error { return e.cause }

// reader reads the content. It reports what the server has at least: all but what is
// in flight.
type reader struct {
	ctx  context.Context
	u    *upload
	r    io.Reader
	from int64
	read int64
	err  error
}

func (r *reader) Read(p []byte) (int, error) {
	if r.err = r.ctx.Err(); r.err != nil {
		return 0, r.err
	}
	r.u.c.watch.hold()
	n, err := r.r.Read(p)
	r.u.c.watch.progress()
	r.read += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		r.err = err
	}
	if sent := max(r.from, r.read-inFlight*packetSize); n > 0 && r.u.o.Progress != nil {
		r.u.o.Progress(sent)
	}
	return n, err
}
