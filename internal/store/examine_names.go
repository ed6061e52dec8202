package store

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/minio/minio-go/v7"
	"golang.org/x/sync/errgroup"
)

// probesAtOnce is how many objects of an examination are on their way.
const probesAtOnce = 8

// alike are keys that some servers, or the file systems below them, take for one,
// with what helps.
var alike = []struct{ one, other, fix string }{
	{`back\slash`, "back/slash", "start SeaweedFS with -s3.allowBackslashInKey, or " + anotherStore},
	{"case", "CASE", "have it keep its objects on a file system that distinguishes upper case from lower case, or " + anotherStore},
	{"\u00e9", "e\u0301", "have it keep its objects on a file system that does not normalise names, or " + anotherStore},
}

// odd are further keys that it has to keep as they are.
var odd = []string{"a-b", "a.txt", "a/1", "a0", "with space", "100%", "%41", "a+b=c&d?e#f", "日本", "quote'\"`", "(x)[y]{z}*", "~", ".hidden"}

// names stores objects under odd names, and reads and lists them.
func (e *examination) names(ctx context.Context) (*Lack, error) {
	const below = "names/"
	all := slices.Clone(odd)
	for _, pair := range alike {
		all = append(all, pair.one, pair.other)
	}
	slices.Sort(all)
	for i, name := range all {
		all[i] = e.prefix + below + name
	}
	lack, err := e.putAll(ctx, all)
	if lack != nil || err != nil {
		return lack, err
	}
	got, err := e.readAll(ctx, all)
	if err != nil {
		return nil, err
	}
	plain := func(key string) string { return strings.TrimPrefix(key, e.prefix+below) }
	for _, pair := range alike {
		one, other := e.prefix+below+pair.one, e.prefix+below+pair.other
		if got[one] == got[other] {
			return &Lack{What: fmt.Sprintf("the names %q and %q are one object to it, so that one file replaces the other", pair.one, pair.other), Fix: pair.fix, Loses: true}, nil
		}
	}
	for _, key := range all {
		if got[key] != key {
			return &Lack{What: fmt.Sprintf("the object %q is read back with other content", plain(key)), Fix: anotherStore, Loses: true}, nil
		}
	}
	return e.listed(ctx, below, all)
}

// listed holds the lists against the keys that are there.
func (e *examination) listed(ctx context.Context, below string, want []string) (*Lack, error) {
	got, err := e.list(ctx, below, ListOptions{})
	if err != nil {
		return nil, err
	}
	for _, key := range want {
		if !slices.Contains(got, key) {
			return &Lack{What: fmt.Sprintf("the object %q is not listed under its name", strings.TrimPrefix(key, e.prefix+below)), Fix: anotherStore, Loses: true}, nil
		}
	}
	// List sorts each page; between pages the store's own order counts.
	page, err := e.s.s3.ListObjectsV2(e.s.Bucket, e.prefix+below, "", "", "", listPage)
	if err != nil {
		return nil, e.s.failed(ctx, "list the objects of", err)
	}
	sorted := slices.IsSortedFunc(page.Contents, func(a, b minio.ObjectInfo) int { return cmp.Compare(a.Key, b.Key) })
	middle := len(want) / 2
	rest, err := e.list(ctx, below, ListOptions{StartAfter: want[middle]})
	if err != nil {
		return nil, err
	}
	if !sorted || !slices.Equal(got, want) || !slices.Equal(rest, want[middle+1:]) {
		return &Lack{What: "objects are not listed in the order of the bytes of their names", Fix: anotherStore, Loses: true}, nil
	}
	return nil, nil // nothing lacks
}

// putAll stores objects, each with its key as its content.
func (e *examination) putAll(ctx context.Context, keys []string) (lack *Lack, err error) {
	var mu sync.Mutex
	var group errgroup.Group
	group.SetLimit(probesAtOnce)
	for _, key := range keys {
		group.Go(func() error {
			err := e.put(ctx, key, key)
			if !isRefusal(err) {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			lack = &Lack{What: err.Error(), Fix: anotherStore, Loses: true}
			return nil
		})
	}
	err = group.Wait()
	return lack, err
}

func (e *examination) readAll(ctx context.Context, keys []string) (map[string]string, error) {
	var mu sync.Mutex
	got := make(map[string]string, len(keys))
	var group errgroup.Group
	group.SetLimit(probesAtOnce)
	for _, key := range keys {
		group.Go(func() error {
			content, err := e.get(ctx, key, 0)
			mu.Lock()
			defer mu.Unlock()
			got[key] = content
			return err
		})
	}
	return got, group.Wait()
}

func (e *examination) put(ctx context.Context, key, content string) error {
	_, err := e.s.Put(ctx, key, strings.NewReader(content), int64(len(content)), PutOptions{})
	if err == nil || ctx.Err() != nil { // only its answer may be lost
		e.stored.Store(true)
	}
	return err
}

func (e *examination) get(ctx context.Context, key string, offset int64) (string, error) {
	r, _, err := e.s.Get(ctx, key, offset)
	if isAbsent(err) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	defer r.Close()
	content, err := io.ReadAll(r)
	return string(content), err
}
