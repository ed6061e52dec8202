package cmd

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/internal/cli/clitest"
	"github.com/kubevast/vast/sdk"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/spec"
	"github.com/kubevast/vast/sdk/variation"
)

const sweep = `version: 1
configuration:
- name: test
  parameters: [{scale: 21.0}]
  variations: [{ParameterVariationList: {name: rate, values: [0.5, fast]}}]
- name: fixed
  parameters: [{goal: {x: 1, y: 2.0}}]
execution:
  image: busybox
  runs: 3
  runs_per_job: 2
  command: env
  resources: {cpu: [{a: 1}, {b: 2}]}
results_processing: {}
`

func campaignOf(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sweep.vast")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// runners is an sdk.Campaign whose campaigns are submitted, and then go on as
// monitors says.
type runners struct {
	monitors
	asks []*spec.Campaign // what was submitted
}

func (r *runners) Run(_ context.Context, s *spec.Campaign, _ *variation.Configs, _ api.CampaignOptions) (*api.Campaign, error) {
	r.asks = append(r.asks, s)
	made := sweeping()
	return &made, nil
}

const single = "version: 1\nconfiguration: [{name: a}]\nexecution: {image: busybox, runs: 1, command: env}\n"

// cleaner is an sdk.Campaign of which one campaign more ends with each call.
type cleaner struct {
	sdk.Campaign
	ended []string
	asked []api.CampaignCleanupOptions
}

func (c *cleaner) Cleanup(_ context.Context, o api.CampaignCleanupOptions) (*api.CampaignCleanup, error) {
	c.asked = append(c.asked, o)
	done := o.Campaigns
	if len(done) == 0 {
		done = c.ended[:min(len(c.asked), len(c.ended))]
	}
	return &api.CampaignCleanup{TypeMeta: api.TypeMeta(api.KindCampaignCleanup), Campaigns: done}, nil
}

// monitors is an sdk.Campaign that answers with these lists, one after the
// other, and then with the last one.
type monitors struct {
	sdk.Campaign
	lists []*api.CampaignList
	err   error
	asked api.MonitorOptions
}

func (m *monitors) Monitor(_ context.Context, o api.MonitorOptions) (*api.CampaignList, error) {
	m.asked = o
	if len(m.lists) == 0 {
		return nil, m.err
	}
	list := m.lists[0]
	if len(m.lists) > 1 {
		m.lists = m.lists[1:]
	}
	return list, m.err
}

func campaigns(items ...api.Campaign) *api.CampaignList {
	return &api.CampaignList{TypeMeta: api.TypeMeta(api.KindCampaignList), Items: items}
}

// sweeping is a campaign of ten runs in the middle.
func sweeping() api.Campaign {
	return api.Campaign{
		TypeMeta: api.TypeMeta(api.KindCampaign), ID: "sweep-2026-11-21-101500", User: "alice", State: api.CampaignRunning,
		Runs:          api.RunCounts{Total: 10, Succeeded: 4, Failed: 2, Running: 3, Queued: 1},
		RunsPerMinute: 3.21, ETA: ptr.To(metav1.NewTime(clitest.Now.Add(75 * time.Minute))),
		Failures: []api.FailureGroup{{Cause: api.CauseOutOfMemory, Count: 2, Example: "a-1/0"}},
		Active:   []api.RunProgress{{Run: "a-2/1", Progress: api.Progress{Fraction: ptr.To(0.5), Message: "half of it"}}},
	}
}

// waiting is a campaign whose runs wait for different things.
func waiting() api.Campaign {
	c := sweeping()
	c.Failures, c.Runs.Running, c.Runs.Pending = nil, 0, 3
	c.Waiting = []api.WaitingGroup{
		{State: api.Pending, Cause: api.CauseImagePull, Count: 3, Reason: "image nosuch:1 cannot be pulled", Example: "a-1/0"},
		{State: api.Queued, Count: 1, Reason: "waits for 1 CPU of 4", Example: "b-2/1"},
	}
	return c
}

// saving is a campaign some of whose runs have ended, and save what they have.
func saving() api.Campaign {
	c := sweeping()
	c.Failures, c.Runs.Running, c.Runs.Saving = nil, 1, 2
	return c
}

func over(s api.CampaignState) api.Campaign {
	c := api.Campaign{TypeMeta: api.TypeMeta(api.KindCampaign), ID: "old-2026-11-20-090000", User: "alice", State: s,
		Runs: api.RunCounts{Total: 2, Succeeded: 2}, EndTime: ptr.To(clitest.Ago(26 * time.Hour))}
	if s == api.CampaignFailed {
		c.Runs = api.RunCounts{Total: 2, Succeeded: 1, Missing: 1}
	}
	return c
}

var beside = map[string]string{"task.yaml": aTask, "c.vast": aCampaign, "s.osc": "scenario here:\n"}
