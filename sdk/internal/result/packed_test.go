package result

import (
	"strings"
	"testing"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/sdk/api"
)

// packedLog is the log of one of the Jobs of filledPacked.
func packedLog(number string) string {
	return layout.JobPrefix(sweep, kube.JobName("sweep-job-"+number, kube.DerivedID(sweep, "_jobs", number))) + layout.LogDir + "task.log"
}

// filledPacked has a campaign of four runs in two Jobs: a-1/0 and b-1/0, then
// a-1/1 and b-1/1. The last one has no inventory.
func filledPacked(t *testing.T) *world {
	w := newWorld(t)
	r := layout.Record{Version: layout.RecordVersion, Namespace: "ns", ID: sweep, User: user, Total: 4, Created: ended, Configs: []string{"a-1", "b-1"}, Runs: 2, RunsPerJob: 2}
	w.put(layout.RecordKey(sweep), string(r.Marshal()))
	for number, name := range []string{"0", "1"} {
		w.put(packedLog(name), "2026-03-01T12:00:00Z Job "+name+"\n")
		for _, config := range r.Configs {
			k := run(sweep, config, number, succeeded, map[string]string{"f": "1"})
			k.log, k.incomplete = "", config == "b-1" && number == 1
			k.change = func(m *layout.Inventory) { m.LogPrefix = strings.TrimSuffix(packedLog(name), "task.log") }
			w.keep(k)
		}
	}
	return w
}

func TestTheLogsOfPackedRunsGoWithTheLastOne(t *testing.T) {
	tests := map[string]struct {
		of         []string
		gone, left []string // numbers of Jobs
	}{
		"not with the first run":        {of: []string{"/a-1/0"}, left: []string{"0", "1"}},
		"with the last one of a Job":    {of: []string{"/a-1/0", "/b-1/0"}, gone: []string{"0"}, left: []string{"1"}},
		"also when it has no inventory": {of: []string{"/a-1/1", "/b-1/1"}, gone: []string{"1"}, left: []string{"0"}},
		"not with one configuration":    {of: []string{"/b-1"}, left: []string{"0", "1"}},
		"with all of them at once":      {of: []string{""}, gone: []string{"0", "1"}},
		"with all of them in two steps": {of: []string{"/b-1", "/a-1"}, gone: []string{"0", "1"}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			w := filledPacked(t)
			for _, of := range tc.of {
				if _, err := w.Delete(t.Context(), sweep+of, api.ResultDeleteOptions{}); err != nil {
					t.Fatal(err)
				}
			}
			for _, number := range tc.gone {
				if w.get(packedLog(number)) {
					t.Errorf("the log of Job %s is left", number)
				}
			}
			for _, number := range tc.left {
				if !w.get(packedLog(number)) {
					t.Errorf("the log of Job %s is gone", number)
				}
			}
		})
	}
}

func TestLogsOfAPackedRunWithoutAnInventory(t *testing.T) {
	w := filledPacked(t)
	got := ""
	err := w.Logs(t.Context(), sweep+"/b-1/1", api.LogOptions{}, func(l api.LogLine) error {
		got += string(l.Text)
		return nil
	})
	if err != nil || got != "Job 1\n" {
		t.Errorf("%q, %v", got, err)
	}
}
