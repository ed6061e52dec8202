package api

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// WorkflowRun is a run of a workflow. ObjectMeta is that of the ConfigMap with its state.
type WorkflowRun struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`

	// ID is the run's short name: 8 characters of [a-z0-9].
	ID string `json:"id"`
	// WorkflowName is the name as the user wrote it.
	WorkflowName string `json:"workflowName"`
	User         string `json:"user"`
	// Phase is "submitting", "queued", "running", "finished", "cancelled" or "setuperror".
	// Result is "unknown", "success", "failed" or "stopped". A run that is running and
	// failed has tasks that have not ended.
	Phase  string `json:"phase"`
	Result string `json:"result"`
	Reason string `json:"reason,omitempty"`
	// Problems are why the phase is "setuperror", at most 1000. Get fills them in, List does
	// not.
	Problems []string `json:"problems,omitempty"`

	StartTime *metav1.Time `json:"startTime,omitempty"`
	EndTime   *metav1.Time `json:"endTime,omitempty"`
	// StoppedBy is the user who stopped it.
	StoppedBy string `json:"stoppedBy,omitempty"`
	// RerunOf is the run that this one executes again; empty for none.
	RerunOf string `json:"rerunOf,omitempty"`
	// Expired: the objects of the run are gone from the cluster, and this is its record in the
	// history.
	Expired bool `json:"expired,omitempty"`
	// Schedule is the name of the schedule that submitted it; empty for none.
	Schedule string `json:"schedule,omitempty"`
	// Driver is what drives the run, or did last: "pod/NAME" or "client/NAME".
	Driver string `json:"driver,omitempty"`

	// NumTasks is the number of tasks. The others are how many of them have succeeded, have
	// failed, run, wait for approval, or were skipped, cancelled or stopped.
	NumTasks  int `json:"numTasks"`
	Succeeded int `json:"succeeded"`
	Failed    int `json:"failed"`
	Running   int `json:"running"`
	Waiting   int `json:"waiting"`
	Omitted   int `json:"omitted"`

	// Tasks are in the order of the file. Get fills them in, List does not.
	Tasks []WorkflowTask `json:"tasks,omitempty"`
	// Unchanged is set by Submit and Rerun only: the run existed already.
	Unchanged bool `json:"-"`
}

// Ended reports whether the run never changes again.
func (r *WorkflowRun) Ended() bool {
	return r.Phase == "finished" || r.Phase == "cancelled" || r.Phase == "setuperror"
}

// WorkflowTask is a task of a WorkflowRun.
type WorkflowTask struct {
	Name string `json:"name"`
	// Status is "notstarted", "running", "skipped", "cancelled", "stopped", "success" or
	// "failed". Reason says why, in words.
	Status string `json:"status"`
	Reason string `json:"reason,omitempty"`
	// Attempt is the number of the current attempt, from 1; 0 before the first one.
	Attempt int `json:"attempt,omitempty"`
	// TaskID is the id of the attempt's task, Job the name of its Job; empty before the
	// first attempt.
	TaskID string `json:"taskID,omitempty"`
	Job    string `json:"job,omitempty"`
	// Campaign is the id of the attempt's campaign, of a task that is one: it has no TaskID.
	// Runs are the counts of its runs, which Get sets.
	Campaign string     `json:"campaign,omitempty"`
	Runs     *RunCounts `json:"runs,omitempty"`
	// Scheduled: the attempt was, or is about to be, created.
	Scheduled bool `json:"scheduled,omitempty"`
	// WaitingApproval: it could run but for its approval.
	WaitingApproval bool `json:"waitingApproval,omitempty"`
	Approved        bool `json:"approved,omitempty"`
	TimedOut        bool `json:"timedOut,omitempty"`
	// Cause is why the last attempt failed.
	Cause string `json:"cause,omitempty"`
	// Arch is the architecture of the node that the task executes on, such as "amd64". That of a
	// task with "arch" is in the state of the run; if the file has several, when the attempt has
	// ended. Otherwise Get sets it, for up to 500 pods, while these exist and if the caller
	// may list nodes.
	Arch string `json:"arch,omitempty"`
	// Kept is the run whose results of this task are used.
	Kept string `json:"kept,omitempty"`
	// Depends are the names of the tasks that it depends on.
	Depends   []string     `json:"depends,omitempty"`
	StartTime *metav1.Time `json:"startTime,omitempty"`
	EndTime   *metav1.Time `json:"endTime,omitempty"`
}

// WorkflowRunList is a list of runs.
type WorkflowRunList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata"`
	Items           []WorkflowRun `json:"items"`
}

// WorkflowHistoryOptions select ended runs. Empty fields select all.
type WorkflowHistoryOptions struct {
	// AllUsers selects the runs of all users. Without it, those of User, or of the caller.
	AllUsers bool
	User     string
	// WorkflowName, Phase and Result are as in WorkflowRun.
	WorkflowName, Phase, Result string
	// Before is a time (RFC 3339) or the id of a run: newer runs, and this one, are omitted.
	Before string
	// Limit is the number of runs; 0 for 50. At most 10,000.
	Limit int
}

// WorkflowRerunOptions select what a rerun executes again: without FromStart and Tasks, the
// tasks that did not succeed. What depends on a task that is executed again is, too. The
// results of the other tasks are kept.
type WorkflowRerunOptions struct {
	// FromStart executes all tasks again, Tasks these although they have succeeded.
	FromStart bool
	Tasks     []string
	// Envs are values of variables of the workflow's runtime_env. LookupEnv, if set, returns
	// those of others; a variable that it does not have keeps the value of the first run.
	Envs      map[string]string
	LookupEnv func(name string) (string, bool)
	// RequestID makes a rerun idempotent: a second one with the same RequestID by the same user
	// returns the first one's run as Unchanged, or completes it. For another rerun the error is
	// a ConflictError.
	RequestID string
	// LocalDriver and AgentImage are as in SubmitOptions.
	LocalDriver  bool
	AgentImage   string
	DryRun       DryRun
	FieldManager string
}

// Garbage are the results of a task of runs that were deleted.
type Garbage struct {
	// TaskID is the id of the task. It is empty for a task that was a campaign, whose id is Campaign.
	TaskID   string `json:"taskID"`
	Campaign string `json:"campaign,omitempty"`
	// Runs are the deleted runs that used the results.
	Runs    []string `json:"runs"`
	Objects int      `json:"objects"`
	Bytes   int64    `json:"bytes"`
}

// GarbageList are the results that were removed, or would be in a dry run.
type GarbageList struct {
	metav1.TypeMeta `json:",inline"`
	Items           []Garbage `json:"items"`
	// Expired are ended runs that have left the cluster, and are in the history.
	Expired []string `json:"expired,omitempty"`
	// Recent is the number of tasks whose results stay until the grace period has passed.
	Recent int `json:"recent,omitempty"`
}

// GarbageOptions are those of Workflow.CollectGarbage.
type GarbageOptions struct {
	// Grace is how long results stay after the last run that used them was deleted; 0 for an
	// hour.
	Grace  time.Duration
	DryRun DryRun
}

// WorkflowEvent is a change of a run or of one of its tasks, as a CloudEvent 1.0 in the JSON
// format. It is what webhooks receive and what the store has. Fields may be added; a change of
// meaning gets another version at the end of Type.
type WorkflowEvent struct {
	// SpecVersion is "1.0".
	SpecVersion string `json:"specversion"`
	// ID is the run's id, "-" and the sequence number. An event that is delivered again has the
	// same ID.
	ID string `json:"id"`
	// Source is "/namespaces/<namespace>/runs/<run>".
	Source string `json:"source"`
	// Type is "io.kubevast.run.changed.v1" or "io.kubevast.task.changed.v1". Subject is the name
	// of the task, empty for the run.
	Type    string `json:"type"`
	Subject string `json:"subject,omitempty"`
	// Time is when the driver recorded the change.
	Time time.Time `json:"time"`
	// Sequence is the number of the event as text, by CloudEvents' extension; SequenceType is
	// "Integer".
	Sequence     string `json:"sequence"`
	SequenceType string `json:"sequencetype"`
	// DataContentType is "application/json".
	DataContentType string            `json:"datacontenttype"`
	Data            WorkflowEventData `json:"data"`
}

// WorkflowEventData is the state after a WorkflowEvent.
type WorkflowEventData struct {
	// Sequence increases by one from event to event of a run, from 1.
	Sequence     int64  `json:"sequence"`
	Namespace    string `json:"namespace"`
	Run          string `json:"run"`
	WorkflowName string `json:"workflowName"`
	// Phase and Result are those of WorkflowRun.
	Phase  string `json:"phase"`
	Result string `json:"result"`
	// Task and the fields after it are those of the task that has changed, as in WorkflowTask;
	// empty for a change of the run.
	Task            string       `json:"task,omitempty"`
	Status          string       `json:"status,omitempty"`
	Attempt         int          `json:"attempt,omitempty"`
	TaskID          string       `json:"taskID,omitempty"`
	Job             string       `json:"job,omitempty"`
	Campaign        string       `json:"campaign,omitempty"`
	Scheduled       bool         `json:"scheduled,omitempty"`
	WaitingApproval bool         `json:"waitingApproval,omitempty"`
	Approved        bool         `json:"approved,omitempty"`
	TimedOut        bool         `json:"timedOut,omitempty"`
	Cause           string       `json:"cause,omitempty"`
	StartTime       *metav1.Time `json:"startTime,omitempty"`
	EndTime         *metav1.Time `json:"endTime,omitempty"`
	// Missed is the number of events before this one that the receiver did not get and will
	// not get: they were dropped, or are no longer recorded.
	Missed int64 `json:"missed,omitempty"`
}

// WorkflowRedeliverOptions select the events that the webhooks of a run receive again.
type WorkflowRedeliverOptions struct {
	// After is the sequence number of the last event that is not sent; 0 sends all.
	After int64
	// AgentImage is as in SubmitOptions.
	AgentImage   string
	DryRun       DryRun
	FieldManager string
}
