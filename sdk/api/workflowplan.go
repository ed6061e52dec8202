package api

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// WorkflowPlan is how a run of a workflow would go.
type WorkflowPlan struct {
	metav1.TypeMeta `json:",inline"`

	// WorkflowName is the name as the user wrote it.
	WorkflowName string `json:"workflowName,omitempty"`
	// Phase and Result are those in which nothing more happens, as in WorkflowRun.
	Phase  string `json:"phase"`
	Result string `json:"result"`
	// Tasks are the statuses by task, as in WorkflowTask, and "notstarted+waiting" of a
	// task that waits for approval.
	Tasks map[string]string `json:"tasks"`
	// Events are the changes of the run's phase or result while it runs, such as
	// "running/failed".
	Events []string `json:"events"`
	// Details are the tasks in the order of the file.
	Details []PlannedTask `json:"details,omitempty"`
	// Errors are the problems of the file, of a plan with the phase "setuperror".
	Errors []string `json:"errors,omitempty"`
}

// PlannedTask is a task of a WorkflowPlan.
type PlannedTask struct {
	Name   string `json:"name"`
	Status string `json:"status"`
	// Step is when the task starts, from 1, at the same time as the others with this
	// number; 0 for a task that does not start.
	Step int `json:"step,omitempty"`
	// Attempts is how many attempts there are.
	Attempts int `json:"attempts,omitempty"`
	// Reason is why the task does not run, what it waits for, or why it failed.
	Reason string `json:"reason,omitempty"`
	// Depends are the conditions, such as "on_success", by the task that they are about.
	Depends map[string][]string `json:"depends,omitempty"`
}

// WorkflowPlanOptions are what a plan assumes. A task is named as in the file; the name
// of a matrix stands for all of its tasks.
type WorkflowPlanOptions struct {
	// Outcome is how tasks end: "success" (which is the default), "failed", "stopped",
	// "cancelled", "timedout", or the Cause of a failure, which may be retried.
	// Auxiliary tasks of a job group run until they are stopped, unless they are here.
	Outcome map[string]string
	// Approve and Reject are the tasks that are approved or rejected as soon as they
	// could run. Others wait.
	Approve, Reject []string
	// Slots is how many tasks run at the same time; 0 for no limit.
	Slots int
	// StopAt is the task at whose start the run is stopped.
	StopAt string
}
