package storetest

import (
	"bytes"
	"crypto/md5" // S3's
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// Server is a small S3 server with one bucket, "vast", that does what it should but
// for what its fields say. Real servers are in testenv/stores; none has all faults.
type Server struct {
	// Fold makes one key of several.
	Fold func(string) string
	// NoHash does not compare content with Content-MD5, NoMetadata drops it,
	// NoRange and NoParts have no such request, and UnknownHeader ignores
	// If-None-Match.
	NoHash, NoMetadata, NoRange, NoParts, UnknownHeader bool
	// Unsorted lists backwards. Replaces does not heed If-None-Match. KeepsFirst
	// replaces nothing, and Undeleted deletes nothing.
	Unsorted, Replaces, KeepsFirst, Undeleted bool
	// Forbidden refuses everything.
	Forbidden bool

	mu      sync.Mutex
	objects map[string]kept
}

// Objects returns how many there are.
func (b *Server) Objects() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.objects)
}

type kept struct {
	content []byte
	sum     string
}

// ServeHTTP implements http.Handler.
func (b *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.objects == nil {
		b.objects = map[string]kept{}
	}
	key, q := strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, "/vast"), "/"), r.URL.Query()
	if b.Fold != nil {
		key = b.Fold(key)
	}
	body, _ := io.ReadAll(r.Body) // what is cut off is refused by its hash
	switch {
	case b.Forbidden:
		refuse(w, http.StatusForbidden, "AccessDenied")
	case r.Method == http.MethodPost && q.Has("delete"):
		b.remove(w, body)
	case r.Method == http.MethodPost && b.NoParts:
		refuse(w, http.StatusNotImplemented, "NotImplemented")
	case r.Method == http.MethodPost && q.Has("uploads"):
		_, _ = io.WriteString(w, "<InitiateMultipartUploadResult><UploadId>7</UploadId></InitiateMultipartUploadResult>")
	case r.Method == http.MethodPost:
		_, _ = io.WriteString(w, "<CompleteMultipartUploadResult><Bucket>vast</Bucket></CompleteMultipartUploadResult>")
	case r.Method == http.MethodPut:
		b.put(w, r, key, body) // a part is all of an object here
	case r.Method == http.MethodDelete:
		w.WriteHeader(http.StatusNoContent)
	case key == "" && r.Method == http.MethodHead: // the bucket
	case key == "":
		b.list(w, q)
	default:
		b.get(w, r, key)
	}
}

func refuse(w http.ResponseWriter, status int, code string) {
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, "<Error><Code>%s</Code></Error>", code)
}

func (b *Server) put(w http.ResponseWriter, r *http.Request, key string, body []byte) {
	sum := md5.Sum(body) // S3's
	if said := r.Header.Get("Content-Md5"); !b.NoHash && said != "" && said != base64.StdEncoding.EncodeToString(sum[:]) {
		refuse(w, http.StatusBadRequest, "BadDigest")
		return
	}
	_, there := b.objects[key]
	if r.Header.Get("If-None-Match") != "" {
		switch {
		case b.UnknownHeader:
			refuse(w, http.StatusNotImplemented, "NotImplemented")
			return
		case there && !b.Replaces:
			refuse(w, http.StatusPreconditionFailed, "PreconditionFailed")
			return
		}
	}
	if !there || !b.KeepsFirst {
		b.objects[key] = kept{body, r.Header.Get("X-Amz-Meta-Vast-Sha256")}
	}
	w.Header().Set("ETag", `"e"`)
}

func (b *Server) get(w http.ResponseWriter, r *http.Request, key string) {
	o, ok := b.objects[key]
	if !ok {
		refuse(w, http.StatusNotFound, "NoSuchKey")
		return
	}
	if !b.NoMetadata {
		w.Header().Set("X-Amz-Meta-Vast-Sha256", o.sum)
	}
	w.Header().Set("ETag", `"e"`)
	if b.NoRange && r.Header.Get("Range") != "" {
		refuse(w, http.StatusNotImplemented, "NotImplemented")
		return
	}
	http.ServeContent(w, r, "", time.Now(), bytes.NewReader(o.content))
}

func (b *Server) remove(w http.ResponseWriter, body []byte) {
	var asked struct{ Object []struct{ Key string } }
	_ = xml.Unmarshal(body, &asked) // of our own client
	for _, o := range asked.Object {
		if b.Fold != nil {
			o.Key = b.Fold(o.Key)
		}
		if !b.Undeleted {
			delete(b.objects, o.Key)
		}
	}
	_, _ = io.WriteString(w, "<DeleteResult></DeleteResult>")
}

func (b *Server) list(w http.ResponseWriter, q url.Values) {
	keys := slices.Sorted(maps.Keys(b.objects))
	if b.Unsorted {
		slices.Reverse(keys)
	}
	var out strings.Builder
	out.WriteString("<ListBucketResult><EncodingType>url</EncodingType>")
	for _, key := range keys {
		if strings.HasPrefix(key, q.Get("prefix")) && key > q.Get("start-after") {
			fmt.Fprintf(&out, "<Contents><Key>%s</Key><LastModified>2026-01-01T00:00:00Z</LastModified></Contents>", url.QueryEscape(key))
		}
	}
	_, _ = io.WriteString(w, out.String()+"</ListBucketResult>")
}
