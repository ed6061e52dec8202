package dir

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/share"
)

const (
	bufferSize = 1 << 20
	// abandoned is the age from which on an unfinished file of the same archive belongs
	// to no running upload.
	abandoned = 24 * time.Hour
)

// part returns the path of the unfinished file of one content under one name. Every
// attempt has the same path, also in another process.
func (f *folder) part(name string, source share.Source) string {
	id := sha256.Sum256([]byte(name + "\x00" + source.Checksums.SHA256))
	return f.at(name + share.TemporaryMark + hex.EncodeToString(id[:8]))
}

// Upload implements share.ShareProvider. The content is written to a file beside name and
// synchronized; then the file gets the name.
func (f *folder) Upload(ctx context.Context, name string, source share.Source, o share.UploadOptions) (share.Object, error) {
	if err := f.free(ctx, name, o.Overwrite); err != nil {
		return share.Object{}, err
	}
	part := f.part(name, source)
	sum, err := f.write(ctx, part, name, source, o)
	if err == nil {
		err = f.name(part, name, o.Overwrite)
	}
	if err != nil {
		if !mayContinue(ctx, err) {
			_ = os.Remove(part) // the first error counts
		}
		return share.Object{}, err
	}
	f.removeAbandoned(name)
	made, err := f.Stat(ctx, name)
	if err != nil {
		return share.Object{}, err
	}
	made.Checksums.SHA256 = sum
	return made, nil
}

// mayContinue reports whether the next attempt continues after err. An upload that was
// canceled does.
func mayContinue(ctx context.Context, err error) bool {
	var temporary *share.TemporaryError
	return ctx.Err() != nil || errors.As(err, &temporary)
}

// free returns an api.ConflictError unless name may be written.
func (f *folder) free(ctx context.Context, name string, overwrite bool) error {
	_, err := f.Stat(ctx, name)
	switch {
	case api.IsNotFound(err):
		return nil
	case err == nil && !overwrite:
		return f.exists(name)
	}
	return err
}

func (f *folder) exists(name string) error {
	return &api.ConflictError{Message: fmt.Sprintf("%q is in the share %q already", name, f.path)}
}

// write completes part and returns its SHA-256. Bytes of an earlier attempt are read and
// hashed; if they prove wrong at the end, it writes all once more.
func (f *folder) write(ctx context.Context, part, name string, source share.Source, o share.UploadOptions) (string, error) {
	file, err := os.OpenFile(part, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return "", &api.UnavailableError{Message: fmt.Sprintf("the share %q does not exist any more; mount it again", f.path), Cause: err}
		}
		return "", f.failed("write", name, err)
	}
	defer file.Close()
	for {
		sum, resumed, err := f.fill(ctx, file, source, o)
		switch {
		case errors.As(err, new(*sourceError)):
			return "", errors.Unwrap(err)
		case err != nil:
			return "", f.failed("write", name, err)
		case source.Checksums.SHA256 == "" || sum == source.Checksums.SHA256:
			return sum, f.synchronized(file, name)
		case resumed == 0:
			return "", &api.ConflictError{Message: fmt.Sprintf("the content of %q has SHA-256 %s, not %s; it changed, or was damaged while it was read", name, sum, source.Checksums.SHA256)}
		}
		if err := file.Truncate(0); err != nil {
			return "", f.failed("write", name, err)
		}
	}
}

func (f *folder) synchronized(file *os.File, name string) error {
	if err := file.Sync(); err != nil {
		return f.failed("write", name, err)
	}
	if err := file.Close(); err != nil {
		return f.failed("write", name, err)
	}
	return nil
}

// sourceError is an error of the source, not of the share.
type sourceError struct{ error }

// Unwrap returns the source's own error.
func (e *sourceError) Unwrap() error { return e.error }

// fill writes what file lacks. It returns the SHA-256 of the whole file, and how many
// bytes were there.
func (f *folder) fill(ctx context.Context, file *os.File, source share.Source, o share.UploadOptions) (sum string, resumed int64, err error) {
	hash := sha256.New()
	info, err := file.Stat()
	if err != nil {
		return "", 0, err
	}
	resumed = min(info.Size(), source.Size)
	if info.Size() > source.Size {
		if err := file.Truncate(source.Size); err != nil {
			return "", 0, err
		}
	}
	if err := pass(ctx, io.NewSectionReader(file, 0, resumed), resumed, hash, nil); err != nil {
		return "", resumed, err
	}
	progress := func(n int64) {
		if o.Progress != nil {
			o.Progress(n)
		}
	}
	progress(resumed)
	if _, err := file.Seek(resumed, io.SeekStart); err != nil {
		return "", resumed, err
	}
	r, err := source.Open(ctx, resumed)
	if err != nil {
		return "", resumed, &sourceError{err}
	}
	defer r.Close()
	at := resumed
	err = pass(ctx, &markedReader{r}, source.Size-resumed, hash, func(p []byte) error {
		n, err := file.Write(p)
		at += int64(n)
		progress(at)
		return err
	})
	return hex.EncodeToString(hash.Sum(nil)), resumed, err
}

// markedReader marks the errors of a source.
type markedReader struct{ io.Reader }

// Read implements io.Reader.
func (m *markedReader) Read(p []byte) (int, error) {
	n, err := m.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = &sourceError{err}
	}
	return n, err
}

// pass reads size bytes, hashes them and gives them to write, which may be nil.
func pass(ctx context.Context, r io.Reader, size int64, hash hash.Hash, write func([]byte) error) error {
	buffer := make([]byte, min(bufferSize, size))
	for size > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := io.ReadFull(r, buffer[:min(int64(len(buffer)), size)])
		_, _ = hash.Write(buffer[:n]) // a hash takes everything
		if write != nil && n > 0 {
			if err := write(buffer[:n]); err != nil {
				return err
			}
		}
		size -= int64(n)
		if err != nil {
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				err = &sourceError{&api.ConflictError{Message: fmt.Sprintf("the content ends %d bytes before its size", size)}}
			}
			return err
		}
	}
	return nil
}

// name gives part the name. A link, unlike a rename, refuses an existing name.
func (f *folder) name(part, name string, overwrite bool) error {
	if !overwrite {
		err := os.Link(part, f.at(name))
		switch {
		case err == nil:
			if err := os.Remove(part); err != nil {
				return f.failed("write", name, err)
			}
			return f.sync()
		case errors.Is(err, fs.ErrExist):
			return f.exists(name)
		}
		// Not every file system has links.
		if _, err := os.Lstat(f.at(name)); !errors.Is(err, fs.ErrNotExist) {
			return f.exists(name)
		}
	}
	if err := os.Rename(part, f.at(name)); err != nil {
		if info, statErr := os.Lstat(f.at(name)); statErr == nil && info.IsDir() {
			_, err := f.object(name, info)
			return err
		}
		return f.failed("write", name, err)
	}
	return f.sync()
}

// sync makes the names in the folder durable, where the file system can.
func (f *folder) sync() error {
	d, err := os.Open(f.path)
	if err != nil {
		return f.failed("open", "", err)
	}
	defer d.Close()
	_ = d.Sync() // some network file systems and FUSE refuse it for folders
	return nil
}

// removeAbandoned removes old unfinished files of other contents of the archive.
func (f *folder) removeAbandoned(name string) {
	entries, err := os.ReadDir(f.path)
	if err != nil {
		return
	}
	for _, entry := range entries {
		if !strings.HasPrefix(entry.Name(), name+share.TemporaryMark) {
			continue
		}
		if info, err := entry.Info(); err == nil && time.Since(info.ModTime()) > abandoned {
			_ = os.Remove(f.at(entry.Name())) // the next upload tries again
		}
	}
}
