package cmd

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/printers"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/sdk/spec"
	"github.com/kubevast/vast/sdk/variation"
)

type campaignConfigsOptions struct {
	*cli.Factory
	file    campaignFile
	path    string
	output  *cli.GetFlags
	printer printers.ResourcePrinter
}

func newCampaignConfigs(f *cli.Factory) *cobra.Command {
	o := &campaignConfigsOptions{Factory: f, output: cli.NewGetFlags()}
	c := &cobra.Command{
		Use:   "configs FILE",
		Short: "List the configurations of a campaign file with their parameters",
		Long: templates.LongDesc(`
			List the configurations of a campaign file with their parameters, as they are
			once all variations are applied. No cluster is asked, and what is given when the
			campaign is submitted, such as its image, may be missing.

			A FILE may be "-" for standard input.`),
		Example: templates.Examples(`
			# What would be run
			kubectl vast campaign configs sweep.vast

			# With a column for each parameter
			kubectl vast campaign configs sweep.vast -o wide

			# Only some of them, for a program
			kubectl vast campaign configs sweep.vast --config='test-1-*' -o json

			# With a variation type that a program of yours makes
			kubectl vast campaign configs nav.vast --variation-plugin=PathVariationRandom=./paths.py`),
		Args:              cli.Args(1, 1, "a campaign file"),
		ValidArgsFunction: completeCampaignFile,
		RunE: func(c *cobra.Command, args []string) error {
			o.path = args[0]
			var err error
			if o.printer, err = o.output.Printer(); err != nil {
				return err
			}
			return o.Run(c.Context())
		},
	}
	o.file.look = true
	o.file.addFlags(c)
	o.output.AddFlags(c)
	return c
}

// Run lists the configurations.
func (o *campaignConfigsOptions) Run(ctx context.Context) error {
	campaign, configs, err := o.file.read(ctx, o.path, o.In, spec.Inputs{Context: o.GivenContext(), Look: true})
	if err != nil {
		return err
	}
	if !o.output.Human() {
		return o.output.PrintList(o.printer, variation.List(configs), o.Out)
	}
	if err := o.printer.PrintObj(o.table(configs), o.Out); err != nil {
		return err
	}
	o.sum(campaign, len(configs))
	return nil
}

// sum says what it amounts to.
func (o *campaignConfigsOptions) sum(campaign *spec.Campaign, configs int) {
	e := &campaign.Execution
	runs := configs * e.Runs
	jobs := (runs + e.RunsPerJob - 1) / e.RunsPerJob
	o.Notef("Configurations: %d, runs of each: %d, runs: %d, Jobs: %d", configs, e.Runs, runs, jobs)
	if len(campaign.Ignored) > 0 {
		o.Warn("ignored fields, which have no effect here: " + strings.Join(campaign.Ignored, ", "))
	}
}

// table shows all parameters in one column, or with -o wide in a column each.
func (o *campaignConfigsOptions) table(configs []variation.Config) runtime.Object {
	t := &cli.Table{}
	t.Column("Name", false)
	rows := variation.List(configs).Items
	if o.output.Wide() {
		names := variation.Names(configs)
		for _, name := range names {
			t.Column(name, false)
		}
		for i, c := range configs {
			cells := []any{c.Name}
			for _, name := range names {
				cells = append(cells, c.Text(name))
			}
			t.Row(&rows[i], cells...)
		}
		return &t.Table
	}
	t.Column("Parameters", false)
	for i, c := range configs {
		words := make([]string, len(c.Parameters))
		for j, p := range c.Parameters {
			words[j] = fmt.Sprintf("%s=%s", p.Name, c.Text(p.Name))
		}
		t.Row(&rows[i], c.Name, strings.Join(words, " "))
	}
	if o.output.PlainTable() {
		t.Fit(o.Width(), false,
			cli.Flexible{Column: "Parameters", Least: 30},
			cli.Flexible{Column: "Name", Least: 16, Middle: true},
			cli.Flexible{Column: "Parameters", Least: 12})
	}
	return &t.Table
}
