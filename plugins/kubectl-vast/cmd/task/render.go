package task

import (
	batchv1 "k8s.io/api/batch/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
)

// render asks no cluster. With -o it prints the objects that would be created, and
// else what a submission would say.
func (o *submitOptions) render() error {
	var objects []runtime.Object
	for _, t := range o.tasks {
		list, warnings, err := o.client.Tasks().Render(t, o.api)
		if err != nil {
			return err
		}
		for _, w := range warnings {
			o.WarnOf(w)
		}
		if job := jobAmong(list); job != nil && !o.flags.Output.Given() {
			task := &api.TaskStatus{TypeMeta: api.TypeMeta[api.TaskStatus](), ObjectMeta: job.ObjectMeta, Queue: job.Labels[kube.LabelQueue]}
			if err := o.print(task); err != nil {
				return err
			}
			continue
		}
		objects = append(objects, list...)
	}
	return cli.PrintObjects(o.Factory, o.flags.Output, o.flags.DryRun.Operation("created"), cli.Objects(objects), len(objects) > 1)
}

// jobAmong is the Job of a task's objects.
func jobAmong(objects []runtime.Object) *batchv1.Job {
	for _, object := range objects {
		if job, ok := object.(*batchv1.Job); ok {
			return job
		}
	}
	return nil
}
