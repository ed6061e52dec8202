package task

import (
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubevast/vast/internal/cli"
)

// render uses no cluster. With -o it prints the objects that would be created,
// and else what a submission would print.
func (o *submitOptions) render() error {
	var objects []runtime.Object
	for _, t := range o.tasks {
		rendered, err := o.client.Tasks().Render(t, o.api)
		if err != nil {
			return err
		}
		for _, w := range rendered.Warnings {
			o.WarnOf(w)
		}
		if !o.flags.Output.Given() {
			if err := o.print(rendered.Task); err != nil {
				return err
			}
			continue
		}
		objects = append(objects, rendered.Objects...)
	}
	return cli.PrintObjects(o.Factory, o.flags.Output, o.flags.DryRun.Operation("created"), cli.Objects(objects), len(objects) > 1)
}
