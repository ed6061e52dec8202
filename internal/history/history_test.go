package history

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/internal/workflow"
	"github.com/kubevast/vast/internal/workflow/record"
	"github.com/kubevast/vast/sdk/api"
)

const namespace = "lab"

// hooked is a folder as a store that calls at before each request, with its number from 1. An
// error of at is that of the request, which is not sent.
type hooked struct {
	store.Backend
	n  atomic.Int64
	at func(n int64) error
	// after is called after each request, whose answer is lost if it returns an error.
	after func(n int64) error
}

func (h *hooked) do(f func() error) error {
	n := h.n.Add(1)
	if h.at != nil {
		if err := h.at(n); err != nil {
			return err
		}
	}
	err := f()
	if err == nil && h.after != nil {
		err = h.after(n)
	}
	return err
}

func (h *hooked) Get(ctx context.Context, key string, offset int64) (r io.ReadCloser, o store.Object, err error) {
	err = h.do(func() error { r, o, err = h.Backend.Get(ctx, key, offset); return err })
	return r, o, err
}

func (h *hooked) Put(ctx context.Context, key string, r io.Reader, size int64, p store.PutOptions) (o store.Object, err error) {
	err = h.do(func() error { o, err = h.Backend.Put(ctx, key, r, size, p); return err })
	return o, err
}

func (h *hooked) Delete(ctx context.Context, keys ...string) error {
	return h.do(func() error { return h.Backend.Delete(ctx, keys...) })
}

func (h *hooked) List(ctx context.Context, prefix string, o store.ListOptions) iter.Seq2[store.Object, error] {
	return func(yield func(store.Object, error) bool) {
		if err := h.do(func() error { return nil }); err != nil {
			yield(store.Object{}, err)
			return
		}
		h.Backend.List(ctx, prefix, o)(yield)
	}
}

func newStore(t testing.TB) *hooked {
	t.Helper()
	dir, err := store.OpenDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return &hooked{Backend: dir}
}

// began is the time of run 0.
var began = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

func ended(t testing.TB, n int) *corev1.ConfigMap {
	t.Helper()
	cm, err := endedRun(n)
	if err != nil {
		t.Fatal(err)
	}
	return cm
}

// endedRun returns the ConfigMap of run n, which was created n seconds after began.
func endedRun(n int) (*corev1.ConfigMap, error) {
	made := record.New{ID: kube.DerivedRunID("run", fmt.Sprint(n)), Namespace: namespace, Workflow: fmt.Sprintf("flow-%d", n%3), User: fmt.Sprintf("user-%d", n%2), Tasks: 1}
	cm, err := made.Object()
	if err != nil {
		return nil, err
	}
	cm.CreationTimestamp, cm.UID = metav1.NewTime(began.Add(time.Duration(n)*time.Second)), "uid"
	result, status := workflow.ResultSuccess, workflow.StatusSuccess
	if n%10 == 7 {
		result, status = workflow.ResultFailed, workflow.StatusFailed
	}
	state := workflow.State{Version: 1, Phase: workflow.PhaseFinished, Result: result, Started: began.Unix(), Ended: began.Unix() + 5,
		Tasks: map[string]workflow.TaskState{"a": {Status: status, Attempt: 1}}}
	run, err := record.FromObject(cm)
	if err != nil {
		return nil, err
	}
	g := workflow.Workflow{Tasks: []workflow.Task{{Name: "a"}}}
	fields, err := record.Fields(run, state, &g, "pod/x")
	if err != nil {
		return nil, err
	}
	data, err := json.Marshal(fields)
	if err != nil {
		return nil, err
	}
	var patch corev1.ConfigMap
	if err := json.Unmarshal(data, &patch); err != nil {
		return nil, err
	}
	for k, v := range patch.Labels {
		cm.Labels[k] = v
	}
	for k, v := range patch.Annotations {
		cm.Annotations[k] = v
	}
	cm.BinaryData = patch.BinaryData
	return cm, nil
}

// add adds runs [from, to) in a random order.
func add(t testing.TB, l *Log, from, to int) {
	t.Helper()
	var g errgroup.Group
	g.SetLimit(8)
	for _, i := range rand.Perm(to - from) {
		cm := ended(t, from+i)
		g.Go(func() error { return l.Add(t.Context(), cm, nil) })
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
}

// listed returns the ids of all runs that q selects, read page by page.
func listed(t testing.TB, l *Log, q Query) []string {
	t.Helper()
	ids := []string{}
	for {
		page, more, err := l.Page(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range page {
			ids = append(ids, e.ID)
		}
		if !more {
			return ids
		}
		if len(page) != q.Limit {
			t.Fatalf("a page of %d has %d entries, and there are more", q.Limit, len(page))
		}
		q.After = page[len(page)-1].position()
	}
}

// newest returns the ids of runs [from, to) that match, newest first.
func newest(from, to int, match func(n int) bool) []string {
	ids := []string{}
	for n := to - 1; n >= from; n-- {
		if match == nil || match(n) {
			ids = append(ids, kube.DerivedRunID("run", fmt.Sprint(n)))
		}
	}
	return ids
}

func same(t testing.TB, what string, want, got []string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%.2000s", what, diff)
	}
}

func TestRunsAreListedFromTheNewestPageByPage(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	l := Open(s, namespace)
	same(t, "an empty store", []string{}, listed(t, l, Query{Limit: 10}))
	const n = 450
	add(t, l, 0, n)
	h, err := l.head(t.Context())
	if err != nil || h.size() >= 2*compactAt || h.newest() == 0 {
		t.Errorf("after %d runs there are %d deltas and list %d: %v", n, h.size(), h.newest(), err)
	}
	same(t, "all runs", newest(0, n, nil), listed(t, l, Query{Limit: 50}))
	same(t, "failed runs of a workflow", newest(0, n, func(i int) bool { return i%10 == 7 && i%3 == 1 && i%2 == 1 }),
		listed(t, l, Query{Limit: 7, Result: "failed", Workflow: "flow-1", User: "user-1"}))
	same(t, "runs before a time", newest(0, 100, nil), listed(t, l, Query{Limit: 1000, After: After(began.Add(100 * time.Second))}))
	run, err := l.Get(t.Context(), kube.DerivedRunID("run", "100"))
	if err != nil || run.State.Tasks["a"].Status != workflow.StatusSuccess || run.User != "user-0" {
		t.Fatalf("the record of run 100 is %+v: %v", run, err)
	}
	same(t, "runs before a run", newest(0, 100, nil), listed(t, l, Query{Limit: 1000, After: AfterRun(run)}))
	if _, err := l.Get(t.Context(), "nothere1"); !isMissing(err) {
		t.Errorf("a run that is not there: %v", err)
	}
	if err := l.Compact(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	same(t, "all runs after a compaction", newest(0, n, nil), listed(t, l, Query{Limit: 64}))
}

func TestARemovedRunIsInNoListAndItsRecordIsGone(t *testing.T) {
	t.Parallel()
	for name, compacted := range map[string]bool{"before": false, "after": true} {
		t.Run(name+" a compaction", func(t *testing.T) {
			t.Parallel()
			l := Open(newStore(t), namespace)
			add(t, l, 0, 20)
			if compacted {
				if err := l.Compact(t.Context(), 1); err != nil {
					t.Fatal(err)
				}
			}
			run, err := record.FromObject(ended(t, 7))
			if err != nil {
				t.Fatal(err)
			}
			for range 2 { // it is idempotent
				if err := l.Remove(t.Context(), run); err != nil {
					t.Fatal(err)
				}
				want := newest(0, 20, func(n int) bool { return n != 7 })
				same(t, "runs", want, listed(t, l, Query{Limit: 50}))
				if err := l.Compact(t.Context(), 1); err != nil {
					t.Fatal(err)
				}
				same(t, "compacted", want, listed(t, l, Query{Limit: 50}))
				if _, err := l.Get(t.Context(), run.ID); !isMissing(err) {
					t.Errorf("the record: %v", err)
				}
			}
		})
	}
}

func manyEntries(n int) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		for i := range n {
			if !yield(Entry{ID: kube.DerivedRunID("run", fmt.Sprint(i)), Created: began.Unix() + int64(i), Workflow: "nightly",
				User: fmt.Sprintf("user-%d", i*100/n), Phase: "finished", Result: "success"}, nil) {
				return
			}
		}
	}
}

func TestTheNewestRunsOfManyNeedFewRequests(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	l := Open(s, namespace)
	const n = 60_000
	if err := l.Replace(t.Context(), manyEntries(n)); err != nil {
		t.Fatal(err)
	}
	add(t, l, n, n+compactAt-1)
	count := func(q Query) (int, int64) {
		s.n.Store(0)
		page, _, err := l.Page(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		return len(page), s.n.Load()
	}
	// One list request, the list of the parts, a part, and as many deltas as are on the page.
	if got, requests := count(Query{Limit: 50}); got != 50 || requests > 3+deltasAtOnce {
		t.Errorf("the newest %d runs took %d requests", got, requests)
	}
	if got, requests := count(Query{Limit: 50, After: After(began.Add(n / 2 * time.Second))}); got != 50 || requests > 4 {
		t.Errorf("%d old runs took %d requests", got, requests)
	}
	// A user has a hundredth of the runs: one or two of the 30 parts.
	if got, requests := count(Query{Limit: 50, After: After(began.Add(n * time.Second)), User: "user-3"}); got != 50 || requests > 4 {
		t.Errorf("%d runs of a user took %d requests", got, requests)
	}
	if got, requests := count(Query{Limit: 50, After: After(began.Add(n * time.Second)), Result: "failed"}); got != 0 || requests > 2 {
		t.Errorf("%d failed runs took %d requests", got, requests)
	}
	ids := map[string]bool{}
	for _, id := range listed(t, l, Query{Limit: 10_000}) {
		ids[id] = true
	}
	if len(ids) != n+compactAt-1 {
		t.Errorf("%d different runs are listed", len(ids))
	}
}

// model is a folder with an index of runs [0, 8) and deltas of runs [8, 16).
var model = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "vast-history-")
	if err != nil {
		return "", err
	}
	s, err := store.OpenDir(dir)
	if err != nil {
		return "", err
	}
	l := Open(s, namespace)
	for n := range 16 {
		cm, err := endedRun(n)
		if err != nil {
			return "", err
		}
		if err := l.Add(context.Background(), cm, nil); err != nil {
			return "", err
		}
		if n == 7 {
			if err := l.Compact(context.Background(), 1); err != nil {
				return "", err
			}
		}
	}
	return dir, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if dir, err := model(); err == nil {
		_ = os.RemoveAll(dir)
	}
	os.Exit(code)
}

// stored is a copy of the model.
func stored(t testing.TB) *hooked {
	t.Helper()
	from, err := model()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	s, err := store.OpenDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	return &hooked{Backend: s}
}

// interrupted calls do with a store that calls between before the request of each number, in
// a store of its own, until do needs fewer requests; then check.
func interrupted(t *testing.T, do func(l *Log) error, between, check func(t *testing.T, s *hooked)) {
	t.Helper()
	for n := int64(1); ; n++ {
		s := stored(t)
		reached := false
		h := &hooked{Backend: s.Backend, at: func(i int64) error {
			if i == n {
				reached = true
				between(t, s)
			}
			return nil
		}}
		if err := do(Open(h, namespace)); err != nil {
			t.Errorf("interrupted before request %d: %v", n, err)
		}
		check(t, s)
		if t.Failed() {
			t.Fatalf("interrupted before request %d", n)
		}
		if !reached {
			t.Logf("%d requests", n-1)
			return
		}
	}
}

func compactions(runs int) func(*testing.T, *hooked) {
	return func(t *testing.T, s *hooked) {
		l := Open(s.Backend, namespace)
		for i := range runs {
			if i > 0 {
				add(t, l, 16+i, 17+i)
			}
			if err := l.Compact(t.Context(), 1); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestACompactionThatAnotherOneOvertakesAtAnyRequestLosesNothing(t *testing.T) {
	t.Parallel()
	for _, others := range []int{1, 2, 4} {
		t.Run(fmt.Sprint(others), func(t *testing.T) {
			t.Parallel()
			late := 16 // a run that is added while the compaction is interrupted
			interrupted(t, func(l *Log) error { return l.Compact(t.Context(), 1) }, func(t *testing.T, s *hooked) {
				compactions(others)(t, s)
				add(t, Open(s.Backend, namespace), late, late+1)
			}, func(t *testing.T, s *hooked) {
				l := Open(s.Backend, namespace)
				want := newest(0, 16, nil)
				got := listed(t, l, Query{Limit: 5})
				same(t, "runs", want, got[len(got)-min(len(got), 16):])
				if len(got) != 16 && len(got) != 16+others { // the late ones
					t.Errorf("%d runs are listed", len(got))
				}
				compactions(1)(t, s)
				same(t, "runs after another compaction", got, listed(t, l, Query{Limit: 5}))
			})
		})
	}
}

func TestACompactionThatEndsAtAnyRequestLosesNothing(t *testing.T) {
	t.Parallel()
	cut := errors.New("cut")
	for name, after := range map[string]bool{"before the request": false, "after the request": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for n := int64(1); ; n++ {
				s := stored(t)
				reached := false
				fail := func(i int64) error {
					if i >= n { // the program is gone
						reached = true
						return cut
					}
					return nil
				}
				h := &hooked{Backend: s.Backend, at: fail}
				if after {
					h.at, h.after = func(i int64) error {
						if i > n {
							return cut
						}
						return nil
					}, fail
				}
				err := Open(h, namespace).Compact(t.Context(), 1)
				if reached != errors.Is(err, cut) {
					t.Errorf("cut at request %d: %v", n, err)
				}
				l := Open(s.Backend, namespace)
				same(t, "runs", newest(0, 16, nil), listed(t, l, Query{Limit: 7}))
				compactions(1)(t, s)
				same(t, "runs after another compaction", newest(0, 16, nil), listed(t, l, Query{Limit: 7}))
				if t.Failed() {
					t.Fatalf("cut at request %d", n)
				}
				if !reached {
					return
				}
			}
		})
	}
}

func TestAPageThatIsReadDuringCompactionsIsComplete(t *testing.T) {
	t.Parallel()
	interrupted(t, func(l *Log) error {
		page, _, err := l.Page(t.Context(), Query{Limit: 100, After: After(began.Add(16 * time.Second))})
		ids := []string{}
		for _, e := range page {
			ids = append(ids, e.ID)
		}
		same(t, "the page", newest(0, 16, nil), ids)
		return err
	}, compactions(3), func(*testing.T, *hooked) {})
}

func TestManyCompactionsAndAdditionsAtOnceLoseNothing(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	const writers, each = 6, 15
	var g errgroup.Group
	for w := range writers {
		var mu sync.Mutex
		dice := rand.New(rand.NewPCG(uint64(w), 1))
		l := Open(&hooked{Backend: s.Backend, at: func(int64) error {
			mu.Lock()
			pause := dice.IntN(300)
			mu.Unlock()
			time.Sleep(time.Duration(pause) * time.Microsecond) // another order of requests each time
			return nil
		}}, namespace)
		g.Go(func() error {
			for i := range each {
				if err := l.Add(t.Context(), ended(t, w*each+i), nil); err != nil {
					return err
				}
				if i%5 != 4 {
					continue
				}
				if err := l.Compact(t.Context(), 1); err != nil && !api.IsConflict(err) { // it was overtaken all the time
					return err
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	same(t, "runs", newest(0, writers*each, nil), listed(t, Open(s, namespace), Query{Limit: 50}))
}

// change changes the objects below a folder, and fails the test if there are none.
func change(t *testing.T, s *hooked, dir string, do func(key string) error) {
	t.Helper()
	n := 0
	for o, err := range s.Backend.List(t.Context(), layout.RunsPrefix(namespace)+dir, store.ListOptions{}) {
		if err == nil {
			err = do(o.Key)
		}
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	if n == 0 {
		t.Fatalf("nothing is below %s", dir)
	}
}

func TestADamagedIndexIsReportedAndRebuiltFromTheRecords(t *testing.T) {
	t.Parallel()
	write := func(t *testing.T, s *hooked, text string) func(string) error {
		return func(key string) error {
			_, err := s.Backend.Put(t.Context(), key, strings.NewReader(text), int64(len(text)), store.PutOptions{})
			return err
		}
	}
	remove := func(t *testing.T, s *hooked) func(string) error {
		return func(key string) error { return s.Backend.Delete(t.Context(), key) }
	}
	for name, damage := range map[string]func(t *testing.T, s *hooked){
		"a part that is missing":      func(t *testing.T, s *hooked) { change(t, s, partsDir, remove(t, s)) },
		"a part of other content":     func(t *testing.T, s *hooked) { change(t, s, partsDir, write(t, s, "[]")) },
		"lists that are missing":      func(t *testing.T, s *hooked) { change(t, s, headDir+listPrefix, remove(t, s)) },
		"a list that is cut":          func(t *testing.T, s *hooked) { change(t, s, headDir+listPrefix, write(t, s, "x")) },
		"a delta that is no entry":    func(t *testing.T, s *hooked) { change(t, s, headDir+deltaPrefix, write(t, s, "{")) },
		"a delta that is another run": func(t *testing.T, s *hooked) { change(t, s, headDir+deltaPrefix, write(t, s, "{}")) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := stored(t)
			l := Open(s, namespace)
			damage(t, s)
			if _, _, err := l.Page(t.Context(), Query{Limit: 100}); !errors.As(err, new(*DamagedError)) {
				t.Errorf("a page: %v", err)
			}
			if err := l.Compact(t.Context(), 1); !errors.As(err, new(*DamagedError)) {
				t.Errorf("a compaction: %v", err)
			}
			add(t, l, 16, 17)
			out, err := l.Rebuild(t.Context())
			if err != nil || out.Runs != 17 || len(out.Unreadable) != 0 {
				t.Errorf("rebuilt: %+v, %v", out, err)
			}
			same(t, "runs", newest(0, 17, nil), listed(t, l, Query{Limit: 10}))
		})
	}
}

func TestARecordThatCannotBeReadIsNamedByARebuild(t *testing.T) {
	t.Parallel()
	s := stored(t)
	l := Open(s, namespace)
	id := kube.DerivedRunID("run", "5")
	if err := l.put(t.Context(), recordsDir+shard(id), []byte("{"), store.PutOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Get(t.Context(), id); !api.IsUnavailable(err) {
		t.Errorf("get: %v", err)
	}
	out, err := l.Rebuild(t.Context())
	if err != nil || out.Runs != 15 || !slices.Equal(out.Unreadable, []string{id}) {
		t.Errorf("rebuilt: %+v, %v", out, err)
	}
}

func TestARebuildThatCompactionsOvertakeAtAnyRequestLosesNothing(t *testing.T) {
	t.Parallel()
	interrupted(t, func(l *Log) error { _, err := l.Rebuild(t.Context()); return err }, compactions(2), func(t *testing.T, s *hooked) {
		got := listed(t, Open(s.Backend, namespace), Query{Limit: 50})
		same(t, "runs", newest(0, 16, nil), got[len(got)-min(len(got), 16):])
		if len(got) != 16 && len(got) != 17 {
			t.Errorf("%d runs are listed", len(got))
		}
	})
}

func TestTheRecordOfAnotherNamespaceOrOfARunThatRunsIsNotUsed(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	l := Open(s, namespace)
	cm := ended(t, 1)
	cm.BinaryData = nil
	if err := l.Add(t.Context(), cm, nil); err == nil {
		t.Error("a run that has not ended is kept")
	}
	cm = ended(t, 2)
	cm.Namespace = "other"
	if err := l.Add(t.Context(), cm, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Get(t.Context(), cm.Labels[kube.LabelWorkflow]); !api.IsUnavailable(err) {
		t.Errorf("the record of another namespace: %v", err)
	}
}

func TestTheSpecificationOfAnEndedRunIsKept(t *testing.T) {
	t.Parallel()
	l := Open(newStore(t), namespace)
	var w record.Writer
	if err := w.Add(&record.Objects{}); err != nil {
		t.Fatal(err)
	}
	parts, err := w.Parts(record.Spec{Workflow: workflow.Workflow{Name: "x", Tasks: []workflow.Task{{Name: "a"}}}})
	if err != nil {
		t.Fatal(err)
	}
	cm := ended(t, 1)
	if err := l.Add(t.Context(), cm, slices.Concat(parts...)); err != nil {
		t.Fatal(err)
	}
	id := cm.Labels[kube.LabelWorkflow]
	header, err := l.Header(t.Context(), id)
	if err != nil || header.Workflow.Tasks[0].Name != "a" {
		t.Errorf("header %+v: %v", header, err)
	}
	if r, err := l.Spec(t.Context(), id); err != nil || r.Workflow.Name != "x" {
		t.Errorf("specification: %v", err)
	}
}

func TestASelectorSelectsByTheLabelsOfTheRuns(t *testing.T) {
	t.Parallel()
	l := Open(newStore(t), namespace)
	for n := range 3 {
		cm := ended(t, n)
		if n == 1 {
			cm.Labels[kube.LabelSchedule] = "night"
		}
		if err := l.Add(t.Context(), cm, nil); err != nil {
			t.Fatal(err)
		}
	}
	for text, want := range map[string][]string{
		kube.LabelSchedule + "=night":                        newest(1, 2, nil),
		"!" + kube.LabelSchedule:                             newest(0, 3, func(n int) bool { return n != 1 }),
		kube.LabelWorkflowName + "=flow-2":                   newest(2, 3, nil),
		kube.LabelResult + " in (failed)":                    {},
		kube.LabelKind + "=" + kube.KindWorkflow:             newest(0, 3, nil),
		kube.LabelUser + "=user-0," + kube.LabelPhase + "=x": {},
	} {
		selector, err := labels.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		same(t, text, want, listed(t, l, Query{Limit: 2, Selector: selector}))
	}
}
