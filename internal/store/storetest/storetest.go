// Package storetest holds backends of package store to the rules that it gives
// them.
package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/store"
)

// Conformance runs all rules as subtests.
func Conformance(t *testing.T, b store.Backend) {
	for _, rule := range Rules() {
		t.Run(rule.Name, func(t *testing.T) {
			t.Parallel()
			for _, problem := range rule.Broken(t.Context(), b) {
				t.Error(problem)
			}
		})
	}
}

// Rule is one rule; its name is a sentence.
type Rule struct {
	Name string
	hold func(*fixture)
}

// Rules returns all rules.
func Rules() []Rule {
	return []Rule{
		{"what is put is got back, whatever its size and source", sizesAndSources},
		{"other content than announced is refused and leaves what was there", refusals},
		{"a content that changes between its hash and its sending leaves what was there", changingSource},
		{"a source that breaks leaves what was there", brokenSource},
		{"one of many wins where the key has to be absent", ifAbsent},
		{"an object is read from any byte on", offsets},
		{"what is missing is reported as such", missing},
		{"a name may have any character", names},
		{"a page may end with any name", oddPages},
		{"a name that not every store can hold is not stored, and is no other one", badNames},
		{"a part of a name may have 255 bytes", longNames},
		{"a name that is the folder of another is stored beside it or is a conflict", folderNames},
		{"a name that is the folder of another does not hide it", folderLists},
		{"many writers of one key leave the content of one", oneKey},
		{"a delete removes what is there, and in any number", deletes},
		{"a list is sorted and can begin anywhere", lists},
		{"a list of one level shows deeper levels by one entry", levels},
		{"a list goes over many pages", pages},
		{"an end of the context ends unfinished operations", contexts},
	}
}

// Broken returns what a backend does not do as the rule says; nothing where it keeps
// it. It works below a prefix of its own, and removes what it stores.
func (r Rule) Broken(ctx context.Context, b store.Backend) []string {
	report := &report{ctx: ctx}
	f := &fixture{report: report, b: b, prefix: store.Probes + kube.NewID() + "/"}
	for _, do := range []func(){func() { r.hold(f) }, f.clean} {
		ended := make(chan struct{})
		go func() { // Fatal ends it
			defer close(ended)
			do()
		}()
		<-ended
	}
	return report.problems
}

// fixture is a place in a store for one rule.
type fixture struct {
	*report
	b      store.Backend
	prefix string
}

func (f *fixture) clean() {
	ctx := context.Background()
	var keys []string
	for o, err := range f.b.List(ctx, f.prefix, store.ListOptions{}) {
		if err != nil {
			f.Error(err)
			return
		}
		keys = append(keys, o.Key)
	}
	if err := f.b.Delete(ctx, keys...); err != nil {
		f.Error(err)
	}
}

// put stores small contents, several at a time.
func (f *fixture) put(contents map[string]string) {
	f.Helper()
	group, ctx := errgroup.WithContext(f.Context())
	group.SetLimit(16)
	for name, content := range contents {
		group.Go(func() error {
			_, err := f.b.Put(ctx, f.prefix+name, strings.NewReader(content), int64(len(content)), store.PutOptions{})
			return err
		})
	}
	if err := group.Wait(); err != nil {
		f.Fatal(err)
	}
}

func (f *fixture) read(name string) (string, store.Object) {
	f.Helper()
	r, o, err := f.b.Get(f.Context(), f.prefix+name, 0)
	if err != nil {
		f.Fatal(err)
	}
	defer r.Close()
	content, err := io.ReadAll(r)
	if err != nil {
		f.Fatal(err)
	}
	return string(content), o
}

func (f *fixture) holds(name, want string) {
	f.Helper()
	if got, _ := f.read(name); got != want {
		f.Errorf("%s holds %.30q... (%d bytes), want %.30q... (%d bytes)", name, got, len(got), want, len(want))
	}
}

// list returns the keys below a prefix, without that of the fixture.
func (f *fixture) list(prefix string, o store.ListOptions) []string {
	f.Helper()
	var names []string
	for object, err := range f.b.List(f.Context(), f.prefix+prefix, o) {
		if err != nil {
			f.Fatal(err)
		}
		if object.Prefix != strings.HasSuffix(object.Key, "/") {
			f.Errorf("%s: prefix: %v", object.Key, object.Prefix)
		}
		names = append(names, strings.TrimPrefix(object.Key, f.prefix))
	}
	return names
}

func (f *fixture) lists(prefix string, o store.ListOptions, want ...string) {
	f.Helper()
	if got := f.list(prefix, o); !slices.Equal(got, want) {
		f.Errorf("below %q, %+v: %q, want %q", prefix, o, got, want)
	}
}

func is[T error](err error) bool {
	var target T
	return errors.As(err, &target)
}

// random is content that no store can make smaller; the same for the same size.
func random(size int) []byte {
	content := make([]byte, size)
	source := rand.NewChaCha8([32]byte{byte(size)})
	_, _ = source.Read(content) // it never fails
	return content
}

// stream hides all but Read, as a pipe does.
type stream struct{ io.Reader }

func streamOf(content []byte) io.Reader { return stream{bytes.NewReader(content)} }

// broken gives n bytes and then an error.
type broken struct{ n int }

var errBroken = errors.New("the source broke")

func (b *broken) Read(p []byte) (int, error) {
	if b.n == 0 {
		return 0, errBroken
	}
	n := min(len(p), b.n)
	b.n -= n
	return n, nil
}

// changing has another content once its first one was read to the end.
type changing struct {
	*bytes.Reader
	next *bytes.Reader
	// read: to its end; changed: and then from its beginning again.
	read, changed bool
}

func (c *changing) ReadAt(p []byte, off int64) (int, error) {
	if off == 0 && c.read && !c.changed {
		c.Reader, c.changed = c.next, true
	}
	n, err := c.Reader.ReadAt(p, off)
	c.read = c.read || off+int64(n) == c.Size()
	return n, err
}

func (c *changing) Read(p []byte) (int, error) {
	at, _ := c.Seek(0, io.SeekCurrent) // in memory
	n, err := c.ReadAt(p, at)
	_, _ = c.Seek(int64(n), io.SeekCurrent) // in memory
	if n > 0 && errors.Is(err, io.EOF) {
		err = nil
	}
	return n, err
}

func numbered(n int) map[string]string {
	contents := map[string]string{}
	for i := range n {
		contents[fmt.Sprintf("%05d", i)] = "x"
	}
	return contents
}
