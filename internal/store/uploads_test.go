package store_test

import (
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/sdk/api"
)

// unfinished answers for the unfinished uploads of a bucket. How S3 servers differ
// there is tested on the servers themselves in testenv/stores.
type unfinished struct {
	keys []string
	page int
	// wholeKeys: a prefix finds the upload of that key only, and without one there
	// are no pages, as on MinIO.
	wholeKeys bool
	// refusal is the status of every answer to a list, with code, where it is not 0.
	refusal int
	code    string

	mu      sync.Mutex
	aborted []string
	lists   int
}

func (u *unfinished) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	u.mu.Lock()
	defer u.mu.Unlock()
	q := r.URL.Query()
	if r.Method == http.MethodDelete {
		u.aborted = append(u.aborted, strings.TrimPrefix(r.URL.Path, "/vast/"))
		w.WriteHeader(http.StatusNoContent)
		return
	}
	u.lists++
	if u.refusal > 0 {
		w.WriteHeader(u.refusal)
		_, _ = fmt.Fprintf(w, "<Error><Code>%s</Code></Error>", u.code)
		return
	}
	var found []string
	truncated := false
	for _, key := range u.keys {
		if u.wholeKeys && q.Get("prefix") != "" && key != q.Get("prefix") || !strings.HasPrefix(key, q.Get("prefix")) || key <= q.Get("key-marker") {
			continue
		}
		if truncated = len(found) == u.page && !(u.wholeKeys && q.Get("prefix") == ""); truncated {
			break
		}
		found = append(found, key)
	}
	var b strings.Builder
	b.WriteString("<ListMultipartUploadsResult><EncodingType>url</EncodingType>")
	for _, key := range found {
		b.WriteString("<Upload><Key>")
		_ = xml.EscapeText(&b, []byte(url.QueryEscape(key)))
		b.WriteString("</Key><UploadId>1</UploadId></Upload>")
	}
	if truncated {
		fmt.Fprintf(&b, "<IsTruncated>true</IsTruncated><NextKeyMarker>%s</NextKeyMarker><NextUploadIdMarker>1</NextUploadIdMarker>", url.QueryEscape(found[len(found)-1]))
	}
	_, _ = io.WriteString(w, b.String()+"</ListMultipartUploadsResult>")
}

func TestUnfinishedUploadsAreGivenUp(t *testing.T) {
	t.Parallel()
	many := func(prefix string, n int) (keys []string) {
		for i := range n {
			keys = append(keys, fmt.Sprintf("%s%03d", prefix, i))
		}
		return keys
	}
	for name, c := range map[string]struct {
		h     *unfinished
		want  []string
		lists int
	}{
		"those below the prefixes, and no others": {
			h: &unfinished{page: 1000, keys: []string{"a/1", "b/ü +%", "bc", "c/1"}}, want: []string{"b/ü +%", "c/1"}, lists: 1},
		"where a prefix is a whole key": {
			h: &unfinished{page: 10, wholeKeys: true, keys: append(many("a/", 30), many("b/", 3)...)}, want: many("b/", 3), lists: 1},
		"by the prefix where the bucket has many": {
			h: &unfinished{page: 10, keys: slices.Concat(many("a/", 500), many("b/", 25), many("c/", 5))}, want: slices.Concat(many("b/", 25), many("c/", 5)), lists: 54},
		"none where there never was one (rclone)":    {h: &unfinished{refusal: http.StatusNotFound, code: "NoSuchUpload"}, lists: 1},
		"none where there is no such request":        {h: &unfinished{refusal: http.StatusNotImplemented, code: "NotImplemented"}, lists: 1},
		"none where that is another code for it":     {h: &unfinished{refusal: http.StatusMethodNotAllowed, code: "MethodNotAllowed"}, lists: 1},
		"none where the credentials may not see any": {h: &unfinished{refusal: http.StatusForbidden, code: "AccessDenied"}, lists: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := connect(t, c.h).AbortUploads(t.Context(), "b/", "c/"); err != nil {
				t.Fatal(err)
			}
			slices.Sort(c.h.aborted)
			if diff := cmp.Diff(c.want, c.h.aborted); diff != "" {
				t.Errorf("given up (-want +got):\n%s", diff)
			}
			if c.h.lists != c.lists {
				t.Errorf("%d lists, want %d", c.h.lists, c.lists)
			}
		})
	}
}

func TestAKeyThatTheStoreCannotEvenListIsNotThere(t *testing.T) {
	t.Parallel()
	// As MinIO answers to such a prefix.
	h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, "<Error><Code>XMinioInvalidResourceName</Code></Error>")
	})
	s := connect(t, h)
	for _, key := range []string{"a/../b", "a//b", "./c"} {
		if _, err := s.Stat(t.Context(), key); !isKind[*api.NotFoundError](err) {
			t.Errorf("stat of %q: %T %v", key, err, err)
		}
		if err := s.Delete(t.Context(), key); err != nil {
			t.Errorf("delete of %q: %v", key, err)
		}
	}
}
