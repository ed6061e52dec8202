package sftp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"github.com/pkg/sftp"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/share"
)

// The states of an upload: its content is complete, so that its file has the final name
// if it is gone; or it is written without a gap up to a number of bytes, which follows.
const (
	renaming = "renaming"
	goodTo   = "good "
)

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
				_ = u.save(ctx, "")
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
		if from, err = u.good(ctx, size, state); err != nil {
			return share.Object{}, err
		}
	}
	if u.c.full(u.source.Size - max(size, 0)) {
		return share.Object{}, noSpace(u.c)
	}
	err = u.write(ctx, from, abilities.resume)
	if err != nil && from > 0 && !u.c.closed() && ctx.Err() == nil && !u.c.full(1) && !errors.As(err, new(*sourceError)) {
		// The server does not continue this file.
		if err = u.c.removeFile(u.part); err == nil {
			err = u.write(ctx, 0, abilities.resume)
		}
	}
	if err != nil {
		return share.Object{}, err
	}
	u.progress(u.source.Size)
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
	if err != nil {
		return share.Object{}, err
	}
	object.Checksums = sums
	return object, u.save(ctx, "")
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

// good returns up to where the file is to be trusted: what the state says, or else all
// but what can have been in flight. Writes in flight may arrive in any order, so that
// there may be holes. The last packet before that is compared.
func (u *upload) good(ctx context.Context, size int64, state string) (int64, error) {
	from := (size/blockSize - windowBlocks - 1) * blockSize
	if text, ok := strings.CutPrefix(state, goodTo); ok {
		if n, err := strconv.ParseInt(text, 10, 64); err == nil && n <= size {
			from = n / packetSize * packetSize
		}
	}
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
	defer u.c.watch.release()
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
				return u.appeared()
			}
			there = true
		} else if !api.IsNotFound(err) {
			return err
		}
	}
	err := u.c.sftp.Rename(u.part, u.target)
	if _, refused := errorAs[*sftp.StatusError](err); !refused {
		return err
	}
	switch {
	case there:
		if err = u.c.removeFile(u.target); err == nil {
			err = u.c.sftp.Rename(u.part, u.target)
		}
	case !u.o.Overwrite:
		if _, statErr := u.c.object(u.name); statErr == nil {
			return u.appeared()
		}
	}
	return err
}

func (u *upload) appeared() error {
	return &api.ConflictError{Message: fmt.Sprintf("%q appeared in %q on %s during the upload", u.name, u.c.dir, u.c.address)}
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
