package campaign_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/kubevast/vast/internal/cli/clitest"
	"github.com/kubevast/vast/plugins/kubectl-vast/cmd/cmdtest"
	"github.com/kubevast/vast/sdk/api"
)

func TestCleanupRemovesWhatItHasAskedAbout(t *testing.T) {
	look := func(data bool) api.CampaignCleanupOptions {
		return api.CampaignCleanupOptions{Data: data, DryRun: api.DryRunClient}
	}
	two := []string{"a", "b"}
	for name, tt := range map[string]struct {
		args   string
		answer string // empty: there is no terminal
		ended  []string
		want   []api.CampaignCleanupOptions
		code   int
		says   string
	}{
		"all with results, and yes":                        {"--data", "y\n", two, []api.CampaignCleanupOptions{look(true), {Data: true, Campaigns: []string{"a"}}}, 0, "with all results: a"},
		"all with results, and no":                         {"--data", "n\n", two, []api.CampaignCleanupOptions{look(true)}, 0, "Canceled"},
		"all with results, and there are none":             {"--data", "", nil, []api.CampaignCleanupOptions{look(true)}, 0, "nothing to remove"},
		"all, and yes":                                     {"--all", "y\n", two, []api.CampaignCleanupOptions{look(false), {Campaigns: []string{"a"}}}, 0, "Remove the Jobs of 1 campaign that ended: a"},
		"no name is all":                                   {"", "n\n", two, []api.CampaignCleanupOptions{look(false)}, 0, "Remove the Jobs of 1 campaign that ended: a"},
		"all without a terminal":                           {"--all", "", two, []api.CampaignCleanupOptions{look(false)}, 2, "add --yes"},
		"all, without being asked":                         {"--all --yes", "", two, []api.CampaignCleanupOptions{{}}, 0, ""},
		"no name, without being asked, as scripts have it": {"-y", "", two, []api.CampaignCleanupOptions{{}}, 0, ""},
		"a dry run has no prompt":                          {"--all --dry-run=server", "", two, []api.CampaignCleanupOptions{{DryRun: api.DryRunServer}}, 0, ""},
		"those that are named":                             {"a b", "", two, []api.CampaignCleanupOptions{{Campaigns: two}}, 0, ""},
		"one that is named, with its results":              {"a --data", "", two, []api.CampaignCleanupOptions{{Data: true, DryRun: api.DryRunClient, Campaigns: []string{"a"}}}, 2, "add --yes"},
		"the flag of before":                               {"--campaign a --campaign b", "", two, []api.CampaignCleanupOptions{{Campaigns: two}}, 0, "deprecated"},
		"a name and all":                                   {"a --all", "", two, nil, 2, "not both"},
		"all by force":                                     {"--all --force", "", two, nil, 2, "name the campaigns"},
	} {
		t.Run(name, func(t *testing.T) {
			c := &cmdtest.Cleaner{Ended: tt.ended}
			run := cmdtest.Plugin(&clitest.Client{Campaign: c})
			run.Stdin, run.Terminal = tt.answer, tt.answer != ""
			r := run.Do(t, append([]string{"campaign", "cleanup"}, strings.Fields(tt.args)...)...)
			if r.Code != tt.code || !strings.Contains(r.Err, tt.says) {
				t.Errorf("code %d, stderr %q lacks %q", r.Code, r.Err, tt.says)
			}
			if diff := cmp.Diff(tt.want, c.Asked, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("(-want,+got):\n%s", diff)
			}
		})
	}
}

// As a script says it whose variable is empty: that must not mean all, or the
// default.
func TestAnEmptyNameIsNoName(t *testing.T) {
	for _, args := range [][]string{
		{"campaign", "cleanup", "--campaign=", "--yes"}, {"queue", "hold", ""}, {"queue", "resume", ""},
	} {
		if r := cmdtest.Plugin(&clitest.Client{}).Do(t, args...); r.Code != 2 {
			t.Errorf("%q: exit code %d, %s", args, r.Code, r.Err)
		}
	}
}
