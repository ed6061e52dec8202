package campaign_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kubevast/vast/internal/cli/clitest"
	"github.com/kubevast/vast/plugins/kubectl-vast/cmd/cmdtest"
	"github.com/kubevast/vast/sdk"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/spec"
	"github.com/kubevast/vast/sdk/variation"
)

const drawing = `version: 1
configuration:
- name: a
  variations: [{ParameterVariationDistributionUniform: {name: x, num_variations: 2, min: 0, max: 1000000, type: int, seed: 7}}]
execution: {image: busybox, runs: 1, command: env}
`

// begun is an sdk.Campaign in which each campaign was begun with random; none is
// there if that is empty.
type begun struct {
	sdk.Campaign
	random api.Random
	got    []string // what is submitted: the values of x
}

func (b *begun) Random(_ context.Context, id string) (api.Random, error) {
	if b.random == "" {
		return "", &api.NotFoundError{Kind: "campaign", Name: id}
	}
	return b.random, nil
}

func (b *begun) Run(_ context.Context, _ *spec.Campaign, configs *variation.Configs, _ api.CampaignOptions) (*api.Campaign, error) {
	for c := range configs.All() {
		b.got = append(b.got, c.Text("x"))
	}
	made := cmdtest.Sweeping()
	return &made, nil
}

func TestWhatDrawsTheRandomValuesOfACampaign(t *testing.T) {
	const robovast, legacy = "339563 993908", "393365 592359"
	const id = "--resume=a-2026-06-17-101500"
	for name, tc := range map[string]struct {
		args  []string
		begun api.Random
		want  string
	}{
		"RoboVAST's generators":           {[]string{"campaign", "run"}, "", robovast},
		"those of before":                 {[]string{"campaign", "run", "--random=legacy"}, "", legacy},
		"those of before, by submit":      {[]string{"submit", "--random=legacy"}, "", legacy},
		"those of an unfinished campaign": {[]string{"campaign", "run", id}, api.RandomLegacy, legacy},
		"the same by submit":              {[]string{"submit", id}, api.RandomLegacy, legacy},
		"RoboVAST's, as it was begun":     {[]string{"campaign", "run", id}, api.RandomRoboVAST, robovast},
		"those that are asked for":        {[]string{"campaign", "run", id, "--random=robovast"}, api.RandomLegacy, robovast},
		"RoboVAST's, of a new id":         {[]string{"campaign", "run", id}, "", robovast},
	} {
		t.Run(name, func(t *testing.T) {
			b := &begun{random: tc.begun}
			r := cmdtest.Plugin(&clitest.Client{Campaign: b}).Do(t, append(tc.args, cmdtest.CampaignFile(t, drawing))...)
			if got := strings.Join(b.got, " "); r.Code != 0 || got != tc.want {
				t.Errorf("code %d, values %q, want %q; stderr %q", r.Code, got, tc.want, r.Err)
			}
		})
	}
}

func TestTheGeneratorIsChosenWhereverACampaignsFileIsRead(t *testing.T) {
	for name, args := range map[string][]string{
		"campaign configs": {"campaign", "configs"},
		"campaign run":     {"campaign", "run", "--dry-run=client", "-o", "yaml"},
		"submit":           {"submit", "--dry-run=client", "-o", "yaml"},
	} {
		t.Run(name, func(t *testing.T) {
			file := cmdtest.CampaignFile(t, drawing)
			for random, value := range map[string]string{"": "339563", "--random=robovast": "339563", "--random=legacy": "393365"} {
				args := append(args[:len(args):len(args)], file)
				if random != "" {
					args = append(args, random)
				}
				if r := cmdtest.Plugin(&clitest.Client{}).Do(t, args...); r.Code != 0 || !strings.Contains(r.Out, value) {
					t.Errorf("%s: code %d, stderr %q, no %s in\n%s", random, r.Code, r.Err, value, r.Out)
				}
			}
			if r := cmdtest.Plugin(&clitest.Client{}).Do(t, append(args, file, "--random=dice")...); r.Code != 2 || !strings.Contains(r.Err, `--random: "dice" is not known; give robovast or legacy`) {
				t.Errorf("code %d, stderr %q", r.Code, r.Err)
			}
		})
	}
	out := filepath.Join(t.TempDir(), "out")
	if r := cmdtest.Plugin(&clitest.Client{}).Do(t, "campaign", "prepare", out, "-f", cmdtest.CampaignFile(t, drawing), "--random=legacy", "--agent-image=agent:1"); r.Code != 0 {
		t.Errorf("prepare: code %d, stderr %q", r.Code, r.Err)
	}
	for _, args := range [][]string{{"campaign", "run", "--resume=a-2026-06-17-101500", "--random=legacy"}, {"submit", cmdtest.TaskFile(t, "run: x\n"), "--random=legacy"}} {
		if r := cmdtest.Plugin(&clitest.Client{}).Do(t, args...); r.Code != 2 || !strings.Contains(r.Err, "--random") {
			t.Errorf("%q: code %d, stderr %q", args, r.Code, r.Err)
		}
	}
}
