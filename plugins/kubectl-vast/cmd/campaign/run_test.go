package campaign_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kubevast/vast/internal/cli/clitest"
	"github.com/kubevast/vast/plugins/kubectl-vast/cmd/cmdtest"
	"github.com/kubevast/vast/sdk/api"
)

// open is a campaign whose image and variable the command line has to give.
const open = "version: 1\nconfiguration: [{name: a}]\nexecution: {runs: 1, command: env, env: [{KEY: }]}\n"

func TestTheJobsOfACampaignAreAListHoweverMany(t *testing.T) {
	for _, jobs := range []int{1, 2} {
		r := cmdtest.Plugin(&clitest.Client{}).Do(t, "campaign", "run", cmdtest.CampaignFile(t, cmdtest.Single), fmt.Sprintf("--runs=%d", jobs), "--dry-run=client", "-o", "json")
		var list struct {
			Kind  string
			Items []struct{ Kind string }
		}
		if err := json.Unmarshal([]byte(r.Out), &list); err != nil || list.Kind != "List" || len(list.Items) != jobs || list.Items[0].Kind != "Job" {
			t.Errorf("%d Jobs, error %v, stderr %q:\n%s", jobs, err, r.Err, r.Out)
		}
	}
}

func TestAFollowedCampaignIsPrintedOnceItHasEnded(t *testing.T) {
	for name, tc := range map[string]struct {
		args  []string
		state api.CampaignState
		code  int
	}{
		"submit --wait":         {[]string{"submit", "--wait"}, api.CampaignSucceeded, 0},
		"submit --follow":       {[]string{"submit", "--follow"}, api.CampaignFailed, 10},
		"campaign run --follow": {[]string{"campaign", "run", "-f"}, api.CampaignStopped, 11},
	} {
		t.Run(name, func(t *testing.T) {
			c := &clitest.Client{Campaign: &cmdtest.Runners{Monitors: cmdtest.Monitors{Lists: []*api.CampaignList{cmdtest.Campaigns(cmdtest.Over(tc.state))}}}}
			r := cmdtest.Plugin(c).Do(t, append(tc.args, cmdtest.CampaignFile(t, cmdtest.Single), "-o", "json")...)
			var got api.Campaign
			if err := json.Unmarshal([]byte(r.Out), &got); err != nil || got.State != tc.state || r.Code != tc.code {
				t.Errorf("code %d, error %v, stdout:\n%s", r.Code, err, r.Out)
			}
			if !strings.Contains(r.Err, "done") {
				t.Errorf("the next commands are not printed: %q", r.Err)
			}
		})
	}
}

func TestWhatTheFileLeavesOpenIsGivenByFlags(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	for name, args := range map[string][]string{
		"campaign run":     {"campaign", "run", cmdtest.CampaignFile(t, open), "--dry-run=client", "-o", "yaml"},
		"campaign prepare": {"campaign", "prepare", out, "-f", cmdtest.CampaignFile(t, open)},
	} {
		t.Run(name, func(t *testing.T) {
			r := cmdtest.Plugin(&clitest.Client{}).Do(t, args...)
			if r.Code != 2 || !strings.Contains(r.Err, "--image") || !strings.Contains(r.Err, "--env=KEY=") {
				t.Errorf("without them: code %d, stderr %q", r.Code, r.Err)
			}
			r = cmdtest.Plugin(&clitest.Client{}).Do(t, append(args, "--image=busybox:9", "--env=KEY=given", "--cpus=7")...)
			if r.Code != 0 {
				t.Fatalf("code %d, stderr %q", r.Code, r.Err)
			}
			if made, err := os.ReadFile(filepath.Join(out, "all-jobs.yaml")); err == nil {
				r.Out += string(made)
			}
			for _, want := range []string{"image: busybox:9", "value: given", `cpu: "7"`} {
				if !strings.Contains(r.Out, want) {
					t.Errorf("no %q in\n%s", want, r.Out)
				}
			}
		})
	}
	t.Run("and is not missed by who only looks", func(t *testing.T) {
		r := cmdtest.Plugin(&clitest.Client{}).Do(t, "campaign", "configs", cmdtest.CampaignFile(t, open), "-o", "name")
		if r.Code != 0 || r.Out != "campaignconfig.kubevast.io/a\n" {
			t.Errorf("code %d, stdout %q, stderr %q", r.Code, r.Out, r.Err)
		}
	})
}

func TestAllProblemsOfACampaignAreReportedAtOnce(t *testing.T) {
	const wrong = "version: 1\nconfiguration:\n- name: a\n  variations: [{Paths: {}}]\nexecution:\n  image: busybox\n  scenario_file: a.osc\n  runs: 0\n"
	for name, tc := range map[string]struct {
		file string
		args []string
		want []string // the beginnings of the lines, in this order
	}{
		"of three sorts": {wrong, nil, []string{"4:17: configuration[0].variations[0].Paths: unknown variation type",
			"7:18: execution.scenario_file: a.osc does not exist beside", "8:9: execution.runs: must be"}},
		"rendered, no scenario is needed": {wrong, []string{"--dry-run=client"}, []string{"4:17: configuration[0].variations[0].Paths", "8:9: execution.runs"}},
		"a path that is wrong is not looked for": {strings.Replace(wrong, "a.osc", "../a.osc", 1), nil,
			[]string{"4:17: configuration", "7:18: execution.scenario_file: \"../a.osc\" leads out", "8:9: execution.runs"}},
	} {
		t.Run(name, func(t *testing.T) {
			file := cmdtest.CampaignFile(t, tc.file)
			r := cmdtest.Plugin(&clitest.Client{Campaign: &cmdtest.Runners{}}).Do(t, append([]string{"submit", file}, tc.args...)...)
			lines := strings.Split(strings.TrimSpace(r.Err), "\n")
			if r.Code != 2 || len(lines) != len(tc.want) {
				t.Fatalf("code %d, stderr:\n%s", r.Code, r.Err)
			}
			for i, want := range tc.want {
				if !strings.HasPrefix(lines[i], "error: "+file+":"+want) {
					t.Errorf("line %d is %q, want %q", i, lines[i], want)
				}
			}
		})
	}
}

func TestCampaignsAreDistinguishedFromTasks(t *testing.T) {
	file, missing := cmdtest.TaskFile(t, "run: echo hi\n"), t.TempDir()+"/typo.vast"
	for name, tc := range map[string]struct {
		args       []string
		says, hush string
	}{
		"a campaign's name that is mistyped":  {[]string{missing, "--runs=2"}, "typo.vast", "has no meaning"},
		"the same with --resume":              {[]string{missing, "--resume=a-2026-06-17-101500"}, "typo.vast", ""},
		"a task's file with --resume":         {[]string{file, "--resume=a-2026-06-17-101500"}, "--resume finishes a campaign, but " + file + " is a task", ""},
		"a task's that is not there, with it": {[]string{"no.yaml", "--resume=a-2026-06-17-101500"}, "no.yaml", ""},
	} {
		t.Run(name, func(t *testing.T) {
			campaigns := &cmdtest.Runners{}
			r := cmdtest.Plugin(&clitest.Client{Campaign: campaigns}).Do(t, append([]string{"submit"}, tc.args...)...)
			if r.Code != 2 || len(campaigns.Asks) > 0 || !strings.Contains(r.Err, tc.says) || tc.hush != "" && strings.Contains(r.Err, tc.hush) {
				t.Errorf("code %d, stderr %q", r.Code, r.Err)
			}
		})
	}
}

func TestTheHelpOfCampaignsSpeaksOfRuns(t *testing.T) {
	for _, command := range []string{"run", "prepare"} {
		r := cmdtest.Plugin(&clitest.Client{}).Do(t, "campaign", command, "--help")
		if strings.Contains(r.Out, "each node") || !strings.Contains(r.Out, "CPUs of each run") {
			t.Errorf("campaign %s --help:\n%s", command, r.Out)
		}
	}
}
