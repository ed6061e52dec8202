package monitor_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/internal/cli/clitest"
	"github.com/kubevast/vast/plugins/kubectl-vast/cmd/cmdtest"
	"github.com/kubevast/vast/sdk/api"
)

func TestMonitorShowsCampaigns(t *testing.T) {
	for name, tc := range map[string]struct {
		args []string
		list *api.CampaignList
		code int
		want string
	}{
		"once": {[]string{"--once"}, cmdtest.Campaigns(cmdtest.Over(api.CampaignSucceeded), cmdtest.Sweeping()), 0, `
CAMPAIGN                 PROGRESS                DONE  SUCCEEDED  FAILED  RUNNING  QUEUED     RATE           ETA  STATE
old-2026-11-20-090000    [████████████████████]   2/2          2       0        0       0           Nov 20 10:00  Succeeded
sweep-2026-11-21-101500  [████████████░░░░░░░░]  6/10          4       2        3       1  3.2/min        ~13:15  Running
  2 failed: out of memory (a-1/0)
    kubectl vast logs sweep-2026-11-21-101500/a-1/0
`},
		"with how far the runs are": {[]string{"--once", "-o", "wide", "--no-headers"}, cmdtest.Campaigns(cmdtest.Sweeping()), 0, `
sweep-2026-11-21-101500  [████████████░░░░░░░░]  6/10          4       2        3       1  3.2/min  ~13:15  Running  alice
  2 failed: out of memory (a-1/0)
    kubectl vast logs sweep-2026-11-21-101500/a-1/0
  a-2/1: 50%, half of it
`},
		"why runs wait": {[]string{"--once", "--no-headers"}, cmdtest.Campaigns(cmdtest.Waiting()), 0, `
sweep-2026-11-21-101500  [████████████░░░░░░░░]  6/10          4       2        0        3       1  3.2/min  ~13:15  Running
  3 pending: image nosuch:1 cannot be pulled (a-1/0)
  1 queued: waits for 1 CPU of 4 (b-2/1)
`},
		"what saves its results": {[]string{"--once"}, cmdtest.Campaigns(cmdtest.Saving()), 0, `
CAMPAIGN                 PROGRESS                DONE  SUCCEEDED  FAILED  RUNNING  SAVING  QUEUED     RATE     ETA  STATE
sweep-2026-11-21-101500  [████████████░░░░░░░░]  6/10          4       2        1       2       1  3.2/min  ~13:15  Running
  2 saving: their processes have ended, and their results are being saved
`},
		"what is missing": {[]string{"--wait"}, cmdtest.Campaigns(cmdtest.Over(api.CampaignFailed)), 10, `
old-2026-11-20-090000: failed, 1/2 done, 1 succeeded, 1 missing
`},
		"until the end, a line for each change": {nil, cmdtest.Campaigns(cmdtest.Over(api.CampaignSucceeded)), 0, `
old-2026-11-20-090000: succeeded, 2/2 done, 2 succeeded
`},
		"stopped, and the exit code is not asked for": {nil, cmdtest.Campaigns(cmdtest.Over(api.CampaignStopped)), 0, `
old-2026-11-20-090000: stopped, 2/2 done, 2 succeeded
`},
		"stopped": {[]string{"--wait"}, cmdtest.Campaigns(cmdtest.Over(api.CampaignStopped)), 11, `
old-2026-11-20-090000: stopped, 2/2 done, 2 succeeded
`},
	} {
		t.Run(name, func(t *testing.T) {
			r := cmdtest.Plugin(&clitest.Client{Campaign: &cmdtest.Monitors{Lists: []*api.CampaignList{tc.list}}}).Do(t, append([]string{"monitor"}, tc.args...)...)
			if r.Code != tc.code || r.Err != "" {
				t.Errorf("code %d, stderr %q", r.Code, r.Err)
			}
			if diff := cmp.Diff(tc.want, "\n"+r.Out); diff != "" {
				t.Errorf("(-want,+got):\n%s", diff)
			}
		})
	}
}

func TestMonitorPrintsEachChangeOnce(t *testing.T) {
	later := cmdtest.Sweeping()
	later.Runs.Succeeded, later.Runs.Running = 5, 2
	ended := cmdtest.Sweeping()
	ended.State, ended.Runs = api.CampaignFailed, api.RunCounts{Total: 10, Succeeded: 8, Failed: 2}
	m := &cmdtest.Monitors{Lists: []*api.CampaignList{cmdtest.Campaigns(cmdtest.Sweeping()), cmdtest.Campaigns(cmdtest.Sweeping()), cmdtest.Campaigns(later), cmdtest.Campaigns(ended)}}
	r := cmdtest.Plugin(&clitest.Client{Campaign: m}).Do(t, "monitor", "sweep", "--interval=1ms", "--wait")
	want := `
sweep-2026-11-21-101500: running, 6/10 done, 4 succeeded, 2 failed, 3 running, 1 queued, 3.2/min, ends ~13:15
sweep-2026-11-21-101500: failed: out of memory (a-1/0): kubectl vast logs sweep-2026-11-21-101500/a-1/0
sweep-2026-11-21-101500: running, 7/10 done, 5 succeeded, 2 failed, 2 running, 1 queued, 3.2/min, ends ~13:15
sweep-2026-11-21-101500: failed, 10/10 done, 8 succeeded, 2 failed, 3.2/min
`
	if diff := cmp.Diff(want, "\n"+r.Out); diff != "" || r.Code != 10 {
		t.Errorf("code %d (-want,+got):\n%s", r.Code, diff)
	}
	report := `Campaign sweep-2026-11-21-101500 failed: of 10 runs 8 succeeded, 2 failed
  See which runs failed, and why, with: kubectl vast results list sweep-2026-11-21-101500 --failed
`
	if diff := cmp.Diff(report, r.Err); diff != "" {
		t.Errorf("at the end (-want,+got):\n%s", diff)
	}
	if diff := cmp.Diff(api.CampaignListOptions{Refs: []string{"sweep"}}, m.Asked); diff != "" {
		t.Errorf("it asked for (-want,+got):\n%s", diff)
	}
}

func TestWhoFollowsACampaignReadsHowItEndedAndWhatIsNext(t *testing.T) {
	for state, want := range map[api.CampaignState]string{
		api.CampaignSucceeded: "Campaign old-2026-11-20-090000 succeeded after 60m: of 2 runs 2 succeeded\n  Fetch its results with: kubectl vast results download old-2026-11-20-090000\n",
		api.CampaignStopped:   "Campaign old-2026-11-20-090000 was stopped after 60m: of 2 runs 2 succeeded\n  Fetch its results with: kubectl vast results download old-2026-11-20-090000\n",
		api.CampaignFailed:    "Campaign old-2026-11-20-090000 failed after 60m: of 2 runs 1 succeeded, 1 missing\n  See which runs failed, and why, with: kubectl vast results list old-2026-11-20-090000 --failed\n",
	} {
		ended := cmdtest.Over(state)
		ended.CreationTimestamp = clitest.Ago(27 * time.Hour)
		c := &clitest.Client{Campaign: &cmdtest.Runners{Monitors: cmdtest.Monitors{Lists: []*api.CampaignList{cmdtest.Campaigns(ended)}}}}
		for _, terminal := range []bool{false, true} {
			p := cmdtest.Plugin(c)
			p.Terminal = terminal
			r := p.Do(t, "submit", "--follow", cmdtest.CampaignFile(t, cmdtest.Single))
			if !strings.HasSuffix(r.Err, want) || r.Code != map[api.CampaignState]int{api.CampaignFailed: cli.CodeTaskFailed, api.CampaignStopped: cli.CodeTaskStopped}[state] {
				t.Errorf("%s, terminal %v: code %d, stderr %q does not end in %q", state, terminal, r.Code, r.Err, want)
			}
		}
	}
}

func TestMonitorContinuesWhenTheClusterIsAwayForAMoment(t *testing.T) {
	m := &flaky{Monitors: cmdtest.Monitors{Lists: []*api.CampaignList{cmdtest.Campaigns(cmdtest.Sweeping()), cmdtest.Campaigns(cmdtest.Over(api.CampaignSucceeded))}}}
	r := cmdtest.Plugin(&clitest.Client{Campaign: m}).Do(t, "monitor", "--interval=1ms")
	if r.Code != 0 || !strings.Contains(r.Out, "unreachable: no answer\n") || !strings.HasSuffix(r.Out, "2/2 done, 2 succeeded\n") {
		t.Errorf("code %d:\n%s", r.Code, r.Out)
	}
	r = cmdtest.Plugin(&clitest.Client{Campaign: &cmdtest.Monitors{Failure: &api.UnavailableError{Message: "no answer"}}}).Do(t, "monitor")
	if r.Code != cli.CodeUnavailable || r.Err != "error: no answer\n" {
		t.Errorf("at the first look: code %d, %q", r.Code, r.Err)
	}
	r = cmdtest.Plugin(&clitest.Client{Campaign: &cmdtest.Monitors{Failure: errors.New("broken")}}).Do(t, "campaign", "status", "x")
	if r.Code != cli.CodeFailed {
		t.Errorf("another error: code %d, %q", r.Code, r.Err)
	}
}

// flaky does not answer every second time.
type flaky struct {
	cmdtest.Monitors
	calls int
}

func (f *flaky) List(ctx context.Context, o api.CampaignListOptions) (*api.CampaignList, error) {
	if f.calls++; f.calls%2 == 0 {
		return nil, &api.UnavailableError{Message: "no answer"}
	}
	return f.Monitors.List(ctx, o)
}

func TestNothingIsWiderThanTheTerminal(t *testing.T) {
	held := cmdtest.Sweeping()
	held.ID = "a-campaign-with-a-very-long-name-that-somebody-gave-it-2026-11-21-101500"
	held.Runs.Missing, held.Runs.Rejected, held.Runs.Pending = 1000, 20000, 5
	held.Failures[0].Reason = strings.Repeat("a long story ", 20)
	for _, all := range []*api.CampaignList{cmdtest.Campaigns(cmdtest.Sweeping()), cmdtest.Campaigns(held, cmdtest.Sweeping(), cmdtest.Over(api.CampaignFailed))} {
		for _, width := range []int{1, 10, 40, 60, 80, 100, 120, 200} {
			run := cmdtest.Plugin(&clitest.Client{Campaign: &cmdtest.Monitors{Lists: []*api.CampaignList{all}}})
			run.Terminal, run.Columns = true, width
			lines := strings.Split(run.Do(t, "monitor", "--once").Out, "\n")
			for _, line := range lines {
				if utf8.RuneCountInString(line) > width {
					t.Errorf("%d columns: %q", width, line)
				}
			}
			text := strings.Join(lines, "\n")
			if width >= 60 && (!strings.Contains(text, "6/10") || !strings.Contains(text, "FAILED")) {
				t.Errorf("%d columns do not show what matters:\n%s", width, text)
			}
			for _, c := range all.Items {
				if width >= 40 && !strings.Contains(text, string(c.State)) {
					t.Errorf("%d columns do not show that a campaign is %s:\n%s", width, c.State, text)
				}
				if width >= len(c.ID)+len("  Succeeded") && len(all.Items) == 1 && !strings.Contains(text, c.ID) {
					t.Errorf("%d columns have room for the id %s:\n%s", width, c.ID, text)
				}
			}
		}
	}
}
