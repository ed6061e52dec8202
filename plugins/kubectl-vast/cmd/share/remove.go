package share

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/internal/share/archives"
	"github.com/kubevast/vast/internal/text"
	"github.com/kubevast/vast/sdk"
)

type removeOptions struct {
	*cli.Factory
	yes    bool
	dryRun bool
	output *cli.DoneFlags
}

func newRemove(f *cli.Factory) *cobra.Command {
	o := &removeOptions{Factory: f, output: cli.NewDoneFlags(f)}
	c := &cobra.Command{
		Use:     "remove NAME...",
		Aliases: []string{"rm", "delete"},
		Short:   "Remove archives from the share",
		Long: templates.LongDesc(`
			Remove archives from the share. No cluster is needed, and results in the store are not
			removed.`),
		Example: templates.Examples(`
			# Remove the archive of a campaign
			kubectl vast share remove sweep-2026-11-21-101500

			# Remove some archives, and do not ask
			kubectl vast share remove 'test-*' -y`),
		Args:              cli.Args(1, -1, "the name of an archive"),
		ValidArgsFunction: completeArchives,
		RunE: func(c *cobra.Command, args []string) error {
			if err := o.output.Check(); err != nil {
				return err
			}
			return o.Run(c.Context(), args)
		},
	}
	c.Flags().BoolVarP(&o.yes, "yes", "y", false, "Do not ask for confirmation.")
	c.Flags().BoolVar(&o.dryRun, "dry-run", false, "If true, only print what would be removed.")
	o.output.AddFlags(c)
	return c
}

// Run prompts, and removes them.
func (o *removeOptions) Run(ctx context.Context, refs []string) error {
	p, err := open(ctx)
	if err != nil {
		return err
	}
	defer p.Close()
	found, err := sdk.FindArchives(ctx, p, refs...)
	if err != nil {
		return err
	}
	if !o.yes && !o.dryRun {
		names := make([]string, len(found))
		for i, object := range found {
			names[i] = object.Name
		}
		goOn, err := o.Confirm(ctx, fmt.Sprintf("Remove %s (%s) from the share for good?", text.Count(len(found), "archive"), strings.Join(names, ", ")))
		if err != nil || !goOn {
			return err
		}
	}
	operation := "removed"
	if o.dryRun {
		operation += " (client dry run)"
	}
	printer, err := o.output.Printer(operation)
	if err != nil {
		return err
	}
	var errs []error
	for _, object := range found {
		if !o.dryRun {
			if err := archives.Remove(ctx, p, object.Name); err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", object.Name, err))
				continue
			}
		}
		errs = append(errs, printer.PrintObj(asObject(object), o.Out))
	}
	return errors.Join(errs...)
}
