package result

import (
	"context"
	"fmt"
	"io"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/sdk/api"
)

const sweep = "sweep-2026-03-01-120000"

// filled has two tasks and a campaign.
func filled(t *testing.T) *world {
	w := newWorld(t, job("aaaabbbb", false), job("cccccccc", true))
	first := task("aaaabbbb", 0, oom, map[string]string{"a/b.txt": "12345", "c": "1"})
	second := task("aaaabbbb", 1, succeeded, map[string]string{"x": ""})
	running := task("cccccccc", 0, succeeded, map[string]string{"part": "123"})
	running.incomplete = true
	w.keep(first, second, running)
	other := task("dddddddd", 0, succeeded, nil)
	other.identity.User = "bob"
	w.keep(other)
	w.record(sweep, 4)
	broken := run(sweep, "b-2", 0, succeeded, map[string]string{"half": "1"})
	broken.incomplete = true
	w.keep(run(sweep, "b-1", 0, succeeded, map[string]string{"r": "11"}), run(sweep, "b-1", 1, oom, nil), run(sweep, "a-1", 0, rejected, nil), broken)
	w.put(layout.CampaignPrefix(sweep)+layout.ConfigDir+"sweep.vast", "version: 1")
	w.put(layout.JobPrefix(sweep, "job")+layout.LogDir+"task.log", "")
	return w
}

// line is what matters of a result.
func line(r api.Result) string {
	return fmt.Sprintf("%s %s complete=%v files=%d bytes=%d", r.Name, r.State, r.Complete, r.Files, r.Bytes)
}

func TestList(t *testing.T) {
	w := filled(t)
	run1 := sweep + "/b-1/0 Succeeded complete=true files=1 bytes=2"
	run2 := sweep + "/b-1/1 Failed complete=true files=0 bytes=0"
	run3 := sweep + "/b-2/0  complete=false files=1 bytes=1"
	run4 := sweep + "/a-1/0 Rejected complete=true files=0 bytes=0"
	node0 := "aaaabbbb/0 Failed complete=true files=2 bytes=6"
	node1 := "aaaabbbb/1 Succeeded complete=true files=1 bytes=0"
	tests := map[string]struct {
		o    api.ResultListOptions
		want []string
	}{
		"a task":                       {api.ResultListOptions{Ref: "aaaabbbb"}, []string{node0, node1}},
		"a task by the beginning":      {api.ResultListOptions{Ref: "aaa"}, []string{node0, node1}},
		"a task by its Job":            {api.ResultListOptions{Ref: "train-aaaabbbb"}, []string{node0, node1}},
		"one node":                     {api.ResultListOptions{Ref: "aaaabbbb/1"}, []string{node1}},
		"one that runs":                {api.ResultListOptions{Ref: "cccccccc"}, []string{"cccccccc/0 Running complete=false files=1 bytes=3"}},
		"a campaign by the beginning":  {api.ResultListOptions{Ref: "sweep"}, []string{run4, run1, run2, run3}},
		"a run by the beginning":       {api.ResultListOptions{Ref: "sweep-2026/b-1/1"}, []string{run2}},
		"a campaign":                   {api.ResultListOptions{Ref: sweep}, []string{run4, run1, run2, run3}},
		"a configuration":              {api.ResultListOptions{Ref: sweep + "/b-1"}, []string{run1, run2}},
		"a run":                        {api.ResultListOptions{Ref: sweep + "/b-1/1"}, []string{run2}},
		"configurations by a pattern":  {api.ResultListOptions{Ref: sweep, ResultSelector: api.ResultSelector{Configs: []string{"a*", "*-2"}}}, []string{run4, run3}},
		"runs by number":               {api.ResultListOptions{Ref: sweep, ResultSelector: api.ResultSelector{Runs: []int{1}}}, []string{run2}},
		"what failed or broke off":     {api.ResultListOptions{Ref: sweep, ResultSelector: api.ResultSelector{Failed: true}}, []string{run2, run3}},
		"what failed where none did":   {api.ResultListOptions{Ref: "cccccccc", ResultSelector: api.ResultSelector{Failed: true}}, nil},
		"all of one's own, in summary": {api.ResultListOptions{}, []string{"cccccccc/0 Running complete=false files=1 bytes=3", sweep + " Failed complete=true files=0 bytes=0", node0, node1}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			list, err := w.List(t.Context(), tc.o)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, r := range list.Items {
				got = append(got, line(r))
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestListReportsWhatIsMissing(t *testing.T) {
	w := filled(t)
	reason := func(o api.ResultListOptions, i int) string {
		list, err := w.List(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		return list.Items[i].Reason
	}
	for want, got := range map[string]string{
		"it still runs: these are the files that were saved so far":     reason(api.ResultListOptions{Ref: "cccccccc"}, 0),
		"incomplete: the pod terminated before all files were uploaded": reason(api.ResultListOptions{Ref: sweep + "/b-2/0"}, 0),
		"3 of 4 runs: 1 succeeded, 1 rejected, 1 failed":                reason(api.ResultListOptions{}, 1),
	} {
		if got != want {
			t.Errorf("reason %q, want %q", got, want)
		}
	}
}

func TestACampaignIsCountedByItsRecordAndItsJobs(t *testing.T) {
	runJob := func(active bool) *batchv1.Job {
		j := job("eeeeeeee", active)
		j.Labels = map[string]string{kube.LabelKind: kube.KindRun, kube.LabelCampaign: sweep, kube.LabelTaskID: "eeeeeeee"}
		return j
	}
	tests := map[string]struct {
		jobs    []runtime.Object
		stopped bool
		kept    []kept
		state   api.State
		failed  bool // it is among those that failed
	}{
		"one that runs":                       {jobs: []runtime.Object{runJob(true)}, state: api.Running},
		"one that waits in the queue":         {jobs: []runtime.Object{suspended(runJob(true))}, state: api.Queued},
		"one of which a part waits":           {jobs: []runtime.Object{suspended(renamed(runJob(true), "another")), runJob(true)}, state: api.Running},
		"one that lacks a run for good":       {jobs: []runtime.Object{runJob(false)}, state: api.Failed, failed: true},
		"one whose Jobs are gone":             {state: api.Failed, failed: true},
		"one that was stopped":                {jobs: []runtime.Object{runJob(false)}, stopped: true, state: api.Stopped, failed: true},
		"one that was stopped, and not ended": {jobs: []runtime.Object{runJob(true)}, stopped: true, state: api.Running},
		"one that is all there": {jobs: []runtime.Object{runJob(true)}, state: api.Succeeded,
			kept: []kept{run(sweep, "a-1", 0, succeeded, nil), run(sweep, "a-1", 1, succeeded, nil)}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, tc.jobs...)
			w.keep(tc.kept...)
			r := layout.Record{Version: layout.RecordVersion, Namespace: "ns", ID: sweep, User: user, Total: 2, Created: ended, Stopped: tc.stopped, Complete: true}
			w.put(layout.RecordKey(sweep), string(r.Marshal()))
			list, err := w.List(t.Context(), api.ResultListOptions{})
			if err != nil || len(list.Items) != 1 || list.Items[0].State != tc.state {
				t.Errorf("%+v, %v", list, err)
			}
			list, err = w.List(t.Context(), api.ResultListOptions{ResultSelector: api.ResultSelector{Failed: true}})
			if err != nil || (len(list.Items) == 1) != tc.failed {
				t.Errorf("among those that failed: %+v, %v", list, err)
			}
		})
	}
}

// suspended is a Job that waits in a queue, or that a user has suspended.
func suspended(j *batchv1.Job) *batchv1.Job {
	j.Spec.Suspend = ptr.To(true)
	return j
}

func renamed(j *batchv1.Job, name string) *batchv1.Job {
	j.Name = name
	return j
}

// A task that has run and was evicted waits again, and what it saved is there.
func TestAResultWhoseJobIsSuspendedDoesNotRun(t *testing.T) {
	w := newWorld(t, suspended(job("cccccccc", true)))
	w.put(layout.NodePrefix("cccccccc", 0)+"files/a.txt", "a")
	for name, o := range map[string]api.ResultListOptions{"by its name": {Ref: "cccccccc"}, "among all": {}} {
		list, err := w.List(t.Context(), o)
		if err != nil || len(list.Items) != 1 {
			t.Fatalf("%s: %+v, %v", name, list, err)
		}
		if r := list.Items[0]; r.State != api.Queued || r.Reason != "it waits for its turn: these are the files that were saved when it last ran" {
			t.Errorf("%s: %s, %q", name, r.State, r.Reason)
		}
	}
}

// watched notes which objects are read.
type watched struct {
	store.Backend
	mu   sync.Mutex
	read []string
}

func (b *watched) Get(ctx context.Context, key string, offset int64) (io.ReadCloser, store.Object, error) {
	b.mu.Lock()
	b.read = append(b.read, key)
	b.mu.Unlock()
	return b.Backend.Get(ctx, key, offset)
}

func TestListHasTheReasonsOfFailedRunsAndReadsNoOtherInventory(t *testing.T) {
	w := filled(t)
	exit := layout.Outcome{State: api.Failed, Cause: api.CauseExit, Message: "ended with exit code 3", ExitCode: ptr.To[int32](3)}
	w.keep(run(sweep, "c-1", 0, exit, nil), run(sweep, "c-1", 1, exit, nil))
	b := &watched{Backend: w.store}
	w.open = func(context.Context) (store.Backend, func(), error) { return b, func() {}, nil }
	list, err := w.List(t.Context(), api.ResultListOptions{Ref: sweep, ResultSelector: api.ResultSelector{Runs: []int{0}}})
	if err != nil {
		t.Fatal(err)
	}
	var reasons []string
	for _, r := range list.Items {
		if r.Reason != "" {
			reasons = append(reasons, fmt.Sprintf("%s: %s, %d", r.Name, r.Reason, ptr.Deref(r.ExitCode, 0)))
		}
	}
	if diff := cmp.Diff([]string{sweep + "/a-1/0: no map, 0",
		sweep + "/b-2/0: incomplete: the pod terminated before all files were uploaded, 0", sweep + "/c-1/0: ended with exit code 3, 3"}, reasons); diff != "" {
		t.Error(diff)
	}
	slices.Sort(b.read)
	if diff := cmp.Diff([]string{layout.RunPrefix(sweep, "a-1", 0) + layout.InventoryFile, layout.RunPrefix(sweep, "c-1", 0) + layout.InventoryFile,
		layout.RecordKey(sweep)}, b.read); diff != "" {
		t.Error(diff)
	}
}

func TestListRefusesWhatNamesNothing(t *testing.T) {
	w := filled(t)
	w.keep(task("aaaacccc", 0, succeeded, nil), task("twins000", 0, succeeded, nil))
	w.record("twins-2026-03-01-120000", 1)
	w.record("twins-2026-03-01-12000001", 1)
	tests := map[string]struct {
		o     api.ResultListOptions
		error string
	}{
		"an id that is not there":        {api.ResultListOptions{Ref: "zzzzzzzz"}, "result \"zzzzzzzz\" not found in namespace \"ns\""},
		"a beginning of several":         {api.ResultListOptions{Ref: "aaaa"}, `"aaaa" is the beginning of 2 tasks: aaaabbbb, aaaacccc; write more of it`},
		"a beginning of two campaigns":   {api.ResultListOptions{Ref: "twins-"}, `"twins-" is the beginning of 2 campaigns: twins-2026-03-01-120000, twins-2026-03-01-12000001; write more of it`},
		"a beginning of both":            {api.ResultListOptions{Ref: "twin"}, `"twin" is the beginning of 3 tasks and campaigns: twins-2026-03-01-120000, twins-2026-03-01-12000001, twins000; write more of it`},
		"the name of two campaigns":      {api.ResultListOptions{Ref: "twins"}, `"twins" may be any of 2 tasks and campaigns: twins-2026-03-01-120000, twins-2026-03-01-12000001; give the id of one`},
		"a whole id without results":     {api.ResultListOptions{Ref: "twins-2026-03-01-120000"}, `result "twins-2026-03-01-120000" not found in namespace "ns": nothing of it is kept that fits`},
		"a campaign that is not there":   {api.ResultListOptions{Ref: "x-2026-03-01-120000"}, "result \"x-2026-03-01-120000\" not found in namespace \"ns\""},
		"a run that is not there":        {api.ResultListOptions{Ref: sweep + "/b-1/7"}, `result "` + sweep + `/b-1/7" not found in namespace "ns": nothing of it is kept that fits`},
		"a run that is no number":        {api.ResultListOptions{Ref: sweep + "/b-1/x"}, `"` + sweep + `/b-1/x" names no run: write CAMPAIGN/CONFIG/RUN, as in ` + sweep + `/b-1/0`},
		"a node that is no number":       {api.ResultListOptions{Ref: "aaaabbbb/x"}, `"aaaabbbb/x" names no node of a task: write ID/NODE, as in aaaabbbb/0`},
		"a way out":                      {api.ResultListOptions{Ref: "../inputs"}, `"../inputs" names no result; give a task's id, or CAMPAIGN, CAMPAIGN/CONFIG or CAMPAIGN/CONFIG/RUN`},
		"a pattern that is none":         {api.ResultListOptions{Ref: sweep, ResultSelector: api.ResultSelector{Configs: []string{"[a"}}}, `Configs: "[a" is not a valid pattern; * matches any text, [ab] one of these characters`},
		"a choice from no campaign":      {api.ResultListOptions{ResultSelector: api.ResultSelector{Runs: []int{0}}}, "Run: it selects runs of a campaign; name one"},
		"a configuration that fits none": {api.ResultListOptions{Ref: sweep, ResultSelector: api.ResultSelector{Configs: []string{"zz*"}}}, `result "` + sweep + `" not found in namespace "ns": nothing of it is kept that fits`},
		"nor any that failed":            {api.ResultListOptions{Ref: sweep, ResultSelector: api.ResultSelector{Configs: []string{"zz*"}, Failed: true}}, `result "` + sweep + `" not found in namespace "ns": nothing of it is kept that fits`},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := w.List(t.Context(), tc.o)
			if err == nil || err.Error() != tc.error {
				t.Errorf("error %v\nwant  %s", err, tc.error)
			}
		})
	}
}
