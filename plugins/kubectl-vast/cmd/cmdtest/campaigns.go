package cmdtest

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

const Sweep = `version: 1
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

func CampaignFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sweep.vast")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Runners is an sdk.Campaign whose campaigns are submitted, and then go on as
// monitors says.
type Runners struct {
	Monitors
	Asks []*spec.Campaign // what was submitted
}

func (r *Runners) Run(_ context.Context, s *spec.Campaign, _ *variation.Configs, _ api.CampaignOptions) (*api.Campaign, error) {
	r.Asks = append(r.Asks, s)
	made := Sweeping()
	return &made, nil
}

const Single = "version: 1\nconfiguration: [{name: a}]\nexecution: {image: busybox, runs: 1, command: env}\n"

// Cleaner is an sdk.Campaign of which one campaign more ends with each call.
type Cleaner struct {
	sdk.Campaign
	Ended []string
	Asked []api.CampaignCleanupOptions
}

func (c *Cleaner) Cleanup(_ context.Context, o api.CampaignCleanupOptions) (*api.CampaignCleanup, error) {
	c.Asked = append(c.Asked, o)
	done := o.Campaigns
	if len(done) == 0 {
		done = c.Ended[:min(len(c.Asked), len(c.Ended))]
	}
	return &api.CampaignCleanup{TypeMeta: api.TypeMeta[api.CampaignCleanup](), Campaigns: done}, nil
}

// Monitors is an sdk.Campaign that answers with these lists, one after the
// other, and then with the last one.
type Monitors struct {
	sdk.Campaign
	Lists   []*api.CampaignList
	Failure error
	Asked   api.CampaignListOptions
}

func (m *Monitors) List(_ context.Context, o api.CampaignListOptions) (*api.CampaignList, error) {
	m.Asked = o
	if len(m.Lists) == 0 {
		return nil, m.Failure
	}
	list := m.Lists[0]
	if len(m.Lists) > 1 {
		m.Lists = m.Lists[1:]
	}
	return list, m.Failure
}

func Campaigns(items ...api.Campaign) *api.CampaignList {
	return &api.CampaignList{TypeMeta: api.TypeMeta[api.CampaignList](), Items: items}
}

// Sweeping is a campaign of ten runs in the middle.
func Sweeping() api.Campaign {
	return api.Campaign{
		TypeMeta: api.TypeMeta[api.Campaign](), ID: "sweep-2026-11-21-101500", User: "alice", State: api.CampaignRunning,
		Runs:          api.RunCounts{Total: 10, Succeeded: 4, Failed: 2, Running: 3, Queued: 1},
		RunsPerMinute: 3.21, ETA: ptr.To(metav1.NewTime(clitest.Now.Add(75 * time.Minute))),
		Failures: []api.FailureGroup{{Cause: api.CauseOutOfMemory, Count: 2, Example: "a-1/0"}},
		Active:   []api.RunProgress{{Run: "a-2/1", Progress: api.Progress{Fraction: ptr.To(0.5), Message: "half of it"}}},
	}
}

// Waiting is a campaign whose runs wait for different things.
func Waiting() api.Campaign {
	c := Sweeping()
	c.Failures, c.Runs.Running, c.Runs.Pending = nil, 0, 3
	c.Waiting = []api.WaitingGroup{
		{State: api.Pending, Cause: api.CauseImagePull, Count: 3, Reason: "image nosuch:1 cannot be pulled", Example: "a-1/0"},
		{State: api.Queued, Count: 1, Reason: "waits for 1 CPU of 4", Example: "b-2/1"},
	}
	return c
}

// Saving is a campaign some of whose runs have ended, and save what they have.
func Saving() api.Campaign {
	c := Sweeping()
	c.Failures, c.Runs.Running, c.Runs.Saving = nil, 1, 2
	return c
}

func Over(s api.CampaignState) api.Campaign {
	c := api.Campaign{TypeMeta: api.TypeMeta[api.Campaign](), ID: "old-2026-11-20-090000", User: "alice", State: s,
		Runs: api.RunCounts{Total: 2, Succeeded: 2}, EndTime: ptr.To(clitest.Ago(26 * time.Hour))}
	if s == api.CampaignFailed {
		c.Runs = api.RunCounts{Total: 2, Succeeded: 1, Missing: 1}
	}
	return c
}
