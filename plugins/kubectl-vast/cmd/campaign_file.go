package cmd

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/sdk/api"
	sdkcampaign "github.com/kubevast/vast/sdk/campaign"
	"github.com/kubevast/vast/sdk/files"
	"github.com/kubevast/vast/sdk/spec"
	"github.com/kubevast/vast/sdk/variation"
)

// campaignFile are the flags of commands that read a campaign file.
type campaignFile struct {
	plugins []string
	configs []string
	random  string
	// look is for commands that need no other file than the campaign's.
	look bool
}

func (c *campaignFile) addFlags(cmd *cobra.Command) {
	p := cmd.Flags()
	p.StringArrayVar(&c.configs, "config", nil, `Only configurations whose name fits this glob ("*", "?", "[a-c]"). Can be given several times.`)
	p.StringVar(&c.random, "random", string(api.RandomRoboVAST), `What draws random values: "robovast" as RoboVAST does with the same seed, "legacy" as this program did before it could do that. A campaign that is resumed goes on with what it was begun with.`)
	_ = cmd.RegisterFlagCompletionFunc("random",
		cobra.FixedCompletions([]string{string(api.RandomRoboVAST), string(api.RandomLegacy)}, cobra.ShellCompDirectiveNoFileComp))
	p.StringArrayVar(&c.plugins, "variation-plugin", nil, "Variation type that a program of yours makes, as NAME=EXECUTABLE: it gets JSON on stdin and prints JSON. Can be given several times.")
}

// registry holds the variation types, those of the flags included.
func (c *campaignFile) registry() (*variation.Registry, error) {
	const flag = "--variation-plugin"
	given, err := pairs(flag, c.plugins)
	if err != nil {
		return nil, err
	}
	r, err := variation.With(api.Random(c.random))
	if err != nil {
		return nil, err
	}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(given)) {
		err := r.Plugin(name, given[name])
		var invalid *api.InvalidSpec
		if errors.As(err, &invalid) {
			err = api.Invalid(flag, "%s", invalid)
		}
		errs = append(errs, err)
	}
	return r, api.JoinInvalid(errs...)
}

// read reads a campaign and returns its configurations, expanded and chosen by
// the flags.
func (c *campaignFile) read(ctx context.Context, f *cli.Factory, path string, in spec.Inputs) (*spec.Campaign, *variation.Configs, error) {
	data, err := f.Files().Read(ctx, path, spec.MaxCampaignBytes)
	if err != nil {
		return nil, nil, err
	}
	return c.parse(ctx, files.Name(path), data, in)
}

// parse is read for a file whose bytes are there.
func (c *campaignFile) parse(ctx context.Context, path string, data []byte, in spec.Inputs) (*spec.Campaign, *variation.Configs, error) {
	types, errFlags := c.registry()
	in.Check = func(s *spec.Campaign) []api.Problem {
		var problems []api.Problem
		if errFlags == nil { // else a type may be missing for that alone
			problems = types.Check(s)
		}
		if !c.look {
			problems = append(problems, sdkcampaign.CheckScenario(s)...)
		}
		return problems
	}
	campaign, err := spec.ParseCampaign(path, data, in)
	if err := errors.Join(errFlags, err); err != nil {
		return nil, nil, err
	}
	configs, err := variation.Expand(ctx, campaign, types)
	if err != nil {
		return nil, nil, err
	}
	configs, err = variation.Select(configs, c.configs)
	return campaign, configs, err
}

// completeCampaignFile completes the name of one campaign file.
func completeCampaignFile(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return []string{"vast"}, cobra.ShellCompDirectiveFilterFileExt
}
