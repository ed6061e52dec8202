package history

import (
	"context"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubevast/vast/internal/workflow/record"
)

// Query selects entries. Empty fields select all.
type Query struct {
	User, Workflow, Phase, Result string
	Selector                      labels.Selector
	// After is a position: entries that are not older are omitted. See After and AfterRun.
	After string
	// Limit is the number of entries, at least 1.
	Limit int
}

// After returns the position for a Query of the runs that were created before a time.
func After(t time.Time) string { return positionAt(t.Unix()) + "-~" }

// AfterRun returns the position for a Query of the runs that are older than one.
func AfterRun(r *record.Run) string {
	e := EntryOf(r)
	return e.position()
}

func (q *Query) selects(e *Entry) bool {
	return (q.User == "" || e.User == q.User) && (q.Workflow == "" || e.Workflow == q.Workflow) &&
		(q.Phase == "" || e.Phase == q.Phase) && (q.Result == "" || e.Result == q.Result) &&
		(q.Selector == nil || q.Selector.Empty() || q.Selector.Matches(e.Labels()))
}

// mayHave reports whether a part can have entries that are selected.
func (q *Query) mayHave(p *part) bool {
	has := func(names []string, want string) bool {
		return want == "" || names == nil || slices.Contains(names, want)
	}
	if p.Last <= q.After || !has(p.Users, q.User) || !has(p.Workflows, q.Workflow) {
		return false
	}
	return p.Ends == nil || slices.ContainsFunc(p.Ends, func(end string) bool {
		phase, result, _ := strings.Cut(end, "/")
		return (q.Phase == "" || phase == q.Phase) && (q.Result == "" || result == q.Result)
	})
}

// Page returns the newest entries that q selects, newest first, and whether there are more.
// It reads the parts that it needs, one after the other. An index that cannot be read is a
// DamagedError.
func (l *Log) Page(ctx context.Context, q Query) (entries []Entry, more bool, err error) {
	err = settled(ctx, func() error {
		entries, more, err = l.page(ctx, q)
		return err
	})
	return entries, more, err
}

func (l *Log) page(ctx context.Context, q Query) ([]Entry, bool, error) {
	h, err := l.head(ctx)
	if err != nil {
		return nil, false, err
	}
	m := &merge{log: l, query: q}
	if m.list, err = l.current(ctx, h); err != nil {
		return nil, false, err
	}
	at, found := slices.BinarySearch(h.deltas, q.After)
	if found {
		at++
	}
	m.positions, m.parts = h.deltas[at:], m.list.Parts
	var out []Entry
	last := ""
	for {
		e, err := m.next(ctx)
		if err != nil || e == nil {
			return out, false, err
		}
		position := e.position()
		if position == last { // a compaction was interrupted before it deleted the delta
			continue
		}
		last = position
		if position <= q.After || h.gone[position] || !q.selects(e) {
			continue
		}
		if len(out) == q.Limit {
			return out, true, nil
		}
		out = append(out, *e)
	}
}

// merge yields the entries of deltas and parts by position.
type merge struct {
	log   *Log
	query Query
	list  *list

	positions []string
	parts     []part
	// deltas and entries were read and not yielded yet.
	deltas, entries []Entry
}

// deltasAtOnce is how many deltas are read before the first one is needed.
const deltasAtOnce = 2 * atOnce

func (m *merge) next(ctx context.Context) (*Entry, error) {
	var err error
	if len(m.deltas) == 0 && len(m.positions) > 0 {
		n := min(len(m.positions), deltasAtOnce)
		if m.deltas, err = m.log.deltas(ctx, m.positions[:n]); err != nil {
			return nil, err
		}
		m.positions = m.positions[n:]
	}
	for len(m.entries) == 0 && len(m.parts) > 0 {
		if m.query.mayHave(&m.parts[0]) {
			if m.entries, err = m.log.entries(ctx, m.list, &m.parts[0]); err != nil {
				return nil, err
			}
		}
		m.parts = m.parts[1:]
	}
	from := &m.deltas
	if len(*from) == 0 || len(m.entries) > 0 && m.entries[0].compare(&(*from)[0]) < 0 {
		from = &m.entries
	}
	if len(*from) == 0 {
		return nil, nil
	}
	e := &(*from)[0]
	*from = (*from)[1:]
	return e, nil
}

// Count returns the number of runs in the index. Runs that were deleted since the last
// compaction may be among them.
func (l *Log) Count(ctx context.Context) (n int, err error) {
	err = settled(ctx, func() error {
		h, err := l.head(ctx)
		if err != nil {
			return err
		}
		now, err := l.current(ctx, h)
		if err != nil {
			return err
		}
		n = len(h.deltas)
		for i := range now.Parts {
			n += now.Parts[i].Count
		}
		return nil
	})
	return n, err
}
