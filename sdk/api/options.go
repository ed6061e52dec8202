package api

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// DefaultTTL is how long a finished task's Job stays in the cluster.
const DefaultTTL = 7 * 24 * time.Hour

// SubmitOptions set how a task is submitted. The zero value is valid.
type SubmitOptions struct {
	// RequestID makes a submission idempotent: a second one with the same
	// RequestID (by the same user in the same namespace) finds the first
	// one's task, and completes it when it was left half-way.
	RequestID string
	// TTL is how long the finished Job stays in the cluster (0: DefaultTTL).
	TTL time.Duration
	// Deadline fails the task when it has run for longer (0: none).
	Deadline time.Duration
	// Queue is the Kueue LocalQueue it joins: empty for the file's, else
	// for "vast" where the namespace has it; "none" for no queue.
	Queue string
	// Priority in the queue: a WorkloadPriorityClass, or the value of
	// one. Empty for the file's.
	Priority string
	// Force queues it although it can never fit.
	Force bool
	// Profile is the security profile of its pods: "baseline" (default),
	// "restricted" or "privileged".
	Profile string
	// Network "none" cuts the pods off by a NetworkPolicy: nothing comes in or
	// goes out but what the nodes of the task have with each other. It takes
	// effect where the cluster's network enforces policies. Results cannot be
	// kept, and files come neither from a store nor from a repository; such a
	// task is InvalidSpecError. "default", the same as empty, leaves the pods as the
	// cluster has them.
	Network string
	// NoResults keeps nothing, also where the namespace has a store.
	NoResults bool
	// AgentImage is the image of our own containers: the fetcher of files
	// and the keeper of results, with a tag, a digest or both. Empty for that of
	// the environment variable VAST_AGENT_IMAGE, else for the one of this
	// release by its digest. A program of no release, such as one in whose
	// go.mod the module is replaced, has none: what needs one is InvalidSpecError
	// then, before anything is made.
	AgentImage string
	// Dir is what local paths in the file are relative to; empty for the
	// working directory.
	Dir string
	// Notify, if set, receives the progress of reading the task's files, and
	// then of their upload.
	Notify func(TransferProgress)
	// LocalDriver creates no driver in the cluster for the run of a workflow: it has to be
	// driven by Workflow.Reconcile. A task ignores it.
	LocalDriver bool
	// Record keeps a workflow that fails its checks as a run of phase "setuperror", which is
	// returned besides the error. A task ignores it.
	Record bool
	// DryRun client sends nothing, and returns the task as it would be; where
	// no cluster is to be asked, call Render. With server everything is sent
	// with dryRun=All.
	DryRun DryRun
	// FieldManager is who the API server records as the author.
	FieldManager string
}

// TaskListOptions choose tasks.
type TaskListOptions struct {
	// Namespace overrides the client's; AllNamespaces looks everywhere.
	Namespace     string
	AllNamespaces bool
	// AllUsers lists everybody's tasks, not only the caller's own.
	AllUsers bool
	// LabelSelector is a further selector, as kubectl -l takes it.
	LabelSelector string
	// States keeps only tasks in one of these states; empty keeps all.
	States []State
	// Times reads StartTime and EndTime from the tasks' pods, by one more
	// request for every 500 of them.
	Times bool
}

// TaskStopOptions set how a task is stopped.
type TaskStopOptions struct {
	DryRun       DryRun
	FieldManager string
}

// TaskDeleteOptions set how a task is deleted.
type TaskDeleteOptions struct {
	DryRun DryRun
	// Wait returns only when the Job and its pods are gone.
	Wait bool
}

// WaitOptions set what to wait for.
type WaitOptions struct {
	// For is the state to wait for; empty waits for the end.
	For State
	// Timeout is how long at most (0: without end). When it is over, one
	// last read decides, and only then TimedOutError is returned.
	Timeout time.Duration
	// Notify, if set, is called with each change of state or reason.
	Notify func(*TaskStatus)
}

// LogOptions choose what is read of a task's logs.
type LogOptions struct {
	// Follow continues until the task has ended.
	Follow bool
	// Nodes keeps only these ranks; empty keeps all.
	Nodes []int
	// Container is one beside the task's own, such as a secondary container
	// of a run; empty for the task's own.
	Container string
	// Tail is how many of the last lines of each node (nil: all).
	Tail *int64
	// Since keeps only what is younger (0: all).
	Since time.Duration
	// Notify, if set, receives what the reader waits for, and errors. It is
	// never a log line. Without it the client's warnings receive that
	// (sdk.WithWarnings). With neither, a node that for five minutes could not
	// start for a lasting reason, such as an image that cannot be pulled, ends
	// the read with TimedOutError.
	Notify func(message string)
}

// LogLine is one line of one node's output.
type LogLine struct {
	Rank int
	// Time is when the container runtime wrote it.
	Time metav1.MicroTime
	// Text is the line with its newline (a last line may lack it). It is
	// valid only during the call.
	Text []byte
}

// LogSink receives lines, one call at a time. An error ends the reading.
type LogSink func(LogLine) error
