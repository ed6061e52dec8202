package storetest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/sdk/api"
)

// part is what a backend holds of a stream at a time.
const part = 16 << 20

func sizesAndSources(f *fixture) {
	// What makes a difference to a stream, and to a file.
	streams, files := []int{0, 1, part, part + 1, 2*part + 5}, []int{0, 1, part, 64<<20 + 1}
	for _, size := range slices.Compact(slices.Sorted(slices.Values(slices.Concat(streams, files)))) {
		content := random(size)
		digest := sha256.Sum256(content)
		sum := hex.EncodeToString(digest[:])
		for name, put := range map[string]struct {
			r         io.Reader
			said      int64
			announced string
		}{
			"a file of known size":                {bytes.NewReader(content), int64(size), ""},
			"a file, announced":                   {bytes.NewReader(content), int64(size), sum},
			"a file of unknown size":              {bytes.NewReader(content), -1, ""},
			"a stream of known size":              {streamOf(content), int64(size), ""},
			"a stream of unknown size":            {streamOf(content), -1, ""},
			"a stream of unknown size, announced": {streamOf(content), -1, sum},
		} {
			_, seekable := put.r.(io.Seeker)
			if !slices.Contains(map[bool][]int{true: files, false: streams}[seekable], size) {
				continue
			}
			name = fmt.Sprintf("%s, %d bytes", name, size)
			var arrived atomic.Int64
			made, err := f.b.Put(f.Context(), f.prefix+name, put.r, put.said, store.PutOptions{SHA256: put.announced, Sent: func(n int64) { arrived.Add(n) }})
			if err != nil {
				f.Errorf("%s: %v", name, err)
				continue
			}
			if made.Key != f.prefix+name || made.Size != int64(size) || made.SHA256 != sum || made.Modified.IsZero() {
				f.Errorf("%s: put returns %+v", name, made)
			}
			if arrived.Load() != int64(size) {
				f.Errorf("%s: %d bytes are reported as arrived", name, arrived.Load())
			}
			got, o := f.read(name)
			if got != string(content) {
				f.Errorf("%s: it is read back with other content", name)
			}
			known := o.SHA256 == sum || o.SHA256 == "" && !seekable && put.announced == "" && size > part
			if o.Size != int64(size) || !known {
				f.Errorf("%s: get returns %+v", name, o)
			}
			if stat, err := f.b.Stat(f.Context(), f.prefix+name); err != nil || stat.Size != o.Size || stat.SHA256 != o.SHA256 || stat.Key != o.Key {
				f.Errorf("%s: stat returns %+v, %v", name, stat, err)
			}
			if err := f.b.Delete(f.Context(), f.prefix+name); err != nil {
				f.Error(err)
			}
		}
	}
}

func refusals(f *fixture) {
	const wrong = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	f.put(map[string]string{"there": "before"})
	for _, size := range []int{100, part + 100, 65 << 20} {
		content := random(size)
		for name, put := range map[string]struct {
			r    io.Reader
			said int64
			o    store.PutOptions
		}{
			"a file with more":              {bytes.NewReader(content), int64(size) - 1, store.PutOptions{}},
			"a file with less":              {bytes.NewReader(content), int64(size) + 1, store.PutOptions{}},
			"a stream with more":            {streamOf(content), int64(size) - 1, store.PutOptions{}},
			"a stream with much more":       {streamOf(content), 10, store.PutOptions{}},
			"a stream with less":            {streamOf(content), int64(size) + 1, store.PutOptions{}},
			"a file with another content":   {bytes.NewReader(content), int64(size), store.PutOptions{SHA256: wrong}},
			"a stream with another content": {streamOf(content), int64(size), store.PutOptions{SHA256: wrong}},
			"one of unknown size, the same": {streamOf(content), -1, store.PutOptions{SHA256: wrong}},
		} {
			for _, key := range []string{"there", "absent"} {
				if _, err := f.b.Put(f.Context(), f.prefix+key, put.r, put.said, put.o); !is[*api.ConflictError](err) {
					f.Errorf("%s, %d bytes: %T %v", name, size, err, err)
				}
				if s, ok := put.r.(io.Seeker); ok {
					_, _ = s.Seek(0, io.SeekStart) // in memory
				} else {
					break
				}
			}
		}
	}
	f.holds("there", "before")
	f.lists("", store.ListOptions{}, "there")
}

// changingSource: the content is hashed, and then another one is sent. A store that
// refuses it keeps the old object; a backend that reads only once stores what it read.
func changingSource(f *fixture) {
	for _, size := range []int{100, 65 << 20} { // in one request, and in parts
		first := random(size)
		second := bytes.Clone(first)
		second[size-1]++
		f.put(map[string]string{"there": "before"})
		r := &changing{Reader: bytes.NewReader(first), next: bytes.NewReader(second)}
		switch _, err := f.b.Put(f.Context(), f.prefix+"there", r, int64(size), store.PutOptions{}); {
		case err == nil && !r.changed:
			f.holds("there", string(first))
		case !is[*api.ConflictError](err):
			f.Errorf("%d bytes: %T %v", size, err, err)
			fallthrough
		default:
			f.holds("there", "before")
		}
	}
	f.lists("", store.ListOptions{}, "there")
}

func brokenSource(f *fixture) {
	f.put(map[string]string{"there": "before"})
	for _, after := range []int{0, 1000, 2*part + 1000} {
		for _, said := range []int64{-1, 3 * part} {
			if _, err := f.b.Put(f.Context(), f.prefix+"there", &broken{after}, said, store.PutOptions{}); err == nil {
				f.Errorf("after %d of %d bytes: no error", after, said)
			}
		}
	}
	f.holds("there", "before")
	f.lists("", store.ListOptions{}, "there")
}

func ifAbsent(f *fixture) {
	for _, size := range []int{10, part + 10} {
		name := fmt.Sprintf("%d bytes", size)
		var won atomic.Int64
		group, ctx := errgroup.WithContext(f.Context())
		for i := range 5 {
			group.Go(func() error {
				content := bytes.Repeat([]byte{byte('a' + i)}, size)
				_, err := f.b.Put(ctx, f.prefix+name, streamOf(content), -1, store.PutOptions{IfAbsent: true})
				switch {
				case err == nil:
					won.Add(1)
				case !is[*api.ConflictError](err):
					return err
				}
				return nil
			})
		}
		if err := group.Wait(); err != nil {
			f.Error(err)
		}
		content, _ := f.read(name)
		if won.Load() != 1 || len(content) != size || bytes.Count([]byte(content), []byte(content[:1])) != size {
			f.Errorf("%s: %d calls succeeded, and %d bytes are there", name, won.Load(), len(content))
		}
		if _, err := f.b.Put(f.Context(), f.prefix+name, bytes.NewReader([]byte("late")), 4, store.PutOptions{IfAbsent: true}); !is[*api.ConflictError](err) {
			f.Errorf("one that is late: %T %v", err, err)
		}
		f.holds(name, content)
	}
}

func offsets(f *fixture) {
	content := string(random(100_000))
	f.put(map[string]string{"one": content, "empty": ""})
	for name, sizes := range map[string][]int64{"one": {0, 1, 50_000, 99_999, 100_000}, "empty": {0}} {
		for _, offset := range sizes {
			r, o, err := f.b.Get(f.Context(), f.prefix+name, offset)
			if err != nil {
				f.Errorf("%s from %d: %v", name, offset, err)
				continue
			}
			got, err := io.ReadAll(r)
			want := content
			if name == "empty" {
				want = ""
			}
			if err := errors.Join(err, r.Close()); err != nil || string(got) != want[offset:] || o.Size != int64(len(want)) {
				f.Errorf("%s from %d: %d bytes of %+v, %v", name, offset, len(got), o, err)
			}
		}
	}
	if _, _, err := f.b.Get(f.Context(), f.prefix+"one", 100_001); !is[*api.InvalidSpecError](err) {
		f.Errorf("beyond its end: %T %v", err, err)
	}
}

func missing(f *fixture) {
	f.put(map[string]string{"folder/one": "x"})
	for _, name := range []string{"none", "folder", "folder/none", "folder/one/below"} {
		if _, err := f.b.Stat(f.Context(), f.prefix+name); !is[*api.NotFoundError](err) {
			f.Errorf("stat of %s: %T %v", name, err, err)
		}
		if _, _, err := f.b.Get(f.Context(), f.prefix+name, 0); !is[*api.NotFoundError](err) {
			f.Errorf("get of %s: %T %v", name, err, err)
		}
	}
}

func oneKey(f *fixture) {
	contents := map[string]bool{}
	group, ctx := errgroup.WithContext(f.Context())
	for i := range 10 {
		content := bytes.Repeat([]byte{byte('a' + i)}, 100_000+i)
		contents[string(content)] = true
		group.Go(func() error {
			_, err := f.b.Put(ctx, f.prefix+"one", streamOf(content), -1, store.PutOptions{})
			return err
		})
	}
	if err := group.Wait(); err != nil {
		f.Error(err)
	}
	if got, _ := f.read("one"); !contents[got] {
		f.Errorf("it holds a mixture: %d bytes", len(got))
	}
}

func contexts(f *fixture) {
	ctx, cancel := context.WithCancel(f.Context())
	f.put(map[string]string{"one": "x"})
	cancel()
	_, err := f.b.Put(ctx, f.prefix+"two", streamOf(random(10)), -1, store.PutOptions{})
	_, statErr := f.b.Stat(ctx, f.prefix+"one")
	_, _, getErr := f.b.Get(ctx, f.prefix+"one", 0)
	deleteErr := f.b.Delete(ctx, f.prefix+"one")
	var listErr error
	for _, err := range f.b.List(ctx, f.prefix, store.ListOptions{}) {
		listErr = err
	}
	for what, err := range map[string]error{"put": err, "stat": statErr, "get": getErr, "delete": deleteErr, "list": listErr} {
		if !errors.Is(err, context.Canceled) {
			f.Errorf("%s: %T %v", what, err, err)
		}
	}
	f.lists("", store.ListOptions{}, "one")
}
