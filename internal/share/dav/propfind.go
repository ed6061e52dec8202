package dav

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/kubevast/vast/internal/share/transport"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/share"
)

const propfindBody = `<?xml version="1.0" encoding="utf-8"?>` +
	`<D:propfind xmlns:D="DAV:"><D:prop><D:resourcetype/><D:getcontentlength/><D:getlastmodified/><D:getetag/></D:prop></D:propfind>`

// maxResponse limits the XML of one file, in bytes.
const maxResponse = 1 << 20

// ErrNoListing is returned by Propfind where the server has no PROPFIND, such as nginx
// without its module dav-ext.
var ErrNoListing error = &api.NotSupportedError{Message: "the server cannot list a folder: it has no PROPFIND"}

// Entry is a file or a folder of a listing.
type Entry struct {
	// Name is the last part of its path.
	Name     string
	Folder   bool
	Size     int64 // -1 if the server does not report it
	Modified time.Time
	// Validator is the ETag if it is a strong one.
	Validator string
}

func (e Entry) object(name string) share.Object {
	return share.Object{Name: name, Size: e.Size, Modified: e.Modified, Validator: e.Validator}
}

// response is an element of a multistatus (RFC 4918, 14.24).
type response struct {
	Href     string `xml:"DAV: href"`
	Status   string `xml:"DAV: status"`
	Propstat []struct {
		Status string `xml:"DAV: status"`
		Prop   struct {
			Type struct {
				Collection *struct{} `xml:"DAV: collection"`
			} `xml:"DAV: resourcetype"`
			Length   string `xml:"DAV: getcontentlength"`
			Modified string `xml:"DAV: getlastmodified"`
			ETag     string `xml:"DAV: getetag"`
		} `xml:"DAV: prop"`
	} `xml:"DAV: propstat"`
}

// entry returns the file; not ok if the server has found none, or not its properties.
func (r response) entry() (_ Entry, ok bool) {
	name := strings.TrimRight(strings.TrimSpace(r.Href), "/")
	name = name[strings.LastIndexByte(name, '/')+1:]
	if plain, err := url.PathUnescape(name); err == nil {
		name = plain
	}
	e := Entry{Name: name, Size: -1}
	for _, p := range r.Propstat {
		if !strings.Contains(p.Status, " 200") {
			continue
		}
		ok = true
		if p.Prop.Type.Collection != nil {
			e.Folder = true
		}
		if n, err := strconv.ParseInt(strings.TrimSpace(p.Prop.Length), 10, 64); err == nil && n >= 0 {
			e.Size = n
		}
		if at := transport.Modified(strings.TrimSpace(p.Prop.Modified)); !at.IsZero() {
			e.Modified = at
		}
		if tag := transport.StrongETag(strings.TrimSpace(p.Prop.ETag)); tag != "" {
			e.Validator = tag
		}
	}
	return e, ok
}

// Propfind yields what is at a URL (depth "0") or also what is in it ("1"), as it arrives.
//
// It returns an api.NotFoundError if there is nothing. It parses the answer itself until </multistatus>, since gowebdav returns the first
// entries of a listing that is cut off without an error.
func Propfind(ctx context.Context, client *transport.Client, at *url.URL, depth string, yield func(Entry) bool) error {
	r := Request(ctx, client, "PROPFIND", at, "Depth", depth, "Content-Type", "application/xml; charset=utf-8", "Accept", "application/xml, text/xml")
	resp, err := client.Send(r, io.NopCloser(strings.NewReader(propfindBody)), int64(len(propfindBody)), nil)
	if err != nil {
		return err
	}
	switch {
	case resp.StatusCode == http.StatusMethodNotAllowed, resp.StatusCode == http.StatusNotImplemented:
		_ = resp.Body.Close() // the status is enough
		return ErrNoListing
	case resp.StatusCode < 300 && transport.IsPage(resp):
		return client.PageError(resp)
	case resp.StatusCode != http.StatusMultiStatus:
		return client.Failure(resp, "look at "+strconv.Quote(client.URL(at)))
	}
	defer func() { _ = resp.Body.Close() }() // it was only read
	return multistatus(resp.Body, yield)
}

// multistatus reads the elements of an answer to PROPFIND.
func multistatus(body io.Reader, yield func(Entry) bool) error {
	limited := &limitedReader{reader: body, left: maxResponse}
	decoder := xml.NewDecoder(limited)
	opened := false
	for {
		token, err := decoder.Token()
		if err != nil {
			return listingError(err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			switch {
			case t.Name.Space == "DAV:" && t.Name.Local == "multistatus":
				opened = true
			case !opened:
				return listingError(fmt.Errorf("it begins with the element %q", t.Name.Local))
			case t.Name.Space == "DAV:" && t.Name.Local == "response":
				var r response
				if err := decoder.DecodeElement(&r, &t); err != nil {
					return listingError(err)
				}
				limited.left = maxResponse
				if e, ok := r.entry(); ok && !yield(e) {
					return nil
				}
			default:
				if err := decoder.Skip(); err != nil {
					return listingError(err)
				}
			}
		case xml.EndElement:
			if t.Name.Local == "multistatus" {
				return nil
			}
		}
	}
}

func listingError(err error) error {
	var temporary *share.TemporaryError
	if errors.As(err, &temporary) {
		return fmt.Errorf("the listing of the share is incomplete: %w", err)
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return &share.TemporaryError{Message: fmt.Sprintf("the listing of the share is incomplete or invalid: %v", err), Cause: err}
}

// limitedReader limits how much is read before left is set again.
type limitedReader struct {
	reader io.Reader
	left   int
}

func (l *limitedReader) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, fmt.Errorf("one file has more than %d bytes", maxResponse)
	}
	n, err := l.reader.Read(p[:min(len(p), l.left)])
	l.left -= n
	return n, err
}
