package workflow

import (
	"encoding/json"
	"fmt"
	"time"
)

// A Workflow is what Advance reads of a workflow. It never changes during a run.
// Problems checks it; Advance expects a workflow without problems.
type Workflow struct {
	Name string `json:"name,omitempty"`
	// OnFailure is what happens to tasks that wait for approval when the run has
	// failed.
	OnFailure FailurePolicy `json:"onFailure,omitempty"`
	// Tasks are in the order of the file: of several tasks that can start, the
	// first ones do.
	Tasks []Task `json:"tasks"`
}

// FailurePolicy is what happens to a task that waits for approval in a failed run.
type FailurePolicy string

const (
	// CancelWaiting cancels it. It is the default, for which "" stands too.
	CancelWaiting FailurePolicy = "cancel"
	// HoldWaiting keeps it waiting, and the run running, until it is approved or
	// rejected, or the run is stopped.
	HoldWaiting FailurePolicy = "hold"
)

// A Task is a node of the graph.
type Task struct {
	// Name is unique in the workflow.
	Name    string       `json:"name"`
	Depends []Dependency `json:"depends,omitempty"`
	// IgnoreFailure excludes a failure of this task from the run's result. It does
	// not change which dependents run: those see a failed task.
	IgnoreFailure bool `json:"ignoreFailure,omitempty"`
	// Skip is true if the task's "when" is false: it is skipped at the start of the
	// run, whatever it depends on.
	Skip bool `json:"skip,omitempty"`
	// Approval, if set, is what the task requires before it starts.
	Approval *Approval `json:"approval,omitempty"`
	// Retry says when a failed attempt is followed by another one.
	Retry Retry `json:"retry,omitzero"`
	// Matrix is the name of the matrix that the task was made from. At most
	// MaxParallel of the tasks with the same Matrix are active at once; 0 means no
	// limit.
	Matrix      string `json:"matrix,omitempty"`
	MaxParallel int    `json:"maxParallel,omitempty"`
	// Auxiliary tasks are those of a job group that serve the others. When all
	// tasks that are not auxiliary have ended, an auxiliary task is stopped after
	// TerminationDelay, and that does not change the run's result.
	Auxiliary        bool          `json:"auxiliary,omitempty"`
	TerminationDelay time.Duration `json:"terminationDelay,omitempty"`
}

// A Dependency is an edge of the graph: Task must have ended in one of the ways of
// Conditions. A task runs if all of its dependencies are met, and is skipped if
// all tasks it depends on have ended and one is not met.
type Dependency struct {
	Task string `json:"task"`
	// Conditions is a set. The empty set means OnSuccess.
	Conditions Conditions `json:"conditions,omitzero"`
}

// Approval is what a task requires before it starts. Advance reads Required only;
// whoever counts approvals counts those of Users and Groups.
type Approval struct {
	// Required is the number of different approvers. 0 means 1.
	Required int      `json:"required,omitempty"`
	Users    []string `json:"users,omitempty"`
	Groups   []string `json:"groups,omitempty"`
	// AllowSelf lets the user who submitted the run approve.
	AllowSelf bool `json:"allowSelf,omitempty"`
}

// Retry says when a failed attempt is followed by another one.
type Retry struct {
	// Count is the number of attempts after the first one.
	Count int `json:"count,omitempty"`
	// Backoff is the delay before the second attempt. It doubles with each further
	// one, up to an hour or Backoff, whichever is longer.
	Backoff time.Duration `json:"backoff,omitempty"`
	// Causes are the causes of a diagnosis (api.Cause) that are retried. An attempt
	// that failed for another cause is the last one.
	Causes []string `json:"causes,omitempty"`
}

// State is the state of a run. Its zero value is a run that has just been created.
// Values that are the default are omitted in JSON and keys are short: the state of
// 10,000 tasks is one object of Kubernetes.
type State struct {
	// Version is the format of the JSON: StateVersion.
	Version int    `json:"v,omitempty"`
	Phase   Phase  `json:"phase,omitzero"`
	Result  Result `json:"result,omitzero"`
	// Stop and StopAll are true when the run is being stopped.
	Stop    bool `json:"stop,omitempty"`
	StopAll bool `json:"stopAll,omitempty"`
	// Sequence is the sequence number of the last event.
	Sequence int64 `json:"seq,omitempty"`
	// Started and Ended are Unix times in seconds, 0 if not yet.
	Started int64 `json:"b,omitempty"`
	Ended   int64 `json:"e,omitempty"`
	// Tasks are by name. A task without an entry is StatusNotStarted.
	Tasks map[string]TaskState `json:"tasks,omitempty"`
}

// StateVersion is the Version of a State that Advance returns.
const StateVersion = 1

// UnmarshalJSON reads a state. It returns an error if a newer version wrote it.
func (s *State) UnmarshalJSON(b []byte) error {
	type plain State
	var p plain
	if err := json.Unmarshal(b, &p); err != nil {
		return err
	}
	if p.Version > StateVersion {
		return fmt.Errorf("the state of the run has version %d; this program reads versions up to %d", p.Version, StateVersion)
	}
	*s = State(p)
	return nil
}

// TaskState is the state of a task. Its zero value is a task that nothing has been
// decided about.
type TaskState struct {
	Status Status `json:"s,omitzero"`
	// Attempt is the number of the current attempt, from 1; 0 if there was none.
	Attempt int `json:"a,omitempty"`
	// Scheduled is true from the decision to start the current attempt. While
	// Status is StatusNotStarted, the attempt may or may not have begun.
	Scheduled bool `json:"c,omitempty"`
	// Created is true when the object of the current attempt has been observed. If
	// it is gone later, the attempt has failed: it may have executed.
	Created bool `json:"d,omitempty"`
	// WaitingApproval is true while the task could run but for its approval.
	WaitingApproval bool `json:"w,omitempty"`
	Approved        bool `json:"ok,omitempty"`
	// TimedOut is true if Status is StatusFailed because of the task's timeout.
	TimedOut bool `json:"t,omitempty"`
	// Unsaved is true while the task has ended and its results are not yet saved.
	// Its dependents wait for them.
	Unsaved bool `json:"u,omitempty"`
	// Stopping is true from the decision to stop the current attempt.
	Stopping bool `json:"x,omitempty"`
	// Cause is why the last attempt failed: a cause of a diagnosis, or Rejected.
	Cause string `json:"r,omitempty"`
	// Arch is the architecture of the node of the current attempt, of a task whose
	// architectures are restricted; empty if it is not known.
	Arch string `json:"h,omitempty"`
	// Kept is the run whose results of this task are used, of a task that a rerun
	// keeps. Its Status is final from the start.
	Kept string `json:"k,omitempty"`
	// NotBefore is when the next attempt may start; Started and Ended are those of
	// the current attempt. All are Unix times in seconds, 0 if there is none.
	NotBefore int64 `json:"n,omitempty"`
	Started   int64 `json:"b,omitempty"`
	Ended     int64 `json:"e,omitempty"`
}

// Causes of a failed task that no diagnosis has.
const (
	// CauseRejected is that of a task whose approval was rejected.
	CauseRejected = "Rejected"
	// CauseDeleted is that of an attempt whose object was deleted before it ended
	// (api.CauseDeleted).
	CauseDeleted = "Deleted"
)

// Observed is what is known of a run now. What is missing changes nothing:
// an observation may be incomplete, late or repeated.
type Observed struct {
	// Now is the time. A zero time is before any NotBefore.
	Now time.Time
	// Tasks are the attempts that exist.
	Tasks map[Attempt]Seen
	// Approvals are by task. They count when the task could run but for them.
	Approvals map[string]Votes
	// Queued keeps a run that is queued in that phase: its concurrency group does
	// not admit it yet.
	Queued bool
	// Slots is how many tasks may be active at once. 0 means no limit.
	Slots int
	// Cancel is true if the run is to be cancelled in case it is still queued.
	Cancel bool
	// Stop is true if the run is to be stopped: what is active is stopped, and what
	// has not started is skipped, except tasks with OnStopped in their dependencies.
	// StopAll stops and skips these too. Both cancel a queued run. They need not be
	// observed again: the State records them.
	Stop, StopAll bool
}

// An Attempt names one execution of a task. Number is from 1.
type Attempt struct {
	Task   string
	Number int
}

// Seen is what is observed of an attempt.
type Seen struct {
	// Status is StatusRunning or a final one. StatusNotStarted stands for an object
	// that exists and does not execute yet, such as a Job that its queue has not
	// admitted.
	Status Status
	// Gone means that the attempt's object does not exist. It is stated only after
	// a complete and current list, and counts for attempts whose object was observed
	// before (TaskState.Created).
	Gone bool
	// Cause is the diagnosis of a failed attempt.
	Cause    string
	TimedOut bool
	// Arch is the architecture of the attempt's node; empty if it is not known.
	Arch string
	// Saved is true if the results are saved, or if there are none to come. It
	// counts when Status is final.
	Saved bool
	// Started and Ended are zero if not yet or unknown.
	Started, Ended time.Time
}

// Votes are the valid decisions about a task that requires approval.
type Votes struct {
	// Approvals is the number of different users who approved.
	Approvals int
	// Rejected is true if a user who may approve rejected. It wins.
	Rejected bool
}

// An Action is what a driver has to do for an attempt.
type Action struct {
	Kind    ActionKind `json:"kind"`
	Task    string     `json:"task"`
	Attempt int        `json:"attempt"`
}

// ActionKind is Start or Stop.
type ActionKind string

const (
	// Start creates the object of an attempt, unless it exists.
	Start ActionKind = "start"
	// Stop ends an attempt for good, as the package's documentation says.
	Stop ActionKind = "stop"
)

// An Event is a change of the run or of a task. Sequence numbers increase by one
// within a run, from 1.
type Event struct {
	Sequence int64     `json:"sequence"`
	Type     EventType `json:"type"`
	// Time is a Unix time in seconds.
	Time int64 `json:"time,omitempty"`
	// Phase and Result are those of the run at this event.
	Phase  Phase  `json:"phase"`
	Result Result `json:"result"`
	// Task is the task of a TaskChanged event, and State its new state.
	Task  string     `json:"task,omitempty"`
	State *TaskState `json:"state,omitempty"`
}

// EventType is RunChanged or TaskChanged.
type EventType string

const (
	// RunChanged is a change of phase or result.
	RunChanged EventType = "run"
	// TaskChanged is a change of a task's status, or that it is scheduled, waits for
	// approval, is approved, or is to be retried.
	TaskChanged EventType = "task"
)
