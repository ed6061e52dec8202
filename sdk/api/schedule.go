package api

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// WorkflowSchedule submits runs of a workflow at the times of a cron expression. ObjectMeta is
// that of its CronJob, and the fields of the CronJob mean what they mean in Kubernetes, except
// that the concurrency policy counts runs.
type WorkflowSchedule struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`

	// WorkflowName is the name of the workflow, and of the schedule.
	WorkflowName string `json:"workflowName"`
	User         string `json:"user"`
	// Schedule is the cron expression.
	Schedule string `json:"schedule"`
	TimeZone string `json:"timeZone,omitempty"`
	// ConcurrencyPolicy is "Allow", "Forbid" or "Replace".
	ConcurrencyPolicy       string `json:"concurrencyPolicy"`
	StartingDeadlineSeconds *int64 `json:"startingDeadlineSeconds,omitempty"`
	Suspend                 bool   `json:"suspend"`
	// SuccessfulRunsHistoryLimit and FailedRunsHistoryLimit are how many runs are kept that
	// have succeeded, and that have ended in another way.
	SuccessfulRunsHistoryLimit int `json:"successfulRunsHistoryLimit"`
	FailedRunsHistoryLimit     int `json:"failedRunsHistoryLimit"`
	// Reason is why it submits no runs, if it was not created completely.
	Reason string `json:"reason,omitempty"`

	LastScheduleTime *metav1.Time `json:"lastScheduleTime,omitempty"`
	// Active is the number of its runs that have not ended. LastRun is the id of the newest
	// run, LastPhase and LastResult are those of that run.
	Active     int    `json:"active"`
	LastRun    string `json:"lastRun,omitempty"`
	LastPhase  string `json:"lastPhase,omitempty"`
	LastResult string `json:"lastResult,omitempty"`
	// Triggered is the id of the run that Schedule.Trigger has requested.
	Triggered string `json:"triggered,omitempty"`
	// Unchanged is set by Suspend and Resume only: it was already.
	Unchanged bool `json:"-"`
}

// WorkflowScheduleList is a list of schedules.
type WorkflowScheduleList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata"`
	Items           []WorkflowSchedule `json:"items"`
}
