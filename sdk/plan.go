package sdk

import (
	"errors"
	"slices"
	"strings"

	"github.com/kubevast/vast/internal/text"
	"github.com/kubevast/vast/internal/workflow"
	"github.com/kubevast/vast/internal/workflow/draw"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/spec"
)

// PlanWorkflow returns how a run of a workflow would go, by the same decisions as a run
// in a cluster. path and data are those of a file as spec.ParseWorkflow takes them, with
// what in adds. Tasks that are active at the same time end at the same time.
//
// The error is an *api.InvalidSpecError with all problems of the file and of the options.
// If the file has problems, the plan that is returned with it has the phase "setuperror".
func PlanWorkflow(path string, data []byte, in spec.Inputs, o api.WorkflowPlanOptions) (*api.WorkflowPlan, error) {
	plan := &api.WorkflowPlan{TypeMeta: api.TypeMeta[api.WorkflowPlan]()}
	parsed, err := spec.ParseWorkflow(path, data, in)
	if err != nil {
		plan.Phase, plan.Result = workflow.PhaseSetupError.String(), workflow.ResultUnknown.String()
		var invalid *api.InvalidSpecError
		if errors.As(err, &invalid) {
			for _, p := range invalid.Problems {
				plan.Errors = append(plan.Errors, p.String())
			}
		}
		return plan, err
	}
	w := parsed.Graph()
	plan.WorkflowName = parsed.Name
	assumptions, err := assume(w, o)
	if err != nil {
		return nil, err
	}
	planned := workflow.Plan(w, assumptions)
	reasons := workflow.Reasons(w, planned.State)
	plan.Phase, plan.Result = planned.State.Phase.String(), planned.State.Result.String()
	plan.Tasks, plan.Events = make(map[string]string, len(w.Tasks)), []string{}
	for _, t := range w.Tasks {
		ts := planned.State.Tasks[t.Name]
		one := api.PlannedTask{Name: t.Name, Status: ts.Status.String(), Step: planned.Steps[t.Name], Attempts: ts.Attempt, Reason: reasons[t.Name]}
		if ts.WaitingApproval {
			one.Status = draw.Waiting
		}
		if len(t.Depends) > 0 {
			one.Depends = make(map[string][]string, len(t.Depends))
		}
		for _, d := range t.Depends {
			one.Depends[d.Task] = d.Conditions.Names()
		}
		plan.Tasks[t.Name] = one.Status
		plan.Details = append(plan.Details, one)
	}
	for _, e := range planned.Events {
		if e.Type == workflow.RunChanged && !(e.Phase == workflow.PhaseRunning && e.Result == workflow.ResultUnknown) {
			plan.Events = append(plan.Events, e.Phase.String()+"/"+e.Result.String())
		}
	}
	return plan, nil
}

// assume returns the assumptions of the options.
func assume(w *workflow.Workflow, o api.WorkflowPlanOptions) (workflow.Assumptions, error) {
	as := workflow.Assumptions{Slots: o.Slots, Outcomes: map[string]workflow.Outcome{}}
	var errs []error
	tasks := named(w)
	all := func(option, name string) []string {
		found := tasks[name]
		if len(found) == 0 {
			message := "%q is no task of the workflow"
			if near := text.Nearest(name, sortedNames(tasks)); near != "" {
				message += "; did you mean \"" + near + "\"?"
			}
			errs = append(errs, api.InvalidOption(option, message, text.Short(name, 100)))
		}
		return found
	}
	for _, name := range sortedNames(o.Outcome) {
		outcome, err := outcomeOf(o.Outcome[name])
		if err != nil {
			errs = append(errs, err)
		}
		for _, task := range all("Outcome", name) {
			as.Outcomes[task] = outcome
		}
	}
	for _, name := range o.Approve {
		as.Approve = append(as.Approve, all("Approve", name)...)
	}
	for _, name := range o.Reject {
		as.Reject = append(as.Reject, all("Reject", name)...)
	}
	for _, task := range as.Reject {
		if slices.Contains(as.Approve, task) {
			errs = append(errs, api.InvalidOption("Reject", "%q is approved too", task))
		}
	}
	if o.StopAt != "" {
		if found := all("StopAt", o.StopAt); len(found) > 0 {
			as.StopAt = found[0]
		}
	}
	if o.Slots < 0 {
		errs = append(errs, api.InvalidOption("Slots", "must be 0 or more"))
	}
	return as, api.JoinInvalid(errs...)
}

// named returns the tasks by their own names, and by those of their matrices.
func named(w *workflow.Workflow) map[string][]string {
	tasks := make(map[string][]string, len(w.Tasks))
	for _, t := range w.Tasks {
		if t.Matrix != "" {
			tasks[t.Matrix] = append(tasks[t.Matrix], t.Name)
		}
	}
	for _, t := range w.Tasks {
		tasks[t.Name] = []string{t.Name}
	}
	return tasks
}

// outcomeOf returns how a task ends, by a word in any case.
func outcomeOf(word string) (workflow.Outcome, error) {
	statuses := []workflow.Status{workflow.StatusSuccess, workflow.StatusFailed, workflow.StatusStopped, workflow.StatusCancelled}
	for _, status := range statuses {
		if strings.EqualFold(word, status.String()) {
			return workflow.Outcome{Status: status}, nil
		}
	}
	if strings.EqualFold(word, timedOut) {
		return workflow.Outcome{Status: workflow.StatusFailed, Cause: string(api.CauseDeadline), TimedOut: true}, nil
	}
	for _, cause := range failures {
		if strings.EqualFold(word, string(cause)) {
			return workflow.Outcome{Status: workflow.StatusFailed, Cause: string(cause)}, nil
		}
	}
	words := []string{"success", "failed", "stopped", "cancelled", timedOut}
	for _, cause := range failures {
		words = append(words, string(cause))
	}
	return workflow.Outcome{}, api.InvalidOption("Outcome", "%q is no outcome; one of %s", text.Short(word, 100), strings.Join(words, ", "))
}

const timedOut = "timedout"

// failures are the causes with which a task can fail.
var failures = []api.Cause{
	api.CauseOutOfMemory, api.CauseExit, api.CauseSignal, api.CauseSetupFailed, api.CauseNodesMissing, api.CauseInputs,
	api.CauseImageNotFound, api.CauseImagePull, api.CauseInvalidImage, api.CauseSecretMissing, api.CauseVolumeMissing,
	api.CauseContainerConfig, api.CauseQuota, api.CauseCreateFailed, api.CauseEvicted, api.CauseNodeLost, api.CauseDeadline,
	api.CauseDeleted, api.CauseUnknown,
}

func sortedNames[V any](m map[string]V) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
