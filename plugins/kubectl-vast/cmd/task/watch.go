package task

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/cli-runtime/pkg/printers"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/internal/cli/table"
	"github.com/kubevast/vast/sdk/api"
)

// watchTasks prints the list and then every task whose row has changed, until
// the user leaves.
func (o *listOptions) watchTasks(ctx context.Context, client cli.Client, list *api.TaskStatusList) error {
	shown := map[types.UID]string{}
	// One tab writer for all keeps the columns where they are.
	out := printers.GetNewTabWriter(o.Out)
	var fitter table.Fitter
	show := func(tasks ...api.TaskStatus) error {
		for i := range tasks {
			shown[tasks[i].UID] = o.fingerprint(&tasks[i])
		}
		if o.Output.Human() {
			rows := o.table(tasks)
			if o.Output.PlainTable() {
				fitter.Fit(rows, o.Width(), o.Output.Wide())
			}
			if err := o.Printer.PrintObj(&rows.Table, out); err != nil {
				return err
			}
			return out.Flush()
		}
		for i := range tasks {
			if err := o.Printer.PrintObj(&tasks[i], o.Out); err != nil {
				return err
			}
		}
		return nil
	}
	if err := show(list.Items...); err != nil {
		return err
	}
	for t, err := range client.Tasks().Watch(ctx, o.query) {
		if err != nil {
			return err
		}
		if shown[t.UID] == o.fingerprint(t) {
			continue
		}
		if err := show(*t); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// fingerprint changes when something that is worth a new row does.
func (o *listOptions) fingerprint(t *api.TaskStatus) string {
	print := fmt.Sprint(shownState(t), "\x00", t.Reason, "\x00", t.NumNodes)
	if o.Output.Wide() || !o.Output.Human() {
		print += "\x00" + cli.ProgressWords(t.Progress)
	}
	return print
}
