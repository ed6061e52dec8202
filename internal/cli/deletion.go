package cli

import (
	"context"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubevast/vast/sdk/api"
)

// Deletion deletes objects after a confirmation.
type Deletion struct {
	*Factory
	Yes    bool
	DryRun DryRunFlag
	Output *DoneFlags
}

// NewDeletion returns a Deletion.
func NewDeletion(f *Factory) Deletion { return Deletion{Factory: f, Output: NewDoneFlags(f)} }

// AddFlags adds --yes, --dry-run and the flags of the output.
func (d *Deletion) AddFlags(c *cobra.Command) {
	c.Flags().BoolVarP(&d.Yes, "yes", "y", false, "Do not ask for confirmation.")
	d.DryRun.Add(c)
	d.Output.AddFlags(c)
}

// Delete deletes what refs name, several at a time, and prints each deleted object.
// Unless --yes or --dry-run is set, it first asks the user the text that question
// returns; an empty text ends it. The refs that question returns replace refs. All
// errors are returned; one that cannot be deleted does not keep the others.
func Delete[T runtime.Object](ctx context.Context, d *Deletion, question func(context.Context) (string, []string, error), refs []string, del func(context.Context, string) ([]T, error)) error {
	if !d.Yes && d.DryRun.Value == api.DryRunNone {
		text, whole, err := question(ctx)
		if err != nil || text == "" {
			return err
		}
		goOn, err := d.Confirm(ctx, text)
		if err != nil || !goOn {
			return err
		}
		refs = whole
	}
	printer, err := d.Output.Printer(d.DryRun.Operation("deleted"))
	if err != nil {
		return err
	}
	return Each(ctx, refs, del, func(deleted []T) error {
		for _, object := range deleted {
			if err := printer.PrintObj(object, d.Out); err != nil {
				return err
			}
		}
		return nil
	})
}
