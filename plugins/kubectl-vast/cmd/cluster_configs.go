package cmd

import (
	"fmt"
	"strings"

	"github.com/kubevast/vast/internal/cli"
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
	table := &cli.TextTable{}
	table.Column("Name", cli.ID)
	table.Column("Options", cli.Give{Rank: 1})
	table.Column("Description", cli.Give{})
	for _, config := range list.Items {
		var options []string
		for _, option := range config.Options {
			options = append(options, option.Name+"="+option.Default)
		}
		table.Row(config.Name, strings.Join(options, ","), config.Description)
	}
	writeTable(o.Factory, o.Out, table)
	for _, option := range allOptions(list) {
		text := option.Description
		if len(option.Allowed) > 0 {
			text += ": " + strings.Join(option.Allowed, ", ")
		}
		const indent = "  "
		width := o.Width()
		if width > 0 {
			width = max(width-len(indent), 1)
		}
		fmt.Fprintf(o.Out, "\n%s\n%s%s\n", option.Name, indent, strings.Join(cli.Wrap(text, width), "\n"+indent))
	}
	return nil
}
