package share

import (
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"io/fs"
	"os"

	"github.com/kubevast/vast/sdk/api"
)

const (
	partSuffix = ".part"
	// noteSuffix is that of the file which describes the object that a part is from.
	noteSuffix = ".part.json"
)

// Download stores the archive name of a share in the file path. It writes to
// path.part, which an interrupted download leaves and the next one continues if the
// archive is still the same, as its size, validator, time and checksums show; path.part.json
// records them. The size and the checksums that the share reports are verified
// before the file gets its name. As other programs that copy files, it does not wait until
// the disk has the whole file.
//
// It returns an api.ConflictError if path exists and o.Overwrite is not set, or is a folder; an
// api.UnavailableError if no more bytes arrive for o.Patience, or if the content is
// damaged: path.part is removed then.
func Download(ctx context.Context, p ShareProvider, name, path string, o FileOptions) (Object, error) {
	if err := ValidName(name); err != nil {
		return Object{}, err
	}
	d := &download{p: p, name: name, path: path, o: o, retries: newRetries(o.Patience, o.Pause, o.Retry)}
	if err := d.free(); err != nil {
		return Object{}, err
	}
	return d.run(ctx)
}

type download struct {
	p          ShareProvider
	name, path string
	o          FileOptions
	*retries
	file *os.File
	// noted is what the part is from.
	noted note
	// restarted: the content proved wrong once and was transferred again.
	restarted bool
}

func (d *download) what() string { return fmt.Sprintf("cannot download %q", d.name) }

// free returns an error if path must not be written.
func (d *download) free() error {
	info, err := os.Lstat(d.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return d.local(err)
	case info.IsDir():
		return &api.ConflictError{Message: fmt.Sprintf("%q is a folder", d.path)}
	case !d.o.Overwrite:
		return &api.ConflictError{Message: fmt.Sprintf("the file %q exists already", d.path)}
	}
	return nil
}

// local returns an error of the local file system.
func (d *download) local(err error) error {
	return &api.UnavailableError{Message: fmt.Sprintf("cannot write %q: %v", d.path, err), Cause: err}
}

func (d *download) run(ctx context.Context) (Object, error) {
	found, err := d.stat(ctx)
	if err != nil {
		return Object{}, err
	}
	// Without O_EXCL: an earlier part is continued. A link could lead anywhere.
	if info, err := os.Lstat(d.path + partSuffix); err == nil && !info.Mode().IsRegular() {
		return Object{}, &api.ConflictError{Message: fmt.Sprintf("%q is no regular file", d.path+partSuffix)}
	}
	if d.file, err = os.OpenFile(d.path+partSuffix, os.O_RDWR|os.O_CREATE, 0o644); err != nil {
		return Object{}, d.local(err)
	}
	defer d.file.Close()
	for {
		made, err := d.transfer(ctx, found)
		if err != nil {
			return Object{}, err
		}
		now, err := d.stat(ctx)
		if err != nil {
			return Object{}, err
		}
		if !changed(made, now) {
			made = made.merged(now)
		}
		wrong, err := d.check(ctx, made)
		if wrong == nil && now.Size >= 0 && made.Size != now.Size {
			// A server that sends less, with a length that matches, looks like a whole file.
			wrong = fmt.Errorf("%d bytes arrived, and the share reports %d", made.Size, now.Size)
		}
		switch {
		case err != nil:
			return Object{}, err
		case wrong == nil:
			return made, d.finish()
		case d.restarted:
			_, _ = os.Remove(d.path+partSuffix), os.Remove(d.path+noteSuffix) // the damage counts
			return Object{}, &api.UnavailableError{Message: fmt.Sprintf("%q is damaged: %v", d.name, wrong), Cause: wrong}
		}
		// The part may be from a version that the note did not distinguish.
		d.restarted, found = true, now
		if err := d.cut(0); err != nil {
			return Object{}, err
		}
	}
}

func (d *download) stat(ctx context.Context) (found Object, err error) {
	err = d.call(ctx, d.what(), func() (err error) {
		found, err = d.p.Stat(ctx, d.name)
		return err
	})
	return found, err
}

// transfer completes the part; found is what Stat reports.
func (d *download) transfer(ctx context.Context, found Object) (Object, error) {
	if err := d.prepare(found); err != nil {
		return Object{}, err
	}
	for {
		info, err := d.file.Stat()
		if err != nil {
			return Object{}, d.local(err)
		}
		if found.Size >= 0 && info.Size() > found.Size {
			if err := d.cut(0); err != nil {
				return Object{}, err
			}
			continue
		}
		w := &prefixWriter{file: d.file, done: info.Size(), record: d.gaps}
		made, err := d.p.Download(ctx, d.name, w, DownloadOptions{Offset: info.Size(), Validator: found.Validator, Progress: func(written, size int64) {
			d.arrived(written)
			if d.o.Progress != nil {
				d.o.Progress(written, size)
			}
		}})
		if err == nil && made.Size >= 0 {
			err = d.complete(w, made)
		}
		if err == nil {
			return made, nil
		}
		if err := d.keep(w.prefix()); err != nil {
			return Object{}, err
		}
		if failed := (*writeError)(nil); errors.As(err, &failed) {
			return Object{}, d.local(failed.error)
		}
		if err := d.wait(ctx, d.what(), err); err != nil {
			return Object{}, err
		}
		if found, err = d.stat(ctx); err != nil {
			return Object{}, err
		}
		if err := d.prepare(found); err != nil {
			return Object{}, err
		}
	}
}

// complete checks that everything was written, and cuts off what is behind the end.
func (d *download) complete(w *prefixWriter, made Object) error {
	if has := w.prefix(); has < made.Size {
		return &TemporaryError{Message: fmt.Sprintf("only %d of %d bytes of %q arrived", has, made.Size, d.name)}
	}
	if err := d.file.Truncate(made.Size); err != nil {
		return &writeError{err}
	}
	return nil
}

// check returns in wrong how the part differs from the object.
func (d *download) check(ctx context.Context, o Object) (wrong, err error) {
	info, err := d.file.Stat()
	if err != nil {
		return nil, d.local(err)
	}
	hashes := map[string]hash.Hash{}
	for kind, want := range map[string]string{"sha256": o.Checksums.SHA256, "md5": o.Checksums.MD5, "crc32c": o.Checksums.CRC32C} {
		if want != "" {
			hashes[kind] = newHash(kind)
		}
	}
	// The best one suffices, and each takes time.
	var writers []io.Writer
	for _, kind := range []string{"sha256", "md5", "crc32c"} {
		if h := hashes[kind]; h != nil && len(writers) == 0 {
			writers = append(writers, h)
		} else {
			delete(hashes, kind)
		}
	}
	if len(writers) > 0 {
		r := io.NewSectionReader(d.file, 0, info.Size())
		if _, err := io.CopyBuffer(onlyWriter{io.MultiWriter(writers...)}, &contextReader{ctx, r}, make([]byte, 1<<20)); err != nil {
			if ctx.Err() != nil {
				return nil, fmt.Errorf("%s: %w", d.what(), ctx.Err())
			}
			return nil, d.local(err)
		}
	}
	sum := func(kind string) string {
		if h := hashes[kind]; h != nil {
			return hex.EncodeToString(h.Sum(nil))
		}
		return ""
	}
	_, wrong = verify(o, info.Size(), Checksums{SHA256: sum("sha256"), MD5: sum("md5"), CRC32C: sum("crc32c")})
	return wrong, nil
}

func newHash(kind string) hash.Hash {
	switch kind {
	case "sha256":
		return sha256.New()
	case "md5":
		return md5.New()
	}
	return crc32.New(crc32.MakeTable(crc32.Castagnoli))
}

// finish gives the part its name.
func (d *download) finish() error {
	if err := d.file.Close(); err != nil {
		return d.local(err)
	}
	if err := d.free(); err != nil {
		return err
	}
	if err := os.Rename(d.path+partSuffix, d.path); err != nil {
		return d.local(err)
	}
	_ = os.Remove(d.path + noteSuffix) // another download replaces it
	return nil
}
