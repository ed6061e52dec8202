package share_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"iter"
	"sync"
	"testing"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/share"
)

// fake is a provider in memory, whose methods a test replaces.
type fake struct {
	mu       sync.Mutex
	contents map[string][]byte
	versions map[string]int
	// sums and validators: what the server reports.
	sums, validators bool
	// upload replaces an attempt; store makes what it does without faults.
	upload   func(attempt int, store func() (share.Object, error)) (share.Object, error)
	download func(attempt int, w io.WriterAt, o share.DownloadOptions, read func() (share.Object, error)) (share.Object, error)
	stat     func(n int) error
	uploads  int
	stats    int
	fetches  int
	removed  []string
	offsets  []int64
}

func newFake() *fake {
	return &fake{contents: map[string][]byte{}, versions: map[string]int{}, sums: true, validators: true}
}

func (f *fake) Type() string { return "fake" }
func (f *fake) Close() error { return nil }

func (f *fake) Capabilities(context.Context) (share.Capabilities, error) {
	return share.Capabilities{}, nil
}

func (f *fake) List(context.Context) iter.Seq2[share.Object, error] {
	return func(func(share.Object, error) bool) {}
}

func (f *fake) set(name, content string) {
	f.contents[name] = []byte(content)
	f.versions[name]++
}

func (f *fake) object(name string) share.Object {
	o := share.Object{Name: name, Size: int64(len(f.contents[name]))}
	if f.sums {
		o.Checksums.SHA256 = sum(string(f.contents[name]))
	}
	if f.validators {
		o.Validator = fmt.Sprint(f.versions[name])
	}
	return o
}

func sum(content string) string {
	s := sha256.Sum256([]byte(content))
	return hex.EncodeToString(s[:])
}

func (f *fake) Stat(_ context.Context, name string) (share.Object, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stats++
	if f.stat != nil {
		if err := f.stat(f.stats); err != nil {
			return share.Object{}, err
		}
	}
	if _, ok := f.contents[name]; !ok {
		return share.Object{}, &api.NotFoundError{Kind: "archive", Name: name}
	}
	return f.object(name), nil
}

func (f *fake) Upload(ctx context.Context, name string, source share.Source, o share.UploadOptions) (share.Object, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.uploads++
	store := func() (share.Object, error) {
		if _, there := f.contents[name]; there && !o.Overwrite {
			return share.Object{}, &api.ConflictError{Message: "it is there"}
		}
		r, err := source.Open(ctx, 0)
		if err != nil {
			return share.Object{}, err
		}
		content, err := io.ReadAll(r)
		if err != nil {
			return share.Object{}, err
		}
		f.set(name, string(content))
		o.Progress(source.Size)
		return f.object(name), nil
	}
	if f.upload == nil {
		return store()
	}
	return f.upload(f.uploads, store)
}

func (f *fake) Download(_ context.Context, name string, w io.WriterAt, o share.DownloadOptions) (share.Object, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fetches++
	f.offsets = append(f.offsets, o.Offset)
	read := func() (share.Object, error) {
		at := o.Offset
		if o.Validator != "" && o.Validator != f.object(name).Validator {
			at = 0
		}
		_, err := w.WriteAt(f.contents[name][at:], at)
		o.Progress(int64(len(f.contents[name])), int64(len(f.contents[name])))
		return f.object(name), err
	}
	if f.download == nil {
		return read()
	}
	return f.download(f.fetches, w, o, read)
}

func (f *fake) Remove(_ context.Context, name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.removed = append(f.removed, name)
	delete(f.contents, name)
	return nil
}

func source(content string) share.Source {
	return share.Source{Size: int64(len(content)), Checksums: share.Checksums{SHA256: sum(content)},
		Open: func(_ context.Context, offset int64) (io.ReadCloser, error) {
			return io.NopCloser(bytes.NewReader([]byte(content)[offset:])), nil
		}}
}

// mustBe fails the test unless the share has the content under the name.
func (f *fake) mustBe(t *testing.T, name, content string) {
	t.Helper()
	if got, ok := f.contents[name]; !ok || string(got) != content {
		t.Errorf("%q is %q, there %v; want %q", name, got, ok, content)
	}
}
