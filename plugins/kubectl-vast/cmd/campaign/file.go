package campaign

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/internal/files"
	"github.com/kubevast/vast/sdk"
	"github.com/kubevast/vast/sdk/api"
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
	p.StringArrayVar(&c.configs, "config", nil, `Only configurations whose name matches this glob ("*", "?", "[a-c]"). Can be repeated.`)
	p.StringVar(&c.random, "random", string(api.RandomRoboVAST), `Random number generator: "robovast" draws the values that RoboVAST draws with the same seed, "legacy" those of earlier versions of this program. A resumed campaign keeps its generator.`)
	_ = cmd.RegisterFlagCompletionFunc("random",
		cobra.FixedCompletions([]string{string(api.RandomRoboVAST), string(api.RandomLegacy)}, cobra.ShellCompDirectiveNoFileComp))
	p.StringArrayVar(&c.plugins, "variation-plugin", nil, "Variation type that your own program implements, as NAME=EXECUTABLE: it reads JSON from stdin and prints JSON. Can be repeated.")
}

// inputs are what the flags add to the file; they may not be right.
func (c *campaignFile) inputs(in spec.Inputs) (sdk.CampaignInputs, error) {
	plugins, err := cli.Pairs("--variation-plugin", c.plugins)
	return sdk.CampaignInputs{Inputs: in, Configs: c.configs, Random: api.Random(c.random), VariationPlugins: plugins, FileOnly: c.look}, err
}

// read reads a campaign and returns its configurations, expanded and selected by
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
	inputs, errFlags := c.inputs(in)
	campaign, configs, err := sdk.ParseCampaign(ctx, path, data, inputs)
	return campaign, configs, errors.Join(errFlags, err)
}

// completeCampaignFile completes the name of one campaign file.
func completeCampaignFile(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return []string{"vast"}, cobra.ShellCompDirectiveFilterFileExt
}
