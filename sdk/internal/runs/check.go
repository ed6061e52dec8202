package runs

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubevast/vast/internal/workflow/record"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/task"
	"github.com/kubevast/vast/sdk/spec"
)

// check validates the options, and returns a NotSupportedError for what this version cannot
// run.
func (s *submission) check(context.Context) error {
	if err := task.CheckOptions(s.options); err != nil {
		return err
	}
	if s.options.Deadline != 0 {
		return api.InvalidOption("Deadline", "it is for a single task; set the timeout of each task in the file")
	}
	w := s.workflow
	if err := checkCallbacks(w); err != nil {
		return err
	}
	if w.Schedule != nil && !s.scheduled {
		return api.Invalid("schedule", "the workflow has a schedule: runs are submitted by it")
	}
	return checkCampaigns(w, s.scheduled)
}

// mostNamed is how many of one kind an error names.
const mostNamed = 10

// checkCampaigns returns an InvalidSpecError with what tasks that are campaigns cannot have in
// this version.
func checkCampaigns(w *spec.Workflow, scheduled bool) error {
	var problems []error
	add := func(t *spec.WorkflowTask, field, message string) {
		err := api.Invalid("tasks."+t.Graph.Name+"."+field, "%s", message)
		err.Problems[0].File, err.Problems[0].Line, err.Problems[0].Column = w.Path, t.At.Line, t.At.Column
		problems = append(problems, err)
	}
	for _, t := range w.Tasks {
		if t.Campaign == nil {
			continue
		}
		if scheduled {
			add(t, "campaign", "a task of a workflow with a schedule cannot be a campaign yet; submit the workflow without its schedule")
		}
		if t.EventCallback != "" {
			add(t, "event_callback", "it is not executed for tasks that are campaigns yet; omit it")
		}
		if len(problems) >= mostNamed {
			break
		}
	}
	return api.JoinInvalid(problems...)
}

// objectsOf returns the objects of a draft as the record has them.
func objectsOf(d *task.Draft) (*record.Objects, error) {
	o := &record.Objects{Job: d.Objects.Job}
	for _, obj := range d.Objects.Helpers {
		switch helper := obj.(type) {
		case *corev1.Service:
			o.Services = append(o.Services, *helper)
		case *corev1.ConfigMap:
			o.ConfigMaps = append(o.ConfigMaps, *helper)
		case *networkingv1.NetworkPolicy:
			o.NetworkPolicies = append(o.NetworkPolicies, *helper)
		default:
			return nil, fmt.Errorf("a task of a workflow cannot have a %s", kindOf(obj))
		}
	}
	return o, nil
}

func kindOf(obj runtime.Object) string { return obj.GetObjectKind().GroupVersionKind().Kind }
