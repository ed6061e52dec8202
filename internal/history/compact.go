package history

import (
	"context"
	"errors"
	"slices"
	"sort"

	"golang.org/x/sync/errgroup"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/internal/workflow/record"
	"github.com/kubevast/vast/sdk/api"
)

const (
	// compactAt is the number of deltas from which Add compacts the index.
	compactAt = 200
	// compactMost is how many deltas a compaction takes.
	compactMost = 2000
	// partSize is how many entries a part has. One that is not the newest is divided when
	// it has more than twice as many.
	partSize = 2000
)

// Compact moves deltas into parts while there are at least so many of them. If another
// program compacts the index at the same time, one of them does.
func (l *Log) Compact(ctx context.Context, atLeast int) error {
	for more := true; more; {
		err := settled(ctx, func() error {
			h, err := l.head(ctx)
			if more = err == nil && h.size() >= max(atLeast, 1); !more {
				return err
			}
			return l.compact(ctx, h)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// compact moves up to compactMost deltas. It returns errMoved if another program was quicker.
func (l *Log) compact(ctx context.Context, h *head) error {
	if h.newest() == 0 {
		if err := l.begin(ctx, h); err != nil {
			return err
		}
		return errMoved
	}
	old, err := l.current(ctx, h)
	if err != nil {
		return err
	}
	positions := h.deltas[:min(len(h.deltas), compactMost)]
	entries, err := l.deltas(ctx, positions)
	if err != nil {
		return err
	}
	next := &list{Parts: slices.Clone(old.Parts), number: old.number + 1}
	written, err := l.merged(ctx, old, next, entries, h.gone)
	if err != nil {
		return errors.Join(err, l.remove(context.WithoutCancel(ctx), written...))
	}
	switch won, err := l.publish(ctx, next); {
	case err != nil: // it may have been published: what it names stays
		return err
	case !won:
		return errors.Join(errMoved, l.remove(ctx, written...))
	}
	// Nothing reads these any more.
	done := make([]string, 0, len(positions)+len(h.gone)+len(old.Dropped)+len(h.lists))
	for _, at := range positions {
		done = append(done, deltaKey(at))
	}
	for at := range h.gone {
		done = append(done, deltaKey(at)+goneSuffix)
		if _, found := slices.BinarySearch(h.deltas, at); found {
			done = append(done, deltaKey(at))
		}
	}
	for _, key := range old.Dropped {
		done = append(done, partsDir+key)
	}
	for _, number := range h.lists[:len(h.lists)-1] {
		done = append(done, listKey(number))
	}
	return l.remove(ctx, done...)
}

// begin writes the first list, which is empty.
func (l *Log) begin(ctx context.Context, h *head) error {
	if _, err := l.current(ctx, h); err != nil {
		return err
	}
	_, err := l.publish(ctx, &list{number: 1})
	return err
}

// publish writes a list, provided that none with its number exists, and reports whether it
// did. After an error it may be written or not; errMoved means that a list with a greater
// number exists.
func (l *Log) publish(ctx context.Context, next *list) (bool, error) {
	next.Version, next.ID = Version, kube.NewID()+kube.NewID()
	data, err := record.Pack(next)
	if err != nil {
		return false, err
	}
	err = l.put(ctx, listKey(next.number), data, store.PutOptions{IfAbsent: true})
	if errors.As(err, new(*api.ConflictError)) {
		var there list
		have, err := l.get(ctx, listKey(next.number), maxPacked)
		if isMissing(err) {
			return false, errMoved
		}
		if err != nil {
			return false, err
		}
		if record.Unpack(have, maxPacked, &there) != nil || there.ID != next.ID { // otherwise the answer was lost
			return false, nil
		}
	} else if err != nil {
		return false, err
	}
	// A program that was suspended for long may write a number that was removed meanwhile.
	// Or another one has begun with this list already.
	h, err := l.head(ctx)
	if err == nil && h.newest() != next.number {
		err = errMoved
	}
	return true, err
}

func (l *Log) remove(ctx context.Context, keys ...string) error {
	for i := range keys {
		keys[i] = l.prefix + keys[i]
	}
	return l.store.Delete(ctx, keys...)
}

// merged writes new parts for those parts of old that entries or gone belong to, and sets
// the parts of next. It returns the keys of what it has written.
func (l *Log) merged(ctx context.Context, old, next *list, entries []Entry, gone map[string]bool) (written []string, err error) {
	// The entries by the number of the part that they go to.
	to := map[int][]Entry{}
	place := func(position string) int {
		n := sort.Search(len(old.Parts), func(i int) bool { return old.Parts[i].Last >= position })
		return min(n, max(len(old.Parts)-1, 0))
	}
	for i := range entries {
		n := place(entries[i].position())
		to[n] = append(to[n], entries[i])
	}
	for at := range gone {
		if n := place(at); n < len(old.Parts) && old.Parts[n].First <= at && at <= old.Parts[n].Last && to[n] == nil {
			to[n] = []Entry{}
		}
	}
	replaced := make([][]part, max(len(old.Parts), 1))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(partsAtOnce)
	keys := make([][]string, len(replaced))
	for n, fresh := range to {
		g.Go(func() error {
			var have []Entry
			var err error
			if n < len(old.Parts) {
				if have, err = l.entries(ctx, old, &old.Parts[n]); err != nil {
					return err
				}
			}
			for _, chunk := range divided(sorted(have, fresh, gone), n == 0) {
				p, err := l.write(ctx, chunk)
				keys[n] = append(keys[n], partsDir+p.Key)
				if err != nil {
					return err
				}
				replaced[n] = append(replaced[n], p)
			}
			return nil
		})
	}
	err = g.Wait()
	written = slices.Concat(keys...)
	next.Parts = nil
	for n := range replaced {
		if _, changed := to[n]; changed {
			next.Parts = append(next.Parts, replaced[n]...)
			if n < len(old.Parts) {
				next.Dropped = append(next.Dropped, old.Parts[n].Key)
			}
		} else if n < len(old.Parts) {
			next.Parts = append(next.Parts, old.Parts[n])
		}
	}
	return written, err
}

// partsAtOnce is how many parts a compaction changes at a time. It bounds its memory.
const partsAtOnce = 4

// sorted merges entries with those of a part, without those that are gone.
func sorted(have, fresh []Entry, gone map[string]bool) []Entry {
	all := make([]Entry, 0, len(have)+len(fresh))
	for len(have)+len(fresh) > 0 {
		from := &have
		if len(have) == 0 || len(fresh) > 0 && fresh[0].compare(&have[0]) <= 0 {
			from = &fresh
		}
		e := (*from)[0]
		*from = (*from)[1:]
		at := e.position()
		if gone[at] || len(all) > 0 && all[len(all)-1].position() == at {
			continue
		}
		all = append(all, e)
	}
	return all
}

// divided divides the entries of a part that has become too large. Of the newest part, which
// grows most, the older entries become full parts.
func divided(all []Entry, newest bool) [][]Entry {
	var out [][]Entry
	switch {
	case len(all) == 0:
		return nil
	case newest:
		if rest := len(all) % partSize; rest > 0 {
			out, all = append(out, all[:rest]), all[rest:]
		}
		return slices.AppendSeq(out, slices.Chunk(all, partSize))
	case len(all) <= 2*partSize:
		return [][]Entry{all}
	}
	n := (len(all) + partSize - 1) / partSize
	return slices.AppendSeq(out, slices.Chunk(all, (len(all)+n-1)/n))
}
