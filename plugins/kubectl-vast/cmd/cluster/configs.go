package cluster

import (
	"fmt"
	"strings"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/internal/cli/table"
	"github.com/kubevast/vast/internal/cli/term"
)

// listConfigs prints the configs with their options.
func (o *setupOptions) listConfigs() error {
	list := o.client.Cluster().Configs()
	if o.flags.output.Given() {
		p, err := o.flags.output.Printer("")
		if err != nil {
			return err
		}
		return p.PrintObj(list, o.Out)
	}
	rows := &table.TextTable{}
	rows.Column("Name", table.ID)
	rows.Column("Options", table.Give{Rank: 1})
	rows.Column("Description", table.Give{})
	for _, config := range list.Items {
		var options []string
		for _, option := range config.Options {
			options = append(options, option.Name+"="+option.Default)
		}
		rows.Row(config.Name, strings.Join(options, ","), config.Description)
	}
	cli.WriteTable(o.Factory, o.Out, rows)
	for _, option := range cli.AllClusterOptions(list) {
		text := option.Description
		if len(option.Allowed) > 0 {
			text += ": " + strings.Join(option.Allowed, ", ")
		}
		const indent = "  "
		width := o.Width()
		if width > 0 {
			width = max(width-len(indent), 1)
		}
		fmt.Fprintf(o.Out, "\n%s\n%s%s\n", option.Name, indent, strings.Join(term.Wrap(text, width), "\n"+indent))
	}
	return nil
}
