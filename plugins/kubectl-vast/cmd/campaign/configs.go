package campaign

import (
	"context"
	"fmt"
	"iter"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/internal/cli/table"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/spec"
	"github.com/kubevast/vast/sdk/variation"
)

type configsOptions struct {
	*cli.Factory
	file   campaignFile
	path   string
	output *cli.GetFlags
}

func newConfigs(f *cli.Factory) *cobra.Command {
	o := &configsOptions{Factory: f, output: cli.NewGetFlags(f)}
	c := &cobra.Command{
		Use:   "configs FILE",
		Short: "List the configurations of a campaign file with their parameters",
		Long: templates.LongDesc(`
			List the configurations of a campaign file with their parameters, after all
			variations are applied. No cluster is contacted, and values that are given on
			submission, such as the image, may be missing.

			Memory use does not depend on their number. Only a JSONPath or a Go template
			needs the whole list in memory, and is limited to 20,000 configurations.

			A FILE may be "-" for standard input, or a URL.`),
		Example: templates.Examples(`
			# List what would be run
			kubectl vast campaign configs sweep.vast

			# Show each parameter in its own column
			kubectl vast campaign configs sweep.vast -o wide

			# Select configurations and print them as JSON
			kubectl vast campaign configs sweep.vast --config='test-1-*' -o json

			# Use a variation type that your own program implements
			kubectl vast campaign configs nav.vast --variation-plugin=PathVariationRandom=./paths.py`),
		Args:              cli.Args(1, 1, "a campaign file"),
		ValidArgsFunction: completeCampaignFile,
		RunE: func(c *cobra.Command, args []string) error {
			o.path = args[0]
			if _, err := o.output.Printer(); err != nil { // before the file is read
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
func (o *configsOptions) Run(ctx context.Context) error {
	campaign, configs, err := o.file.read(ctx, o.Factory, o.path, spec.Inputs{Context: o.GivenContext(), Look: true})
	if err != nil {
		return err
	}
	if !o.output.Human() {
		if err := o.output.CheckWhole(configs.Len()); err != nil {
			return err
		}
		return o.output.PrintChunks(ctx, configList(), configLists(configs, cli.ChunkSize), func() runtime.Object { return wholeList(configs) }, o.Out)
	}
	if err := o.output.PrintAligned(ctx, objects(o.tables(configs)), o.Out); err != nil {
		return err
	}
	o.sum(campaign, configs.Len())
	return nil
}

// sum prints the numbers of configurations, runs and Jobs.
func (o *configsOptions) sum(campaign *spec.Campaign, configs int) {
	e := &campaign.Execution
	runs := configs * e.Runs
	jobs := (runs + e.RunsPerJob - 1) / e.RunsPerJob
	o.Notef("Configurations: %d, runs of each: %d, runs: %d, Jobs: %d", configs, e.Runs, runs, jobs)
	if len(campaign.Ignored) > 0 {
		o.Warn("ignored fields, which have no effect here: " + strings.Join(campaign.Ignored, ", "))
	}
}

// configList is a list of configurations without any.
func configList() *api.CampaignConfigList {
	return &api.CampaignConfigList{TypeMeta: api.TypeMeta[api.CampaignConfigList](), Items: []api.CampaignConfig{}}
}

// configLists are the configurations in lists of at most so many, and of not much
// more than maxList.
func configLists(configs *variation.Configs, most int) cli.Chunks {
	return func(yield func(runtime.Object) bool) {
		list, weight := configList(), 0
		for config := range configs.All() {
			item := config.Item()
			weight += weigh(item.Parameters)
			if list.Items = append(list.Items, *item); len(list.Items) < most && weight < maxList {
				continue
			}
			if !yield(list) {
				return
			}
			list, weight = configList(), 0
		}
		if len(list.Items) > 0 {
			yield(list)
		}
	}
}

// maxList is how much a list may weigh, in bytes: what prints it as YAML takes
// more than a hundred times as much for a while.
const maxList = 256 << 10

// weigh is about how much memory a value takes, in bytes.
func weigh(value any) int {
	const one = 16
	switch v := value.(type) {
	case string:
		return one + len(v)
	case []any:
		sum := one
		for _, e := range v {
			sum += weigh(e)
		}
		return sum
	case map[string]any:
		sum := one
		for key, e := range v {
			sum += one + len(key) + weigh(e)
		}
		return sum
	}
	return one
}

func wholeList(configs *variation.Configs) runtime.Object {
	list := configList()
	for config := range configs.All() {
		list.Items = append(list.Items, *config.Item())
	}
	return list
}

// tables show all parameters in one column, or with -o wide in a column each.
func (o *configsOptions) tables(configs *variation.Configs) iter.Seq[*table.Table] {
	if o.output.Wide() {
		names := configs.Names()
		return inTables(configs, append([]string{"Name"}, names...), nil, func(c *variation.Config) []any {
			cells := []any{c.Name}
			for _, name := range names {
				cells = append(cells, c.Text(name))
			}
			return cells
		})
	}
	gives := []table.Give{table.ID, {Rank: 1, Least: 16}}
	tables := inTables(configs, []string{"Name", "Parameters"}, gives, func(c *variation.Config) []any {
		words := make([]string, len(c.Parameters))
		for i, p := range c.Parameters {
			words[i] = fmt.Sprintf("%s=%s", p.Name, c.Text(p.Name))
		}
		return []any{c.Name, strings.Join(words, " ")}
	})
	if !o.output.PlainTable() {
		return tables
	}
	return table.FitAll(tables, o.Width(), false)
}

// inTables yields a table of the configurations in parts. gives are those of the
// columns, nil for a table that is not cut.
func inTables(configs *variation.Configs, columns []string, gives []table.Give, cells func(*variation.Config) []any) iter.Seq[*table.Table] {
	empty := func() *table.Table {
		t := &table.Table{}
		for i, name := range columns {
			give := table.Give{}
			if gives != nil {
				give = gives[i]
			}
			t.Column(name, false, give)
		}
		return t
	}
	return func(yield func(*table.Table) bool) {
		t, weight := empty(), 0
		for config := range configs.All() {
			item := config.Item()
			weight += weigh(item.Parameters)
			if t.Row(item, cells(&config)...); len(t.Rows) < cli.ChunkSize && weight < maxList {
				continue
			}
			if !yield(t) {
				return
			}
			t, weight = empty(), 0
		}
		if len(t.Rows) > 0 {
			yield(t)
		}
	}
}

// objects are tables as what the printers take.
func objects(tables iter.Seq[*table.Table]) cli.Chunks {
	return func(yield func(runtime.Object) bool) {
		for t := range tables {
			if !yield(&t.Table) {
				return
			}
		}
	}
}
