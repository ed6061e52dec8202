package sdk_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/sdk/api"
)

func TestReferencesOfARerunThatWasKilledAreRemoved(t *testing.T) {
	t.Parallel()
	const task, killed = "kepttask", "deadbeef"
	for name, tt := range map[string]struct {
		// refs and dropped are the runs that have a reference to the task, and that have recorded
		// that they drop one.
		refs, dropped []string
		grace         api.GarbageOptions
		want          []string
		collected     int
	}{
		"the results stay, since the run before uses them": {[]string{"RUN", killed}, []string{killed}, api.GarbageOptions{Grace: 1}, []string{"refs/RUN", "result"}, 0},
		"the results go, since that run was deleted":       {[]string{killed}, []string{"RUN", killed}, api.GarbageOptions{Grace: 1}, nil, 1},
		"nothing goes within the grace period":             {[]string{"RUN", killed}, []string{killed}, api.GarbageOptions{}, []string{"dropped/" + killed, "refs/RUN", "refs/" + killed, "result"}, 0},
		"a run that exists keeps its reference":            {[]string{"RUN"}, []string{"RUN"}, api.GarbageOptions{Grace: 1}, []string{"refs/RUN", "result"}, 0},
		"a reference without a record stays":               {[]string{killed}, []string{"RUN"}, api.GarbageOptions{Grace: 1}, []string{"refs/" + killed, "result"}, 0},
		"a dry run removes nothing":                        {[]string{killed}, []string{killed}, api.GarbageOptions{Grace: 1, DryRun: api.DryRunClient}, []string{"dropped/" + killed, "refs/" + killed, "result"}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			run := func(id string) string { return strings.ReplaceAll(id, "RUN", w.run) }
			w.bucket.mu.Lock()
			w.bucket.objects[layout.NodePrefix(task, 0)+"result"] = []byte("x")
			for _, id := range tt.refs {
				w.bucket.objects[layout.RefKey(task, run(id))] = []byte{}
			}
			for _, id := range tt.dropped {
				w.bucket.objects[layout.DroppedKey(task, run(id))] = []byte{}
			}
			w.bucket.mu.Unlock()
			list, err := w.Workflows().CollectGarbage(t.Context(), tt.grace)
			if err != nil || len(list.Items) != tt.collected {
				t.Fatalf("%+v, %v", list, err)
			}
			var left []string
			w.bucket.mu.Lock()
			defer w.bucket.mu.Unlock()
			for _, key := range slices.Sorted(maps.Keys(w.bucket.objects)) {
				if strings.Contains(key, task) {
					key = strings.NewReplacer(w.run, "RUN", layout.NodePrefix(task, 0), "", layout.TaskPrefix(task), "", task+"/", "").Replace(key)
					left = append(left, key)
				}
			}
			slices.Sort(left)
			if diff := gocmp.Diff(tt.want, left); diff != "" {
				t.Errorf("the objects that are left (-want,+got):\n%s", diff)
			}
		})
	}
}
