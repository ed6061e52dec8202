package history

import (
	"bufio"
	"cmp"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/kubevast/vast/internal/store"
)

// Rebuilt is what Rebuild has done.
type Rebuilt struct {
	// Runs is the number of runs in the index. Unreadable are the ids of those whose records
	// cannot be read, at most maxUnreadable of them; they are in no list.
	Runs       int
	Unreadable []string
}

const (
	maxUnreadable = 100
	// rebuildTries is how often Rebuild begins again if the index is compacted meanwhile.
	rebuildTries = 3
	// sortedAtOnce is how many entries are sorted in memory; more are sorted in files.
	sortedAtOnce = 50_000
)

// Rebuild makes the index again from the records. It reads every record, atOnce at a time,
// in bounded memory. What is added meanwhile is not lost.
func (l *Log) Rebuild(ctx context.Context) (Rebuilt, error) {
	for range rebuildTries {
		var out Rebuilt
		err := l.replace(ctx, l.scan(ctx, &out), &out)
		if !errors.Is(err, errMoved) {
			return out, err
		}
	}
	return Rebuilt{}, settled(ctx, func() error { return errMoved })
}

// Replace makes the index from entries in any order, without their records.
func (l *Log) Replace(ctx context.Context, entries iter.Seq2[Entry, error]) error {
	return l.replace(ctx, entries, &Rebuilt{})
}

// replace replaces the index by entries. Deltas that were written before are removed: the
// entries have these runs.
func (l *Log) replace(ctx context.Context, entries iter.Seq2[Entry, error], out *Rebuilt) error {
	h, err := l.head(ctx)
	if err != nil {
		return err
	}
	if h.newest() == 0 {
		if won, err := l.publish(ctx, &list{number: 1}); err != nil || !won {
			return cmp.Or(err, errMoved)
		}
		h.lists = []int64{1}
	}
	var before []string // parts that are there already
	for o, err := range l.store.List(ctx, l.prefix+partsDir, store.ListOptions{}) {
		if err != nil {
			return err
		}
		before = append(before, strings.TrimPrefix(o.Key, l.prefix))
	}
	var files sortedFiles
	defer files.remove()
	for e, err := range entries {
		if err == nil {
			err = files.add(e)
		}
		if err != nil {
			return err
		}
	}
	next := &list{number: h.newest() + 1}
	var chunk []Entry
	flush := func() error {
		if len(chunk) == 0 {
			return nil
		}
		p, err := l.write(ctx, chunk)
		next.Parts, chunk = append(next.Parts, p), chunk[:0]
		return err
	}
	last := ""
	for e, err := range files.merged() {
		if err != nil {
			return err
		}
		at := e.position()
		if at == last || h.gone[at] {
			continue
		}
		last = at
		out.Runs++
		if chunk = append(chunk, e); len(chunk) == partSize {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if err := flush(); err != nil {
		return err
	}
	switch won, err := l.publish(ctx, next); {
	case err != nil:
		return err
	case !won:
		var keys []string
		for _, p := range next.Parts {
			keys = append(keys, partsDir+p.Key)
		}
		return errors.Join(errMoved, l.remove(ctx, keys...))
	}
	done := before
	for _, at := range h.deltas {
		done = append(done, deltaKey(at))
	}
	for at := range h.gone {
		done = append(done, deltaKey(at)+goneSuffix)
	}
	for _, number := range h.lists {
		done = append(done, listKey(number))
	}
	return l.remove(ctx, done...)
}

// scan yields the entries of all records.
func (l *Log) scan(ctx context.Context, out *Rebuilt) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		for shards, err := range l.chunks(ctx) {
			if err != nil {
				yield(Entry{}, err)
				return
			}
			found, deleted := make([]*Entry, len(shards)), make([]bool, len(shards))
			g, ctx := errgroup.WithContext(ctx)
			g.SetLimit(atOnce)
			for i, key := range shards {
				g.Go(func() error {
					data, err := l.get(ctx, key, maxRecord)
					if isMissing(err) { // it was deleted
						deleted[i] = true
						return nil
					}
					if err != nil {
						return err
					}
					if run, err := l.decode(data); err == nil && key == recordsDir+shard(run.ID) {
						e := EntryOf(run)
						found[i] = &e
					}
					return nil
				})
			}
			if err := g.Wait(); err != nil {
				yield(Entry{}, err)
				return
			}
			for i, e := range found {
				switch {
				case e != nil:
					if !yield(*e, nil) {
						return
					}
				case !deleted[i] && len(out.Unreadable) < maxUnreadable:
					out.Unreadable = append(out.Unreadable, shards[i][strings.LastIndex(shards[i], "/")+1:])
				}
			}
		}
	}
}

// scannedAtOnce is how many records are read between two of the index.
const scannedAtOnce = 1000

// chunks yields the keys of the records, one level at a time: a store that keeps objects as
// files lists a folder of a million slowly.
func (l *Log) chunks(ctx context.Context) iter.Seq2[[]string, error] {
	return func(yield func([]string, error) bool) {
		var keys []string
		for dir, err := range l.store.List(ctx, l.prefix+recordsDir, store.ListOptions{Delimiter: true}) {
			if err != nil {
				yield(nil, err)
				return
			}
			if !dir.Prefix {
				continue
			}
			for o, err := range l.store.List(ctx, dir.Key, store.ListOptions{}) {
				if err != nil {
					yield(nil, err)
					return
				}
				if keys = append(keys, strings.TrimPrefix(o.Key, l.prefix)); len(keys) == scannedAtOnce {
					if !yield(keys, nil) {
						return
					}
					keys = nil
				}
			}
		}
		if len(keys) > 0 {
			yield(keys, nil)
		}
	}
}

// sortedFiles sorts entries: the last ones in memory, others in temporary files.
type sortedFiles struct {
	memory []Entry
	files  []*os.File
}

func (s *sortedFiles) add(e Entry) error {
	s.memory = append(s.memory, e)
	if len(s.memory) < sortedAtOnce {
		return nil
	}
	s.sort()
	file, err := os.CreateTemp("", "vast-history-")
	if err != nil {
		return err
	}
	s.files = append(s.files, file)
	buf := bufio.NewWriterSize(file, 1<<20)
	z, err := gzip.NewWriterLevel(buf, gzip.BestSpeed)
	if err != nil {
		return err
	}
	encoder := json.NewEncoder(z)
	for i := range s.memory {
		if err := encoder.Encode(&s.memory[i]); err != nil {
			return err
		}
	}
	s.memory = s.memory[:0]
	return errors.Join(z.Close(), buf.Flush())
}

func (s *sortedFiles) sort() {
	slices.SortFunc(s.memory, func(a, b Entry) int { return a.compare(&b) })
}

// merged yields all entries by position.
func (s *sortedFiles) merged() iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		s.sort()
		type source struct {
			next func() (*Entry, error)
			e    *Entry
		}
		memory := s.memory
		sources := []*source{{next: func() (*Entry, error) {
			if len(memory) == 0 {
				return nil, nil
			}
			e := &memory[0]
			memory = memory[1:]
			return e, nil
		}}}
		for _, file := range s.files {
			if _, err := file.Seek(0, io.SeekStart); err != nil {
				yield(Entry{}, err)
				return
			}
			z, err := gzip.NewReader(bufio.NewReaderSize(file, 256<<10))
			if err != nil {
				yield(Entry{}, fmt.Errorf("a temporary file: %w", err))
				return
			}
			decoder := json.NewDecoder(z)
			sources = append(sources, &source{next: func() (*Entry, error) {
				e := &Entry{}
				if err := decoder.Decode(e); errors.Is(err, io.EOF) {
					return nil, nil
				} else if err != nil {
					return nil, fmt.Errorf("a temporary file: %w", err)
				}
				return e, nil
			}})
		}
		advance := func(f *source) error {
			var err error
			f.e, err = f.next()
			return err
		}
		for _, f := range sources {
			if err := advance(f); err != nil {
				yield(Entry{}, err)
				return
			}
		}
		for {
			var first *source
			for _, f := range sources {
				if f.e != nil && (first == nil || f.e.compare(first.e) < 0) {
					first = f
				}
			}
			if first == nil || !yield(*first.e, nil) {
				return
			}
			if err := advance(first); err != nil {
				yield(Entry{}, err)
				return
			}
		}
	}
}

func (s *sortedFiles) remove() {
	for _, file := range s.files {
		_ = file.Close() // it is temporary
		_ = os.Remove(file.Name())
	}
}
