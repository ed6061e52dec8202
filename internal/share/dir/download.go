package dir

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/kubevast/vast/sdk/share"
)

// Download implements share.ShareProvider.
func (f *folder) Download(ctx context.Context, name string, w io.WriterAt, o share.DownloadOptions) (share.Object, error) {
	if _, err := f.Stat(ctx, name); err != nil { // a pipe would block Open
		return share.Object{}, err
	}
	file, err := os.Open(f.at(name))
	if err != nil {
		return share.Object{}, f.failed("read", name, err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return share.Object{}, f.failed("read", name, err)
	}
	found, err := f.object(name, info)
	if err != nil {
		return share.Object{}, err
	}
	at := o.Offset
	if o.Validator != "" && o.Validator != found.Validator || at > found.Size {
		at = 0
	}
	buffer := make([]byte, min(bufferSize, found.Size-at))
	for at < found.Size {
		if err := ctx.Err(); err != nil {
			return share.Object{}, err
		}
		n, err := file.ReadAt(buffer[:min(int64(len(buffer)), found.Size-at)], at)
		if n > 0 {
			if _, err := w.WriteAt(buffer[:n], at); err != nil {
				return share.Object{}, err
			}
			if at += int64(n); o.Progress != nil {
				o.Progress(at, found.Size)
			}
		}
		switch {
		case errors.Is(err, io.EOF) && at < found.Size:
			return share.Object{}, &share.TemporaryError{Message: fmt.Sprintf("%q in the share %q was truncated while it was read", name, f.path), Cause: err}
		case err != nil && !errors.Is(err, io.EOF):
			return share.Object{}, f.failed("read", name, err)
		}
	}
	return found, nil
}
