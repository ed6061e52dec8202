// Package dir stores archives in a folder of the local file system, such as a mounted share.
package dir

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"syscall"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/share"
)

const (
	typeName    = "dir"
	pathSetting = "VAST_SHARE_PATH"
	// listPage is how many entries of a folder are read at a time.
	listPage = 512
)

// Definition returns the type "dir".
func Definition() share.Definition {
	return share.Definition{
		Type:        typeName,
		Description: "a folder, such as a mounted share",
		Settings: []share.Setting{{
			Name: pathSetting, Required: true, Example: "/mnt/share/results",
			Description: "Absolute path of the folder, where the upload runs",
			Check: func(value string) error {
				if !filepath.IsAbs(value) {
					return fmt.Errorf("%q is no absolute path", value)
				}
				return nil
			},
		}},
		Open: open,
	}
}

// folder implements share.ShareProvider.
type folder struct{ path string }

func open(_ context.Context, settings share.Settings) (share.ShareProvider, error) {
	f := &folder{path: filepath.Clean(settings[pathSetting])}
	info, err := os.Stat(f.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, api.Invalid(pathSetting, "the folder %q does not exist; mount the share, or create it", f.path)
	case err != nil:
		return nil, f.failed("open", "", err)
	case !info.IsDir():
		return nil, api.Invalid(pathSetting, "%q is a file; it must be a folder", f.path)
	}
	return f, nil
}

// Type implements share.ShareProvider.
func (f *folder) Type() string { return typeName }

// Close implements share.ShareProvider.
func (f *folder) Close() error { return nil }

// Capabilities implements share.ShareProvider. Upload returns the SHA-256 of the bytes that
// the file system has accepted and synchronized; Stat reads no content.
func (f *folder) Capabilities(context.Context) (share.Capabilities, error) {
	return share.Capabilities{ResumeUpload: true, ResumeDownload: true, Checksums: []string{"sha256"}, AtomicReplace: true, List: true, Remove: true}, nil
}

func (f *folder) at(name string) string { return filepath.Join(f.path, name) }

// Stat implements share.ShareProvider.
func (f *folder) Stat(ctx context.Context, name string) (share.Object, error) {
	if err := check(ctx, name); err != nil {
		return share.Object{}, err
	}
	info, err := os.Stat(f.at(name))
	if err != nil {
		return share.Object{}, f.failed("inspect", name, err)
	}
	return f.object(name, info)
}

// check returns an error for an invalid name or an ended context.
func check(ctx context.Context, name string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return share.ValidName(name)
}

func (f *folder) object(name string, info fs.FileInfo) (share.Object, error) {
	if !info.Mode().IsRegular() {
		what := "no regular file"
		if info.IsDir() {
			what = "a folder"
		}
		return share.Object{}, &api.ConflictError{Message: fmt.Sprintf("%q in %q is %s, not an archive; rename or remove it", name, f.path, what)}
	}
	return share.Object{Name: name, Size: info.Size(), Modified: info.ModTime(),
		Validator: fmt.Sprintf("%d-%d-%d", inode(info), info.ModTime().UnixNano(), info.Size())}, nil
}

// List implements share.ShareProvider.
func (f *folder) List(ctx context.Context) iter.Seq2[share.Object, error] {
	return func(yield func(share.Object, error) bool) {
		d, err := os.Open(f.path)
		if err != nil {
			yield(share.Object{}, f.failed("list", "", err))
			return
		}
		defer d.Close()
		for {
			if err := ctx.Err(); err != nil {
				yield(share.Object{}, err)
				return
			}
			entries, err := d.ReadDir(listPage)
			for _, entry := range entries {
				name := entry.Name()
				if share.ValidName(name) != nil || share.IsTemporary(name) {
					continue
				}
				info, err := os.Stat(f.at(name)) // of what a link leads to
				if err != nil || !info.Mode().IsRegular() {
					continue // it was removed, is a folder, or a link to nothing
				}
				if o, err := f.object(name, info); !yield(o, err) {
					return
				}
			}
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield(share.Object{}, f.failed("list", "", err))
				return
			}
		}
	}
}

// Remove implements share.ShareProvider.
func (f *folder) Remove(ctx context.Context, name string) error {
	if _, err := f.Stat(ctx, name); err != nil {
		return err
	}
	// Not os.Remove, which removes an empty folder, too.
	if err := syscall.Unlink(f.at(name)); err != nil {
		return f.failed("remove", name, err)
	}
	return f.sync()
}

// failed returns an error of the SDK for one of the file system. name may be empty.
func (f *folder) failed(what, name string, err error) error {
	where := fmt.Sprintf("the share %q", f.path)
	if name != "" {
		where = fmt.Sprintf("%q in the share %q", name, f.path)
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	message := fmt.Sprintf("cannot %s %s: %v", what, where, cause(err))
	var errno syscall.Errno
	switch {
	case errors.Is(err, fs.ErrNotExist) && name != "":
		return &api.NotFoundError{Kind: "archive", Name: name, Hint: where + " does not exist"}
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return &api.UnavailableError{Message: message + "; free some space", Cause: err}
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return &api.ForbiddenError{Message: message, Cause: err}
	case errors.As(err, &errno) && passes[errno]:
		return &share.TemporaryError{Message: message, Cause: err}
	}
	return &api.UnavailableError{Message: message, Cause: err}
}

// passes are errors of network file systems whose server is away for the time being.
var passes = map[syscall.Errno]bool{syscall.ESTALE: true, syscall.ETIMEDOUT: true, syscall.EHOSTDOWN: true, syscall.EHOSTUNREACH: true,
	syscall.ENOTCONN: true, syscall.EIO: true, syscall.EAGAIN: true, syscall.EINTR: true, syscall.EBUSY: true}

// cause returns an error of a file without the file's path.
func cause(err error) error {
	var (
		path *fs.PathError
		link *os.LinkError
	)
	switch {
	case errors.As(err, &path):
		return path.Err
	case errors.As(err, &link):
		return link.Err
	}
	return err
}
