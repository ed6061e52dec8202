package logs

import (
	"context"
	"slices"
	"time"

	"github.com/kubevast/vast/internal/text"
	"github.com/kubevast/vast/sdk/api"
)

// atOnce is the number of logs that are read concurrently without Follow.
const atOnce = 32

// snapshot reads the current logs.
func (s *session) snapshot(ctx context.Context) error {
	if _, err := s.tracker.list(ctx); err != nil {
		return s.src.Conn.Classify(err, "list", "pods")
	}
	ofRank := map[int][]podState{}
	for _, st := range s.tracker.pods {
		ofRank[st.rank] = append(ofRank[st.rank], st)
	}
	slots := make(chan struct{}, atOnce)
	without, notStarted := map[int]bool{}, map[int]bool{}
	var readers []*reader
	for _, rank := range sortedRanks(s.ranks) {
		pods := ofRank[rank]
		slices.SortFunc(pods, func(a, b podState) int { return a.created.Compare(b.created) })
		var before <-chan struct{}
		for _, st := range pods {
			if !st.started {
				continue
			}
			r := newReader(s, st, before)
			before = r.done
			readers = append(readers, r)
			select {
			case slots <- struct{}{}:
			case <-ctx.Done():
				return s.end(ctx)
			}
			s.readers.Go(func() {
				defer func() { <-slots }()
				if err := r.run(ctx); err != nil {
					s.abort(err)
				}
			})
		}
		switch {
		case before != nil:
		case len(pods) > 0:
			notStarted[rank] = true
		default:
			without[rank] = true
		}
	}
	s.readers.Wait()
	if ctx.Err() != nil {
		return s.end(ctx)
	}
	for rank := range lost(readers) {
		without[rank] = true
	}
	s.explain(ctx, without, notStarted)
	return nil
}

// lost returns the nodes whose pods were deleted just before their logs were read. Only
// their stored logs are left.
func lost(readers []*reader) map[int]bool {
	ranks := map[int]bool{}
	for _, r := range readers {
		if r.lost.Load() {
			ranks[r.rank] = true
		}
	}
	for _, r := range readers {
		if !r.lost.Load() {
			delete(ranks, r.rank)
		}
	}
	return ranks
}

// end returns why the context has ended.
func (s *session) end(ctx context.Context) error {
	if err := s.failure(); err != nil {
		return err
	}
	return context.Cause(ctx)
}

// explain reports why some nodes have no logs.
func (s *session) explain(ctx context.Context, without, notStarted map[int]bool) {
	if len(notStarted) == 0 && len(without) == 0 {
		return
	}
	asked, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	st, err := s.src.Status(asked)
	if err != nil {
		st = &api.TaskStatus{}
	}
	if ended := st.State.Ended(); len(without) > 0 && ended {
		s.afterPods(ctx, without, st)
		without = nil
	} else if len(notStarted) > 0 && ended {
		s.notify("%s never started and printed nothing", nodes(sortedRanks(notStarted)))
		return
	}
	for rank := range without {
		notStarted[rank] = true
	}
	for _, message := range waiting(notStarted, st) {
		s.notify("nothing printed yet, %s", message)
	}
}

// afterPods delivers the stored logs of nodes whose pods are gone, or reports why there
// are none. The task has ended.
func (s *session) afterPods(ctx context.Context, ranks map[int]bool, st *api.TaskStatus) {
	why := ""
	if s.src.Kept != nil {
		o := s.o
		o.Nodes, o.Notify = sortedRanks(ranks), func(message string) { s.notify("%s", message) }
		err := s.src.Kept(ctx, o, s.deliverLine)
		if err == nil || ctx.Err() != nil || s.failure() != nil {
			return
		}
		why = ": " + text.Line(err.Error())
	}
	s.notify("%s: no log is left, the task %s and its pods were deleted%s", nodes(sortedRanks(ranks)), ago(st), why)
}

func ago(st *api.TaskStatus) string {
	if st.EndTime == nil {
		return "has ended"
	}
	return "ended at " + st.EndTime.UTC().Format(time.RFC3339)
}
