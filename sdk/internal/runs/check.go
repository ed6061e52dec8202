package runs

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubevast/vast/internal/workflow/record"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/task"
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
	var not []string
	add := func(is bool, what string) {
		if is {
			not = append(not, what)
		}
	}
	if w.Schedule != nil && !s.scheduled {
		return api.Invalid("schedule", "the workflow has a schedule: runs are submitted by it")
	}
	for _, t := range w.Tasks {
		add(t.Campaign != nil && s.scheduled, "tasks."+t.Graph.Name+".campaign with a schedule")
		add(t.Campaign != nil && t.EventCallback != "", "tasks."+t.Graph.Name+".event_callback of a campaign")
		if len(not) > mostNamed {
			break
		}
	}
	if len(not) == 0 {
		return nil
	}
	if len(not) > mostNamed {
		not = append(not[:mostNamed], "...")
	}
	return &api.NotSupportedError{Message: fmt.Sprintf("%s: it is valid, but this build cannot run %s yet", w.Path, strings.Join(not, ", "))}
}

// mostNamed is how many fields a message names.
const mostNamed = 10

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
