package campaign

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/queue"
)

// fail lets the first run of the only campaign fail.
func (w *world) fail() { w.changeJobs(failed) }

func TestARerunIsMadeAsTheOldCampaignWas(t *testing.T) {
	for name, tt := range map[string]struct {
		first   api.CampaignOptions
		again   api.CampaignOptions
		queue   string
		class   string
		agent   string
		version string
	}{
		"it joins the same queue with the same priority": {api.CampaignOptions{Priority: "high"}, api.CampaignOptions{},
			"vast", "high", "ghcr.io/kubevast/agent:test", ""},
		"it joins no queue if the old one did not": {api.CampaignOptions{Queue: queue.None}, api.CampaignOptions{},
			"", "", "ghcr.io/kubevast/agent:test", ""},
		"another queue is joined if one is named": {api.CampaignOptions{Queue: queue.None}, api.CampaignOptions{Queue: "vast", Priority: "high"},
			"vast", "high", "ghcr.io/kubevast/agent:test", ""},
		"it leaves the queue on request": {api.CampaignOptions{Priority: "high"}, api.CampaignOptions{Queue: queue.None},
			"", "", "ghcr.io/kubevast/agent:test", ""},
		"the program that makes it now brings its own agent": {api.CampaignOptions{Version: "v1.0.0", AgentImage: "ghcr.io/kubevast/agent:v1.0.0"}, api.CampaignOptions{Version: "v1.1.0"},
			"vast", "", "ghcr.io/kubevast/agent:test", "v1.1.0"},
		"an agent that was named stays when it is named again": {api.CampaignOptions{Version: "v1.0.0", AgentImage: "mirror/agent:1"},
			api.CampaignOptions{Version: "v1.1.0", AgentImage: "mirror/agent:1"}, "vast", "", "mirror/agent:1", "v1.1.0"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			old := w.submit(tt.first).ID
			w.fail()
			again := tt.again
			again.Force = true
			made, err := w.Rerun(t.Context(), old, api.CampaignRerunOptions{CampaignOptions: again})
			if err != nil {
				t.Fatal(err)
			}
			r := w.recordOf(made.ID)
			if r.Queue != tt.queue || r.Priority != tt.class || r.AgentImage != tt.agent || r.Versions["kubevast"] != tt.version {
				t.Errorf("it is %+v", r)
			}
			if r.RerunOf != old || r.Total != 1 || len(w.jobs()) != 4 {
				t.Errorf("it repeats %d runs of %q, and there are %d Jobs", r.Total, r.RerunOf, len(w.jobs()))
			}
			if r.ConfigCount != 1 || len(r.Configs) != 1 || made.Configs != 1 {
				t.Errorf("a configuration without a failed run is counted: %d, %q; reported are %d", r.ConfigCount, r.Configs, made.Configs)
			}
		})
	}
}

func TestARerunWithoutInputsIsAnError(t *testing.T) {
	w := newWorld(t)
	old := w.submit(api.CampaignOptions{}).ID
	w.fail()
	if err := w.store.Delete(t.Context(), w.keys(layout.Inputs)...); err != nil {
		t.Fatal(err)
	}
	_, err := w.Rerun(t.Context(), old, api.CampaignRerunOptions{CampaignOptions: api.CampaignOptions{Force: true}})
	if !is[*api.ConflictError](err) || !strings.Contains(err.Error(), "no longer in the store") {
		t.Errorf("error %v", err)
	}
	if n := len(w.jobs()); n != 3 {
		t.Errorf("there are %d Jobs", n)
	}
}

func TestARerunThatCannotBeStoredLeavesNothing(t *testing.T) {
	w := newWorld(t)
	old := w.submit(api.CampaignOptions{}).ID
	w.fail()
	w.store.full = true
	_, err := w.Rerun(t.Context(), old, api.CampaignRerunOptions{CampaignOptions: api.CampaignOptions{Force: true}})
	if !is[*api.UnavailableError](err) || strings.Contains(saidBy(err), "ID=") {
		t.Errorf("error %v", err)
	}
	if all, _, err := w.records.Find(t.Context(), api.CampaignListOptions{AllUsers: true}, false); err != nil || len(all) != 1 {
		t.Errorf("there are %d records: %v", len(all), err)
	}
}

func TestARerunRefusesWhatFollowsFromTheOldCampaign(t *testing.T) {
	w := newWorld(t)
	old := w.submit(api.CampaignOptions{}).ID
	w.fail()
	_, err := w.Rerun(t.Context(), old, api.CampaignRerunOptions{CampaignOptions: api.CampaignOptions{Force: true, ID: "a-2026-01-01-000000", Configs: []string{"a*"}, Runs: 2}})
	var invalid *api.InvalidSpecError
	if !errors.As(err, &invalid) {
		t.Fatalf("the error is %v", err)
	}
	var options []string
	for _, p := range invalid.Problems {
		options = append(options, p.Option)
	}
	if diff := cmp.Diff([]string{"ID", "Configs", "Runs"}, options); diff != "" {
		t.Errorf("refused options (-want +got):\n%s", diff)
	}
	if n := len(w.jobs()); n != 3 {
		t.Errorf("there are %d Jobs", n)
	}
}
