package s3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/minio/minio-go/v7"

	"github.com/kubevast/vast/sdk/share"
)

const downloadBuffer = 256 << 10

// Download implements share.ShareProvider.
func (p *provider) Download(ctx context.Context, name string, w io.WriterAt, o share.DownloadOptions) (share.Object, error) {
	if err := p.check(ctx, name); err != nil {
		return share.Object{}, err
	}
	if o.Offset > 0 {
		made, err := p.read(ctx, name, w, o)
		switch minio.ToErrorResponse(err).StatusCode {
		case http.StatusPreconditionFailed: // another version
		case http.StatusRequestedRangeNotSatisfiable:
			// Nothing is behind the offset. Without a size in the answer, it is compared.
			if found, err := p.Stat(ctx, name); err != nil || found.Size == o.Offset && (o.Validator == "" || o.Validator == found.Validator) {
				if err == nil && o.Progress != nil {
					o.Progress(found.Size, found.Size)
				}
				return found, err
			}
		default:
			return made, p.failedRead(ctx, name, err)
		}
	}
	o.Offset, o.Validator = 0, ""
	made, err := p.read(ctx, name, w, o)
	return made, p.failedRead(ctx, name, err)
}

// localError is an error of the writer.
type localError struct{ error }

// Unwrap returns the writer's own error.
func (e *localError) Unwrap() error { return e.error }

func (p *provider) failedRead(ctx context.Context, name string, err error) error {
	var local *localError
	if err == nil || errors.As(err, &local) {
		return errors.Unwrap(err)
	}
	return p.failed(ctx, "read", name, err)
}

// read sends one request and writes its answer.
func (p *provider) read(ctx context.Context, name string, w io.WriterAt, o share.DownloadOptions) (share.Object, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var options minio.GetObjectOptions
	if o.Offset > 0 {
		if err := options.SetRange(o.Offset, 0); err != nil {
			return share.Object{}, err
		}
		if o.Validator != "" {
			if err := options.SetMatchETag(o.Validator); err != nil {
				return share.Object{}, err
			}
		}
	}
	body, info, header, err := p.s3.GetObject(ctx, p.bucket, p.key(name), options)
	if err != nil {
		return share.Object{}, err
	}
	defer body.Close()
	at, size := int64(0), info.Size
	if o.Offset > 0 {
		if start, total, ok := contentRange(header.Get("Content-Range")); ok {
			if start != o.Offset {
				return share.Object{}, &share.TemporaryError{Message: fmt.Sprintf("%q answers from offset %d, not from %d", p.url, start, o.Offset)}
			}
			at, size = start, total
		}
	}
	info.Size = size
	found := p.object(name, info)
	buffer := make([]byte, downloadBuffer)
	for {
		n, err := body.Read(buffer)
		if n > 0 {
			if _, err := w.WriteAt(buffer[:n], at); err != nil {
				return share.Object{}, &localError{err}
			}
			if at += int64(n); o.Progress != nil {
				o.Progress(at, size)
			}
		}
		switch {
		case errors.Is(err, io.EOF) && at != size:
			return share.Object{}, &share.TemporaryError{Message: fmt.Sprintf("only %d of %d bytes of %q arrived", at, size, name)}
		case errors.Is(err, io.EOF):
			return found, nil
		case err != nil:
			return share.Object{}, err
		}
	}
}

// contentRange parses "bytes 5-9/10" of RFC 9110, 14.4.
func contentRange(value string) (start, size int64, ok bool) {
	rest, isBytes := strings.CutPrefix(value, "bytes ")
	span, total, hasTotal := strings.Cut(rest, "/")
	first, _, hasSpan := strings.Cut(span, "-")
	start, startErr := strconv.ParseInt(first, 10, 64)
	size, sizeErr := strconv.ParseInt(total, 10, 64)
	return start, size, isBytes && hasTotal && hasSpan && startErr == nil && sizeErr == nil
}
