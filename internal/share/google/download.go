package google

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/kubevast/vast/sdk/share"
)

// copyBuffer is how many bytes of a download are in memory.
const copyBuffer = 256 << 10

// Download writes the content that r answers with to w, from offset on, or from 0 if the
// server ignores the offset. Size is the whole content's. An answer that ends early, or
// that has another size, is a share.TemporaryError; an error of w is returned as it is.
func (c *Client) Download(ctx context.Context, r Request, size int64, w io.WriterAt, offset int64, progress func(written, size int64)) error {
	if offset < 0 || offset > size {
		offset = 0
	}
	if progress != nil {
		progress(offset, size)
	}
	if offset == size {
		return nil
	}
	// Without the header the service decompresses an object that is stored with
	// "Content-Encoding: gzip", whose size and checksums are others then
	// (https://cloud.google.com/storage/docs/transcoding).
	if r.Header == nil {
		r.Header = http.Header{}
	}
	r.Header.Set("Accept-Encoding", "gzip")
	if offset > 0 {
		r.Header.Set("Range", fmt.Sprintf("bytes=%d-", offset))
	}
	resp, err := c.do(ctx, r)
	var refused *StatusError
	switch {
	case errors.As(err, &refused) && refused.Status == http.StatusRequestedRangeNotSatisfiable:
		return changed(err)
	case err != nil:
		return err
	}
	defer func() { _ = resp.Body.Close() }() // it was only read
	if resp.StatusCode == http.StatusPartialContent {
		var first, last, total int64
		if n, _ := fmt.Sscanf(resp.Header.Get("Content-Range"), "bytes %d-%d/%d", &first, &last, &total); n != 3 || first != offset || total != size {
			return changed(nil)
		}
	} else {
		offset = 0
		if resp.ContentLength >= 0 && resp.ContentLength != size {
			return changed(nil)
		}
	}
	return copyAt(w, resp.Body, offset, size, progress)
}

func changed(cause error) error {
	return &share.TemporaryError{Message: "the archive was changed while it was downloaded", Cause: cause}
}

// copyAt writes what body has to w, until it ends at size.
func copyAt(w io.WriterAt, body io.Reader, offset, size int64, progress func(written, size int64)) error {
	buffer := make([]byte, copyBuffer)
	for {
		n, err := body.Read(buffer)
		if int64(n) > size-offset {
			return changed(nil)
		}
		if n > 0 {
			if _, err := w.WriteAt(buffer[:n], offset); err != nil {
				return err
			}
			offset += int64(n)
			if progress != nil {
				progress(offset, size)
			}
		}
		switch {
		case errors.Is(err, io.EOF) && offset == size:
			return nil
		case errors.Is(err, io.EOF):
			return &share.TemporaryError{Message: fmt.Sprintf("the answer ends after %d of %d bytes", offset, size)}
		case err != nil:
			return err
		}
	}
}
