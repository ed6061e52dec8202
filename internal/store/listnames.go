package store

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/minio/minio-go/v7"
	"golang.org/x/sync/errgroup"
)

// replaced is what a list has for a character that XML does not have. Servers
// that do not encode keys on request (versitygw) return it for "a\x01" and
// "a\x02".
const replaced = "\uFFFD"

// unlisted are the characters that it replaces, and itself.
var unlisted = func() []string {
	all := []string{replaced, "\uFFFE", "\uFFFF"}
	for c := rune(1); c < ' '; c++ {
		if c != '\t' && c != '\n' && c != '\r' {
			all = append(all, string(c))
		}
	}
	slices.Sort(all)
	return all
}()

// listable converts a key to the form that a list shows.
var listable = func() *strings.Replacer {
	var pairs []string
	for _, c := range unlisted {
		pairs = append(pairs, c, replaced)
	}
	return strings.NewReplacer(pairs...)
}()

// atOnce is how many characters are tried at a time.
const atOnce = 8

// listed is a key in the form of a page.
func listed(key string, page minio.ListBucketV2Result) string {
	if page.EncodingType != "" {
		return key
	}
	return listable.Replace(key)
}

// maxLooks is how many answers are remembered.
const maxLooks = 10_000

// names finds the real keys of one list. The server compares prefixes with real
// keys, so each character that one may be is asked for as the end of a prefix: some
// 30 requests for each place in which keys differ. This program stores no such
// key; an older one did, and others may.
type names struct {
	s *Store
	// prefix is what was requested, listed the form in which the server repeats it.
	prefix, listed string
	o              ListOptions

	mu    sync.Mutex
	there map[string]*minio.ListBucketV2Result // the first that begins so
	// of are the real ones, by their listed form, and taken how many of them
	// the pages so far had.
	of    map[string][]Object
	taken map[string]int
}

func newNames(s *Store, prefix string, o ListOptions) *names {
	return &names{s: s, prefix: prefix, listed: listable.Replace(prefix), o: o, there: map[string]*minio.ListBucketV2Result{}, of: map[string][]Object{}, taken: map[string]int{}}
}

// objectsOf returns what a page has, sorted by the real keys.
func (n *names) objectsOf(ctx context.Context, page minio.ListBucketV2Result) ([]Object, error) {
	objects := make([]Object, 0, len(page.Contents))
	for _, o := range page.Contents {
		objects = append(objects, Object{Key: o.Key, Size: o.Size, Modified: o.LastModified})
	}
	prefixes := make([]Object, 0, len(page.CommonPrefixes))
	for _, p := range page.CommonPrefixes {
		prefixes = append(prefixes, Object{Key: p.Prefix, Prefix: true})
	}
	if page.EncodingType == "" {
		for _, all := range [][]Object{objects, prefixes} {
			for i := range all {
				if err := n.name(ctx, &all[i]); err != nil {
					return nil, err
				}
			}
		}
	}
	return merge(objects, prefixes), nil
}

// next is where the page after this one begins. A token with a wrong name would
// skip keys.
func (n *names) next(page minio.ListBucketV2Result, objects []Object, from after) after {
	from.token = page.NextContinuationToken
	if page.EncodingType == "" && strings.Contains(from.token, replaced) && len(objects) > 0 {
		last := objects[len(objects)-1]
		from = after{start: last.Key}
		if last.Prefix {
			from.start += "\U0010FFFF" // after all that is below it
		}
	}
	return from
}

// name sets an object's real key. Several real ones may be listed alike, and
// come in their order.
func (n *names) name(ctx context.Context, o *Object) error {
	rest, fits := strings.CutPrefix(o.Key, n.listed)
	if !fits || !strings.Contains(o.Key, replaced) {
		return nil
	}
	if _, known := n.of[o.Key]; !known {
		found, err := n.find(ctx, n.prefix, rest, o.Prefix)
		if err != nil {
			return err
		}
		found = slices.DeleteFunc(found, func(f Object) bool { return f.Key <= n.o.StartAfter })
		slices.SortFunc(found, func(a, b Object) int { return cmp.Compare(a.Key, b.Key) })
		n.of[o.Key] = found
	}
	number := n.taken[o.Key]
	n.taken[o.Key]++
	if real := n.of[o.Key]; number < len(real) {
		*o = real[number]
	}
	return nil // else it is gone by now, or of bytes that no request can have
}

// find returns the objects whose real keys begin with known and continue as
// rest, in the form of a list.
func (n *names) find(ctx context.Context, known, rest string, prefix bool) ([]Object, error) {
	head, tail, more := strings.Cut(rest, replaced)
	if !more {
		return n.exactly(ctx, known+rest, prefix)
	}
	var mu sync.Mutex
	var found []Object
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for _, c := range unlisted {
		group.Go(func() error {
			begin := known + head + c
			page, err := n.look(ctx, begin)
			if err != nil || len(page.Contents) == 0 {
				return err
			}
			below, err := n.find(ctx, begin, tail, prefix)
			mu.Lock()
			defer mu.Unlock()
			found = append(found, below...)
			return err
		})
	}
	return found, group.Wait()
}

// exactly returns the object of this very key, or the prefix that some begin with.
func (n *names) exactly(ctx context.Context, key string, prefix bool) ([]Object, error) {
	page, err := n.look(ctx, key)
	if err != nil || len(page.Contents) == 0 {
		return nil, err
	}
	if prefix {
		return []Object{{Key: key, Prefix: true}}, nil
	}
	// The key itself comes first of all that begin with it.
	first := page.Contents[0]
	if first.Key != listed(key, *page) {
		return nil, nil
	}
	return []Object{{Key: key, Size: first.Size, Modified: first.LastModified}}, nil
}

// look requests the first key with this prefix.
func (n *names) look(ctx context.Context, begin string) (*minio.ListBucketV2Result, error) {
	n.mu.Lock()
	page, known := n.there[begin]
	n.mu.Unlock()
	if known {
		return page, nil
	}
	got, err := n.s.pageAgain(ctx, begin, after{}, false, 1)
	if err != nil {
		return nil, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.there) >= maxLooks {
		clear(n.there)
	}
	n.there[begin] = &got
	return &got, nil
}
