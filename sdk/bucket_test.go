package sdk_test

import (
	"bufio"
	"bytes"
	"crypto/md5" // it is what an ETag is
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// bucket is an S3 server with one bucket, with the requests of the store's
// client. It records every request that changes something.
type bucket struct {
	mu      sync.Mutex
	objects map[string][]byte
	changes []string
	changed func()
}

type listed struct {
	Key          string
	LastModified string
	ETag         string
	Size         int
}

func (b *bucket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	key, query := strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, "/vast"), "/"), r.URL.Query()
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		b.changes = append(b.changes, r.Method+" store "+key)
		b.changed()
	}
	switch {
	case r.Method == http.MethodPut:
		b.objects[key] = content(r)
		w.Header().Set("ETag", etag(b.objects[key]))
	case r.Method == http.MethodPost && query.Has("delete"):
		var wanted struct{ Object []struct{ Key string } }
		_ = xml.NewDecoder(r.Body).Decode(&wanted)
		for _, o := range wanted.Object {
			delete(b.objects, o.Key)
		}
		fmt.Fprint(w, `<DeleteResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"></DeleteResult>`)
	case key == "" && query.Has("uploads"):
		fmt.Fprint(w, `<ListMultipartUploadsResult><IsTruncated>false</IsTruncated></ListMultipartUploadsResult>`)
	case key == "" && query.Has("location"):
		fmt.Fprint(w, `<LocationConstraint></LocationConstraint>`)
	case key == "":
		b.list(w, query.Get("prefix"), query.Get("delimiter"))
	case b.objects[key] == nil:
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, `<Error><Code>NoSuchKey</Code></Error>`)
	default:
		w.Header().Set("ETag", etag(b.objects[key]))
		w.Header().Set("Last-Modified", time.Now().UTC().Format(http.TimeFormat))
		w.Header().Set("Content-Length", strconv.Itoa(len(b.objects[key])))
		_, _ = w.Write(b.objects[key])
	}
}

func (b *bucket) list(w io.Writer, prefix, delimiter string) {
	var page struct {
		XMLName        xml.Name `xml:"ListBucketResult"`
		IsTruncated    bool
		Contents       []listed
		CommonPrefixes []struct{ Prefix string }
	}
	for _, key := range slices.Sorted(maps.Keys(b.objects)) {
		rest, ok := strings.CutPrefix(key, prefix)
		if !ok {
			continue
		}
		if folder, _, deeper := strings.Cut(rest, "/"); deeper && delimiter == "/" {
			common := struct{ Prefix string }{prefix + folder + "/"}
			if !slices.Contains(page.CommonPrefixes, common) {
				page.CommonPrefixes = append(page.CommonPrefixes, common)
			}
			continue
		}
		page.Contents = append(page.Contents, listed{Key: key, LastModified: time.Now().UTC().Format(time.RFC3339), ETag: etag(b.objects[key]), Size: len(b.objects[key])})
	}
	_ = xml.NewEncoder(w).Encode(page)
}

// content is the body of an upload, also of one that is signed chunk by chunk.
func content(r *http.Request) []byte {
	data, _ := io.ReadAll(r.Body)
	if !strings.HasPrefix(r.Header.Get("X-Amz-Content-Sha256"), "STREAMING-") {
		return data
	}
	var out []byte
	for in := bufio.NewReader(bytes.NewReader(data)); ; {
		line, err := in.ReadString('\n')
		size, _, _ := strings.Cut(strings.TrimSpace(line), ";")
		n, _ := strconv.ParseInt(size, 16, 64)
		if err != nil || n == 0 {
			return out
		}
		chunk := make([]byte, n+2) // with its line's end
		_, _ = io.ReadFull(in, chunk)
		out = append(out, chunk[:n]...)
	}
}

func etag(data []byte) string {
	sum := md5.Sum(data) // it is what an ETag is
	return strconv.Quote(hex.EncodeToString(sum[:]))
}
