package store_test

import (
	"bytes"
	"crypto/md5" //nolint:gosec // S3's
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
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/sdk/api"
)

// bucketOf is a small S3 server that does what it should but for one thing. Real ones
// are examined in testenv/stores; none has all these faults.
type bucketOf struct {
	fold                                                                     func(string) string
	noHash, noMeta, noRange, noParts, unsorted, replaces, unknown, undeleted bool
	forbidden                                                                bool
	first                                                                    bool // keeps what was put first

	mu      sync.Mutex
	objects map[string]kept
}

type kept struct {
	content []byte
	sum     string
}

func (b *bucketOf) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.objects == nil {
		b.objects = map[string]kept{}
	}
	key, q := strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, "/vast"), "/"), r.URL.Query()
	if b.fold != nil {
		key = b.fold(key)
	}
	body, _ := io.ReadAll(r.Body)
	switch {
	case b.forbidden:
		refuse(w, http.StatusForbidden, "AccessDenied")
	case r.Method == http.MethodPost && q.Has("delete"):
		b.remove(w, body)
	case r.Method == http.MethodPost && b.noParts:
		refuse(w, http.StatusNotImplemented, "NotImplemented")
	case r.Method == http.MethodPost && q.Has("uploads"):
		_, _ = io.WriteString(w, "<InitiateMultipartUploadResult><UploadId>7</UploadId></InitiateMultipartUploadResult>")
	case r.Method == http.MethodPost:
		_, _ = io.WriteString(w, "<CompleteMultipartUploadResult><Bucket>vast</Bucket></CompleteMultipartUploadResult>")
	case r.Method == http.MethodPut:
		b.put(w, r, key, body) // a part is all of an object here
	case r.Method == http.MethodDelete:
		w.WriteHeader(http.StatusNoContent)
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

func (b *bucketOf) put(w http.ResponseWriter, r *http.Request, key string, body []byte) {
	sum := md5.Sum(body) //nolint:gosec // S3's
	if said := r.Header.Get("Content-Md5"); !b.noHash && said != "" && said != base64.StdEncoding.EncodeToString(sum[:]) {
		refuse(w, http.StatusBadRequest, "BadDigest")
		return
	}
	_, there := b.objects[key]
	if r.Header.Get("If-None-Match") != "" {
		switch {
		case b.unknown:
			refuse(w, http.StatusNotImplemented, "NotImplemented")
			return
		case there && !b.replaces:
			refuse(w, http.StatusPreconditionFailed, "PreconditionFailed")
			return
		}
	}
	if !there || !b.first {
		b.objects[key] = kept{body, r.Header.Get("X-Amz-Meta-Vast-Sha256")}
	}
	w.Header().Set("ETag", `"e"`)
}

func (b *bucketOf) get(w http.ResponseWriter, r *http.Request, key string) {
	o, ok := b.objects[key]
	if !ok {
		refuse(w, http.StatusNotFound, "NoSuchKey")
		return
	}
	if !b.noMeta {
		w.Header().Set("X-Amz-Meta-Vast-Sha256", o.sum)
	}
	w.Header().Set("ETag", `"e"`)
	if b.noRange && r.Header.Get("Range") != "" {
		refuse(w, http.StatusNotImplemented, "NotImplemented")
		return
	}
	http.ServeContent(w, r, "", time.Now(), bytes.NewReader(o.content))
}

func (b *bucketOf) remove(w http.ResponseWriter, body []byte) {
	var asked struct{ Object []struct{ Key string } }
	_ = xml.Unmarshal(body, &asked) // of our own client
	for _, o := range asked.Object {
		if b.fold != nil {
			o.Key = b.fold(o.Key)
		}
		if !b.undeleted {
			delete(b.objects, o.Key)
		}
	}
	_, _ = io.WriteString(w, "<DeleteResult></DeleteResult>")
}

func (b *bucketOf) list(w http.ResponseWriter, q url.Values) {
	keys := slices.Sorted(maps.Keys(b.objects))
	if b.unsorted {
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

func TestAnExaminationTellsWhatAStoreLacks(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		h     *bucketOf
		says  string
		loses bool
	}{
		"nothing where it does all":        {h: &bucketOf{}},
		"that a backslash is a slash":      {&bucketOf{fold: func(k string) string { return strings.ReplaceAll(k, `\`, "/") }}, `the names "back\\slash" and "back/slash" are one object`, true},
		"that upper case is lower case":    {&bucketOf{fold: strings.ToLower}, `the names "case" and "CASE" are one object`, true},
		"that names are normalised":        {&bucketOf{fold: func(k string) string { return strings.ReplaceAll(k, "e\u0301", "\u00e9") }}, `are one object`, true},
		"that a name is changed":           {&bucketOf{fold: func(k string) string { return strings.ReplaceAll(k, "%", "_") }}, `is not listed under its name`, true},
		"that the list is not sorted":      {&bucketOf{unsorted: true}, "order of the bytes", true},
		"that an object is not replaced":   {&bucketOf{first: true}, "not found at once", true},
		"that the middle cannot be read":   {&bucketOf{noRange: true}, "from the middle on", true},
		"that there are no parts":          {&bucketOf{noParts: true}, "put in parts", true},
		"that what was deleted stays":      {&bucketOf{undeleted: true}, "what was deleted", true},
		"that hashes are not looked at":    {&bucketOf{noHash: true}, "not as its hash says", false},
		"that metadata is lost":            {&bucketOf{noMeta: true}, "metadata", false},
		"that If-None-Match is not heeded": {&bucketOf{replaces: true}, "If-None-Match", false},
		"that If-None-Match is not known":  {&bucketOf{unknown: true}, "If-None-Match", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lacks, err := connect(t, c.h).Examine(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if c.says == "" && len(lacks) > 0 || c.says != "" && (len(lacks) != 1 || !strings.Contains(lacks[0].What, c.says) || lacks[0].Loses != c.loses || lacks[0].Fix == "") {
				t.Errorf("%+v, want one with %q", lacks, c.says)
			}
			if diff := cmp.Diff(0, len(c.h.objects)); diff != "" && !c.h.undeleted {
				t.Errorf("objects are left (-want +got):\n%s", diff)
			}
		})
	}
	t.Run("but no more than an error where it may not use the bucket", func(t *testing.T) {
		t.Parallel()
		if lacks, err := connect(t, &bucketOf{forbidden: true}).Examine(t.Context()); !isKind[*api.Forbidden](err) {
			t.Errorf("%+v, %T %v", lacks, err, err)
		}
	})
}
