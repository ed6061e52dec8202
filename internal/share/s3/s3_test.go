package s3

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/share"
)

// double answers as Amazon S3 does where versitygw cannot be made to; from the API
// reference, https://docs.aws.amazon.com/AmazonS3/latest/API.
type double struct {
	mu      sync.Mutex
	objects map[string][]byte
	// tag is the ETag of what is stored; the MD5 by default.
	tag func(content []byte) string
	// header is that of each answer.
	header http.Header
	// before may answer a request in place of the double.
	before func(w http.ResponseWriter, r *http.Request) bool
	puts   int
}

func (d *double) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for key, values := range d.header {
		w.Header()[key] = values
	}
	if d.before != nil && d.before(w, r) {
		return
	}
	key := strings.TrimPrefix(r.URL.Path, "/results/")
	content, there := d.objects[key]
	switch {
	case r.URL.Query().Has("list-type"):
		_, _ = io.WriteString(w, "<ListBucketResult><Name>results</Name><IsTruncated>false</IsTruncated></ListBucketResult>")
	case r.Method == http.MethodPut:
		body, _ := io.ReadAll(r.Body) // what is cut off is refused by its size
		d.puts++
		d.objects[key] = body
		w.Header().Set("ETag", `"`+d.tagOf(body)+`"`)
	case r.Method == http.MethodDelete:
		delete(d.objects, key)
		w.WriteHeader(http.StatusNoContent)
	case !there:
		refuse(w, http.StatusNotFound, "NoSuchKey")
	default:
		w.Header().Set("ETag", `"`+d.tagOf(content)+`"`)
		w.Header().Set("Last-Modified", "Sun, 29 Nov 2026 12:00:00 GMT")
		w.Header().Set("Content-Length", fmt.Sprint(len(content)))
		if r.Method == http.MethodGet {
			_, _ = w.Write(content) // the client may have gone
		}
	}
}

func (d *double) tagOf(content []byte) string {
	if d.tag != nil {
		return d.tag(content)
	}
	sum := md5.Sum(content)
	return hex.EncodeToString(sum[:])
}

func refuse(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	_ = xml.NewEncoder(w).Encode(struct { // the client may have gone
		XMLName xml.Name `xml:"Error"`
		Code    string
		Message string
	}{Code: code, Message: "refused"})
}

func (d *double) open(t *testing.T) share.ShareProvider {
	t.Helper()
	d.objects = map[string][]byte{}
	server := httptest.NewServer(d)
	t.Cleanup(server.Close)
	settings := share.Settings{urlSetting: server.URL, bucketSetting: "results", regionSetting: "us-east-1", keySetting: "AKIAEXAMPLE", secretSetting: "very-secret"}
	p, err := Definition().Open(t.Context(), settings)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() }) // there is nothing to lose
	return p
}

func source(content string) share.Source {
	sum := md5.Sum([]byte(content))
	return share.Source{Size: int64(len(content)), Checksums: share.Checksums{MD5: hex.EncodeToString(sum[:])},
		Open: func(_ context.Context, offset int64) (io.ReadCloser, error) {
			return io.NopCloser(strings.NewReader(content[offset:])), nil
		}}
}

func TestADamagedObjectIsRemovedAndSentAgain(t *testing.T) {
	d := &double{tag: func([]byte) string { return strings.Repeat("0", 32) }}
	p := d.open(t)
	_, err := p.Upload(t.Context(), "a", source("content"), share.UploadOptions{})
	var temporary *share.TemporaryError
	if !errors.As(err, &temporary) || len(d.objects) > 0 {
		t.Errorf("%d objects, %T %v", len(d.objects), err, err)
	}
}

func TestETagsOfEncryptedObjectsAreNoChecksums(t *testing.T) {
	for _, header := range []http.Header{
		{"X-Amz-Server-Side-Encryption": {"aws:kms"}},
		{"X-Amz-Server-Side-Encryption-Customer-Algorithm": {"AES256"}},
	} {
		d := &double{header: header, tag: func([]byte) string { return strings.Repeat("0", 32) }}
		p := d.open(t)
		made, err := share.Upload(t.Context(), p, "a", source("content"), share.TransferOptions{})
		if err != nil || made.Verified != "size only" || made.Checksums.MD5 != "" {
			t.Errorf("%v: %+v, %v", header, made, err)
		}
		if c, err := p.Capabilities(t.Context()); err != nil || len(c.Checksums) > 0 {
			t.Errorf("%v: %+v, %v", header, c, err)
		}
	}
}

func TestAServerWithoutConditionsGetsNone(t *testing.T) {
	d := &double{before: func(w http.ResponseWriter, r *http.Request) bool {
		if r.Header.Get("If-None-Match") == "" {
			return false
		}
		refuse(w, http.StatusNotImplemented, "NotImplemented")
		return true
	}}
	p := d.open(t)
	if _, err := p.Upload(t.Context(), "a", source("content"), share.UploadOptions{}); err != nil || string(d.objects["a"]) != "content" {
		t.Errorf("%q, %v", d.objects, err)
	}
	if _, err := p.Upload(t.Context(), "a", source("other"), share.UploadOptions{}); !api.IsConflict(err) || d.puts != 1 {
		t.Errorf("%d objects were sent, %T %v", d.puts, err, err)
	}
}

func TestAnArchiveThatAppearsMeanwhileIsNotReplaced(t *testing.T) {
	d := &double{before: func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodPut {
			return false
		}
		refuse(w, http.StatusPreconditionFailed, "PreconditionFailed")
		return true
	}}
	if _, err := d.open(t).Upload(t.Context(), "a", source("content"), share.UploadOptions{}); !api.IsConflict(err) {
		t.Errorf("%T %v", err, err)
	}
}

func TestErrorsHaveTheClassOfTheirCode(t *testing.T) {
	for code, c := range map[string]struct {
		status int
		is     func(error) bool
	}{
		"NoSuchBucket":          {404, api.IsInvalidSpec},
		"SignatureDoesNotMatch": {403, api.IsForbidden},
		"RequestTimeTooSkewed":  {403, api.IsForbidden},
		"QuotaExceeded":         {403, api.IsForbidden},
		"XMinioStorageFull":     {400, api.IsUnavailable},
		"EntityTooLarge":        {400, api.IsNotSupported},
		"IncompleteBody":        {400, isTemporary},
		"SlowDown":              {503, isTemporary},
		"InternalError":         {500, isTemporary},
	} {
		d := &double{before: func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method == http.MethodPut {
				refuse(w, c.status, code)
			}
			return r.Method == http.MethodPut
		}}
		_, err := d.open(t).Upload(t.Context(), "a", source("content"), share.UploadOptions{})
		if !c.is(err) {
			t.Errorf("%s: %T %v", code, err, err)
		}
		if err != nil && (strings.Contains(err.Error(), "very-secret") || strings.Contains(err.Error(), "AKIAEXAMPLE") || strings.Contains(err.Error(), "\n")) {
			t.Errorf("%s: %q", code, err)
		}
	}
}

func isTemporary(err error) bool {
	var temporary *share.TemporaryError
	return errors.As(err, &temporary)
}

func TestPartsStayWithinTheLimitsOfS3(t *testing.T) {
	for _, size := range []int64{1, 8 << 20, 100 << 30, 5 << 40} {
		part := partSize(size)
		if n := (size + part - 1) / part; n > maxParts || part < 5<<20 || part > 5<<30 {
			t.Errorf("%d bytes are %d parts of %d", size, n, part)
		}
	}
}

func TestSettingsThatCannotBeRightAreRefused(t *testing.T) {
	for _, c := range []struct {
		check func(string) error
		value string
		ok    bool
	}{
		{checkURL, "https://s3.example.com", true}, {checkURL, "http://127.0.0.1:9000/", true},
		{checkURL, "s3.example.com", false}, {checkURL, "https://s3.example.com/bucket", false}, {checkURL, "https://key:secret@s3.example.com", false},
		{checkBucket, "results", true}, {checkBucket, "Results", false}, {checkBucket, "ab", false}, {checkBucket, "a/b", false},
		{checkPrefix, "", true}, {checkPrefix, "lab/campaigns/", true}, {checkPrefix, "a//b", false}, {checkPrefix, "../b", false},
	} {
		if err := c.check(c.value); (err == nil) != c.ok || err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", c.value, err)
		}
	}
}
