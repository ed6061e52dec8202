package run

import (
	"errors"

	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/plugins/kubectl-vast/cmd/submission"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/spec"
)

// render checks a workflow, and sends no request. With -o it prints the objects of
// its tasks, each as if it were submitted alone, and else a line for each task.
func render(f *cli.Factory, flags *submission.Flags, o api.SubmitOptions, w *spec.Workflow) error {
	client, err := f.OfflineClient()
	if err != nil {
		return err
	}
	var rendered []*api.RenderedTask
	var errs []error
	for _, t := range w.Tasks {
		if t.Task == nil {
			f.Notef("Task %s is a campaign; print its Jobs with: %s", t.Graph.Name, f.Hint().Vast("campaign", "run", t.Campaign.Path, "--dry-run=client", "-o", "yaml"))
			continue
		}
		o.Deadline = t.Timeout
		one, err := client.Tasks().Render(t.Task, o)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		rendered = append(rendered, one)
	}
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
	var objects []runtime.Object
	p, err := flags.Output.Printer(flags.DryRun.Operation("submitted"))
	if err != nil {
		return err
	}
	for _, one := range rendered {
		for _, n := range one.Warnings {
			f.WarnOf(n)
		}
		if flags.Output.Given() {
			objects = append(objects, one.Objects...)
		} else if err := p.PrintObj(one.Task, f.Out); err != nil {
			return err
		}
	}
	return cli.PrintObjects(f, flags.Output, flags.DryRun.Operation("created"), cli.Objects(objects), len(objects) > 1)
}
