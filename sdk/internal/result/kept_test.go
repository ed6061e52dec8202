package result

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/sdk/api"
)

func TestShowReportsFilesAndWhatIsMissing(t *testing.T) {
	w := newWorld(t)
	k := task("aaaabbbb", 0, succeeded, map[string]string{"a": "12"})
	k.more = []layout.File{{Path: "d", Dir: true}, {Path: "l", Link: "a"}}
	k.change = func(m *layout.Inventory) { m.Missing = []layout.Missing{{Path: "pipe", Reason: "a pipe"}} }
	w.keep(k)
	list, err := w.Get(t.Context(), "aaaabbbb", api.ResultGetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	want := []api.ResultFile{{Path: "d/"}, {Path: "l -> a"}, {Path: "a", Size: 2, SHA256: hash("12")},
		{Path: "_vast/logs/task.log", Size: 27, SHA256: hash(k.log)}, {Path: "pipe", Missing: "a pipe"}}
	if diff := cmp.Diff(want, list.Items[0].Entries); diff != "" {
		t.Error(diff)
	}
}

func TestAnUnreadableInventoryIsReportedAndItsFilesAreListed(t *testing.T) {
	for name, inventory := range map[string]string{"cut off": `{"version": 1, "files": [`, "of a newer program": `{"version": 99}`} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.keep(task("aaaabbbb", 0, succeeded, map[string]string{"a": "12"}))
			w.put(layout.NodePrefix("aaaabbbb", 0)+layout.InventoryFile, inventory)
			list, err := w.Get(t.Context(), "aaaabbbb", api.ResultGetOptions{})
			if err != nil {
				t.Fatal(err)
			}
			r := list.Items[0]
			if r.Complete || r.Files != 1 || !strings.HasPrefix(r.Reason, "its inventory ") {
				t.Errorf("%+v", r)
			}
		})
	}
}

func TestDelete(t *testing.T) {
	prefix := func(config string, run int) string { return layout.RunPrefix(sweep, config, run) }
	tests := map[string]struct {
		ref        string
		o          api.ResultDeleteOptions
		gone, left []string
	}{
		"a task": {"aaaabbbb", api.ResultDeleteOptions{},
			[]string{"tasks/aaaabbbb/0/a/b.txt", "tasks/aaaabbbb/0/_vast/manifest.json", "tasks/aaaabbbb/1/x"}, []string{"tasks/cccccccc/0/part"}},
		"one node": {"aaaabbbb/1", api.ResultDeleteOptions{},
			[]string{"tasks/aaaabbbb/1/x"}, []string{"tasks/aaaabbbb/0/a/b.txt"}},
		"one run": {sweep + "/b-1/0", api.ResultDeleteOptions{},
			[]string{prefix("b-1", 0) + "r", prefix("b-1", 0) + layout.InventoryFile},
			[]string{layout.RunIndex(sweep, "b-1", 0) + "Succeeded", layout.RunIndex(sweep, "b-1", 1) + "Failed.OutOfMemory", layout.RecordKey(sweep)}},
		"what failed": {sweep, api.ResultDeleteOptions{ResultSelector: api.ResultSelector{Failed: true}},
			[]string{prefix("b-1", 1) + layout.InventoryFile, prefix("b-2", 0) + "half"},
			[]string{layout.RunIndex(sweep, "b-1", 1) + "Failed.OutOfMemory", prefix("b-1", 0) + "r"}},
		"what runs, by force": {"cccccccc", api.ResultDeleteOptions{Force: true},
			[]string{"tasks/cccccccc/0/part"}, nil},
		"nothing in a dry run": {"aaaabbbb", api.ResultDeleteOptions{DryRun: api.DryRunClient},
			nil, []string{"tasks/aaaabbbb/0/a/b.txt"}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			w := filled(t)
			list, err := w.Delete(t.Context(), tc.ref, tc.o)
			if err != nil {
				t.Fatal(err)
			}
			if list.Ref != tc.ref {
				t.Errorf("the ref with whole ids is %q", list.Ref)
			}
			for _, key := range tc.gone {
				if w.get(key) {
					t.Errorf("%s is left", key)
				}
			}
			for _, key := range tc.left {
				if !w.get(key) {
					t.Errorf("%s is gone", key)
				}
			}
		})
	}
}

func TestDeleteRefusesWhatRuns(t *testing.T) {
	w := filled(t)
	_, err := w.Delete(t.Context(), "cccccccc", api.ResultDeleteOptions{})
	var conflict *api.ConflictError
	if !errors.As(err, &conflict) || !w.get("tasks/cccccccc/0/part") {
		t.Errorf("error %v", err)
	}
}

func TestDeleteRefusesWhatMayRun(t *testing.T) {
	w := filled(t)
	w.refuse("batch", "jobs")
	_, err := w.Delete(t.Context(), "cccccccc", api.ResultDeleteOptions{})
	var conflict *api.ConflictError
	if !errors.As(err, &conflict) || !slices.ContainsFunc(api.Remedies(err), func(r api.Remedy) bool { return slices.Contains(r.Options, "Force") }) || !w.get("tasks/cccccccc/0/part") {
		t.Errorf("error %v", err)
	}
	list, err := w.List(t.Context(), api.ResultListOptions{Ref: "cccccccc"})
	if err != nil || !strings.Contains(list.Items[0].Reason, "is not known") {
		t.Errorf("%v, %v", list, err)
	}
	if _, err := w.Delete(t.Context(), "cccccccc", api.ResultDeleteOptions{Force: true}); err != nil || w.get("tasks/cccccccc/0/part") {
		t.Errorf("by force: %v", err)
	}
	if _, err := w.Delete(t.Context(), "aaaabbbb", api.ResultDeleteOptions{}); err != nil {
		t.Errorf("what is complete: %v", err)
	}
}

func TestLogs(t *testing.T) {
	w := filled(t)
	packed := run(sweep, "p-1", 0, succeeded, nil)
	packed.log = ""
	packed.change = func(m *layout.Inventory) { m.LogPrefix = layout.JobPrefix(sweep, "j") + layout.LogDir }
	w.keep(packed)
	w.put(layout.JobPrefix(sweep, "j")+layout.LogDir+"task.log", "2026-03-01T12:00:00Z all of them\n")
	w.put(layout.JobPrefix(sweep, "j")+layout.LogDir+"nav.log", "2026-03-01T12:00:00Z turn left\n")
	tests := map[string]struct {
		ref  string
		o    api.LogOptions
		want string
	}{
		"of a task":            {"aaaabbbb", api.LogOptions{Nodes: []int{1}}, "1 hello\n"},
		"of one node":          {"aaaabbbb/0", api.LogOptions{}, "0 hello\n"},
		"of a run":             {sweep + "/b-1/1", api.LogOptions{}, "0 hello from b-1\n"},
		"of a packed run":      {sweep + "/p-1/0", api.LogOptions{}, "0 all of them\n"},
		"no line of it":        {"aaaabbbb", api.LogOptions{Tail: ptr.To(int64(0))}, ""},
		"what broke off":       {sweep + "/b-2/0", api.LogOptions{}, "0 hello from b-2\n"},
		"of another container": {sweep + "/p-1/0", api.LogOptions{Container: "nav"}, "0 turn left\n"},
		"by the beginning":     {"aaa", api.LogOptions{Nodes: []int{0}}, "0 hello\n"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got := ""
			if err := w.Logs(t.Context(), tc.ref, tc.o, func(l api.LogLine) error {
				got += string(rune('0'+l.Rank)) + " " + string(l.Text)
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			if got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
	if err := w.Logs(t.Context(), sweep, api.LogOptions{}, nil); err == nil || !strings.Contains(err.Error(), "name one of its runs") {
		t.Errorf("of a campaign: %v", err)
	}
}

func TestTheNodesOfATaskAreInTheirOrder(t *testing.T) {
	w := newWorld(t)
	for rank := range 12 {
		w.keep(task("aaaabbbb", rank, succeeded, nil))
	}
	s, err := w.Task(t.Context(), "aaaabbbb")
	if err != nil {
		t.Fatal(err)
	}
	list, err := w.List(t.Context(), api.ResultListOptions{Ref: "aaaabbbb"})
	if err != nil || s.NumNodes != 12 || len(list.Items) != 12 {
		t.Fatalf("%d nodes in %d results, %v", s.NumNodes, len(list.Items), err)
	}
	for i := range 12 {
		if s.Nodes[i].Rank != i || s.Nodes[i].State != api.NodeSucceeded || list.Items[i].Rank != i {
			t.Errorf("at %d stand node %d (%s) and result %d", i, s.Nodes[i].Rank, s.Nodes[i].State, list.Items[i].Rank)
		}
	}
}

func TestATaskWithoutAJobIsReadFromTheStore(t *testing.T) {
	stopped := layout.Outcome{State: api.Stopped, Message: "stopped by bob", Cause: api.CauseStopped}
	deleted := layout.Outcome{State: api.Failed, Message: "was deleted", Cause: api.CauseDeleted}
	tests := map[string]struct {
		outcomes []layout.Outcome
		state    api.State
		reason   string
	}{
		"all nodes well":                   {[]layout.Outcome{succeeded, succeeded}, api.Succeeded, ""},
		"one out of memory":                {[]layout.Outcome{deleted, oom}, api.Failed, "node 0 out of memory (limit 64Mi)"},
		"a rejected one, the other ended":  {[]layout.Outcome{rejected, deleted}, api.Rejected, "no map"},
		"an exit code":                     {[]layout.Outcome{deleted, {State: api.Failed, Cause: api.CauseExit, Message: "ended with exit code 3"}}, api.Failed, "node 1 ended with exit code 3"},
		"a deadline":                       {[]layout.Outcome{{State: api.Failed, Cause: api.CauseDeadline, Message: "ran longer"}}, api.Failed, "ran longer"},
		"a stop":                           {[]layout.Outcome{stopped, deleted}, api.Stopped, "stopped by bob"},
		"one that failed beside a rejects": {[]layout.Outcome{rejected, oom}, api.Failed, "node 0 out of memory (limit 64Mi)"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			for rank, o := range tc.outcomes {
				w.keep(task("aaaabbbb", rank, o, nil))
			}
			s, err := w.Task(t.Context(), "aaaabbbb")
			if err != nil {
				t.Fatal(err)
			}
			want := []any{tc.state, tc.reason, len(tc.outcomes), "train-aaaabbbb", "train", user, "tasks/aaaabbbb/"}
			if diff := cmp.Diff(want, []any{s.State, s.Reason, s.NumNodes, s.Name, s.TaskName, s.User, s.Kept}); diff != "" {
				t.Error(diff)
			}
		})
	}
}
