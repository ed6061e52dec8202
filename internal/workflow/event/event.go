// Package event is the form in which the events of a run leave the driver: CloudEvents, the
// requests to webhooks with their signatures, and the objects in the store.
package event

import (
	"cmp"
	"fmt"
	"strconv"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/workflow"
	"github.com/kubevast/vast/internal/workflow/record"
	"github.com/kubevast/vast/sdk/api"
)

// The types of events. The number at the end is the version of the data.
const (
	TypeRun  = "io.kubevast.run.changed.v1"
	TypeTask = "io.kubevast.task.changed.v1"
)

// Of returns an event of a run with a specification.
func Of(run *record.Run, spec *record.Spec, e workflow.Event) *api.WorkflowEvent {
	out := &api.WorkflowEvent{SpecVersion: "1.0", ID: run.ID + "-" + strconv.FormatInt(e.Sequence, 10),
		Source: fmt.Sprintf("/namespaces/%s/runs/%s", run.Namespace, run.ID), Type: TypeRun, Time: time.Unix(e.Time, 0).UTC(),
		Sequence: strconv.FormatInt(e.Sequence, 10), SequenceType: "Integer", DataContentType: "application/json",
		Data: api.WorkflowEventData{Sequence: e.Sequence, Namespace: run.Namespace, Run: run.ID, WorkflowName: run.Workflow,
			Phase: e.Phase.String(), Result: e.Result.String()}}
	if e.Type != workflow.TaskChanged || e.State == nil {
		return out
	}
	t, d := e.State, &out.Data
	out.Type, out.Subject = TypeTask, e.Task
	d.Task, d.Status, d.Attempt, d.Scheduled, d.WaitingApproval, d.Approved = e.Task, t.Status.String(), t.Attempt, t.Scheduled, t.WaitingApproval, t.Approved
	d.TimedOut, d.Cause, d.StartTime, d.EndTime = t.TimedOut, t.Cause, unix(t.Started), unix(t.Ended)
	switch c := spec.Campaigns[e.Task]; {
	case t.Attempt > 0 && c != nil:
		d.Campaign = c.Attempt(t.Attempt)
	case t.Attempt > 0:
		of := cmp.Or(t.Kept, run.ID)
		d.TaskID, d.Job = kube.StepID(of, e.Task, t.Attempt), kube.StepName(of, e.Task, t.Attempt)
	}
	return out
}

func unix(seconds int64) *metav1.Time {
	if seconds == 0 {
		return nil
	}
	t := metav1.NewTime(time.Unix(seconds, 0).UTC())
	return &t
}
