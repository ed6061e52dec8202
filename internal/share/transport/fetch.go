package transport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/share"
)

// fetchBuffer is what a download holds in memory for each connection. The kernel copies
// smaller pieces at a lower rate.
const fetchBuffer = 1 << 20

// Describe returns what the header of an answer to GET or HEAD says about a file. Its
// Validator is the ETag if that is a strong one: Apache's is weak for a second after a
// change and strong from then on, of the same content.
func Describe(resp *http.Response, name string) share.Object {
	return share.Object{Name: name, Size: resp.ContentLength, Modified: Modified(resp.Header.Get("Last-Modified")), Validator: StrongETag(resp.Header.Get("ETag"))}
}

// StrongETag returns an ETag in its quotes, or "" if it is a weak or an invalid one (RFC
// 9110, 8.8.3).
func StrongETag(tag string) string {
	if len(tag) < 3 || tag[0] != '"' || tag[len(tag)-1] != '"' || strings.ContainsAny(tag[1:len(tag)-1], "\"\r\n") {
		return ""
	}
	return tag
}

// Fetch writes the file at a URL to w as share.ShareProvider's Download does, with one GET,
// or two if the first cannot continue at the offset; a large file with one GET for each
// of its pieces where the server sends parts and has a strong ETag. Prepare, if set, changes each request
// before it is sent.
//
// A server that ignores Range (200), one whose file is another one, and one that has
// fewer bytes than the offset (416) are read from the beginning.
func (c *Client) Fetch(ctx context.Context, from *url.URL, name string, w io.WriterAt, o share.DownloadOptions, prepare func(*http.Request)) (share.Object, error) {
	f := fetch{client: c, from: from, name: name, w: w, o: o, prepare: prepare}
	if o.Offset > 0 {
		object, done, err := f.rest(ctx)
		if done || err != nil {
			return object, err
		}
	}
	return f.whole(ctx)
}

type fetch struct {
	client  *Client
	from    *url.URL
	name    string
	w       io.WriterAt
	o       share.DownloadOptions
	prepare func(*http.Request)
}

func (f *fetch) send(ctx context.Context, method string, change func(http.Header)) (*http.Response, error) {
	r := f.client.NewRequest(ctx, method, f.from)
	r.Header.Set("Accept-Encoding", "identity")
	if change != nil {
		change(r.Header)
	}
	if f.prepare != nil {
		f.prepare(r)
	}
	return f.client.Do(r)
}

func (f *fetch) whole(ctx context.Context) (share.Object, error) {
	resp, err := f.send(ctx, http.MethodGet, nil)
	if err != nil {
		return share.Object{}, err
	}
	if resp.StatusCode != http.StatusOK {
		return share.Object{}, f.failure(resp)
	}
	return f.read(ctx, resp, 0, resp.ContentLength)
}

// rest reads what follows the offset. Not done means that the file has to be read from
// the beginning.
func (f *fetch) rest(ctx context.Context) (_ share.Object, done bool, _ error) {
	resp, err := f.send(ctx, http.MethodGet, func(h http.Header) {
		h.Set("Range", fmt.Sprintf("bytes=%d-", f.o.Offset))
		if tag := StrongETag(f.o.Validator); tag != "" {
			h.Set("If-Range", tag)
		}
	})
	if err != nil {
		return share.Object{}, false, err
	}
	switch resp.StatusCode {
	case http.StatusPartialContent:
		start, size, ok := parseContentRange(resp.Header.Get("Content-Range"))
		if !ok || start != f.o.Offset || f.other(Describe(resp, f.name)) {
			return share.Object{}, false, resp.Body.Close()
		}
		if resp.ContentLength >= 0 && size >= 0 && start+resp.ContentLength != size && resp.ContentLength != 0 {
			return share.Object{}, false, resp.Body.Close() // not all of the rest
		}
		object, err := f.read(ctx, resp, start, size)
		return object, true, err
	case http.StatusOK:
		object, err := f.read(ctx, resp, 0, resp.ContentLength)
		return object, true, err
	case http.StatusRequestedRangeNotSatisfiable:
		if err := resp.Body.Close(); err != nil {
			return share.Object{}, false, err
		}
		return f.complete(ctx)
	}
	return share.Object{}, false, f.failure(resp)
}

// complete reports whether the file has as many bytes as there are already. Apache's 416
// does not contain the size.
func (f *fetch) complete(ctx context.Context) (_ share.Object, done bool, _ error) {
	resp, err := f.send(ctx, http.MethodHead, nil)
	if err != nil {
		return share.Object{}, false, err
	}
	_ = resp.Body.Close() // an answer to HEAD has none
	object := Describe(resp, f.name)
	if resp.StatusCode != http.StatusOK || object.Size != f.o.Offset || f.other(object) {
		return share.Object{}, false, nil
	}
	if f.o.Progress != nil {
		f.o.Progress(object.Size, object.Size)
	}
	return object, true, nil
}

// other reports whether the object is known to be not the one of the validator.
func (f *fetch) other(object share.Object) bool {
	return f.o.Validator != "" && object.Validator != "" && object.Validator != f.o.Validator
}

// read writes the body of an answer from start on. Size is that of the file, or -1.
func (f *fetch) read(ctx context.Context, resp *http.Response, start, size int64) (share.Object, error) {
	if IsPage(resp) && !strings.Contains(f.name, ".htm") {
		return share.Object{}, f.client.PageError(resp)
	}
	defer func() { _ = resp.Body.Close() }() // it was only read
	object, at := Describe(resp, f.name), start
	object.Size = size
	if f.o.Progress != nil {
		f.o.Progress(at, size)
	}
	if f.hasPieces(resp, size-start) {
		if err := f.pieces(ctx, resp, start, size); err != nil {
			return share.Object{}, err
		}
		return object, nil
	}
	buffer := make([]byte, fetchBuffer)
	for {
		n, err := resp.Body.Read(buffer)
		if n > 0 {
			if _, err := f.w.WriteAt(buffer[:n], at); err != nil {
				return share.Object{}, fmt.Errorf("cannot write what is downloaded: %w", err)
			}
			at += int64(n)
			if f.o.Progress != nil {
				f.o.Progress(at, size)
			}
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return share.Object{}, err
		}
	}
	if size >= 0 && at != size {
		return share.Object{}, &share.TemporaryError{Message: fmt.Sprintf("the download of %q ended after %d of %d bytes", f.name, at, size)}
	}
	if size < 0 && len(resp.TransferEncoding) > 0 {
		object.Size = at // "chunked" marks its end
	}
	return object, nil
}

// failure returns the error of an answer without a file.
func (f *fetch) failure(resp *http.Response) error {
	if resp.StatusCode == http.StatusNotFound {
		_ = resp.Body.Close() // the status is enough
		return &api.NotFoundError{Kind: "archive", Name: f.name, Hint: "the share has none of this name"}
	}
	return f.client.Failure(resp, fmt.Sprintf("download %q", f.name))
}

// parseContentRange reads "bytes 5-9/10" (RFC 9110, 14.4). Size is -1 for "*".
func parseContentRange(value string) (start, size int64, ok bool) {
	rest, ok := strings.CutPrefix(value, "bytes ")
	if !ok {
		return 0, 0, false
	}
	span, total, ok := strings.Cut(rest, "/")
	first, last, ok2 := strings.Cut(span, "-")
	start, err := strconv.ParseInt(strings.TrimSpace(first), 10, 64)
	if _, lastErr := strconv.ParseInt(strings.TrimSpace(last), 10, 64); !ok || !ok2 || err != nil || lastErr != nil || start < 0 {
		return 0, 0, false
	}
	if total = strings.TrimSpace(total); total == "*" {
		return start, -1, true
	}
	size, err = strconv.ParseInt(total, 10, 64)
	return start, size, err == nil && size >= 0
}

// Modified reads a date of HTTP; an invalid one is the zero time.
func Modified(value string) time.Time {
	at, err := http.ParseTime(value)
	if err != nil {
		return time.Time{}
	}
	return at.UTC()
}
