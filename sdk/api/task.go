package api

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// State is the state of a task. A task moves from left to right:
// Queued, Pending, Running, then one of Succeeded, Rejected, Failed and Stopped.
type State string

const (
	// Queued: the task waits for its turn (its Job is suspended).
	Queued State = "Queued"
	// Pending: the task is admitted, but not all of its pods have started.
	Pending State = "Pending"
	// Running: every node has started and none has failed.
	Running State = "Running"
	// Succeeded: every node ended with exit code 0.
	Succeeded State = "Succeeded"
	// Failed: a node failed, or the task could not continue. See Diagnosis.
	Failed State = "Failed"
	// Stopped: a user stopped it. It stays listed until it is deleted.
	Stopped State = "Stopped"
	// Rejected: it ended by itself and its last progress says that the input
	// was judged and found wanting; nothing failed.
	Rejected State = "Rejected"
)

// States lists all states in the order in which a task passes them.
var States = []State{Queued, Pending, Running, Succeeded, Rejected, Failed, Stopped}

// Ended reports whether a task in this state will never change again.
func (s State) Ended() bool { return s == Succeeded || s == Rejected || s == Failed || s == Stopped }

// TaskStatus is the current state of one task. ObjectMeta is that of its Job:
// name,
// namespace, uid, labels, annotations and creation time.
type TaskStatus struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`

	// ID is the task's short name: 8 characters of [a-z0-9].
	ID string `json:"id"`
	// TaskName is the name as the user wrote it.
	TaskName string `json:"taskName"`
	// User is who submitted it, as the user's name was written.
	User string `json:"user"`
	// State and, in words, why it is in that state.
	State  State  `json:"state"`
	Reason string `json:"reason,omitempty"`

	NumNodes  int           `json:"numNodes"`
	Image     string        `json:"image,omitempty"`
	Resources NodeResources `json:"resources"`
	// Queue is the Kueue LocalQueue the task waits or waited in.
	Queue string `json:"queue,omitempty"`
	// QueuePosition counts from 1 over all that waits for the same quota; 0
	// when the task does not wait, when it is not known, and where the queue
	// lets nothing start.
	QueuePosition int `json:"queuePosition,omitempty"`

	// StartTime is when the user's first container started, EndTime when the
	// last one ended: neither the wait in a queue, nor the pull of the image,
	// nor the saving of results is between them. A task that waits has
	// neither. Where its pods are gone, and in a list without ListOptions.Times,
	// they are when the Job was admitted and when it finished.
	StartTime *metav1.Time `json:"startTime,omitempty"`
	EndTime   *metav1.Time `json:"endTime,omitempty"`
	// StoppedBy is the user who stopped it.
	StoppedBy string `json:"stoppedBy,omitempty"`

	// Unchanged is set by Submit only: the task was there already, and nothing
	// was made.
	Unchanged bool `json:"-"`
	// Kept says where the results and logs are kept: the prefix in the
	// store, empty when nothing is kept.
	Kept string `json:"kept,omitempty"`
	// Saving: its process has ended, and what it left is still being saved.
	// The state of such a task is Running until it is known how it ended.
	Saving bool `json:"saving,omitempty"`
	// Progress is the last progress that the task reported. Of several nodes it
	// is that of the lowest rank with one.
	Progress *Progress `json:"progress,omitempty"`

	// Nodes, Events and Diagnosis are filled in by Get, not by List.
	Nodes     []NodeStatus `json:"nodes,omitempty"`
	Events    []Event      `json:"events,omitempty"`
	Diagnosis *Diagnosis   `json:"diagnosis,omitempty"`
}

// NodeResources are the requests of each node of a task, as Kubernetes
// quantities ("2", "512Mi").
type NodeResources struct {
	CPU    string `json:"cpu,omitempty"`
	Memory string `json:"memory,omitempty"`
	// GPU is a count with its resource, "8 nvidia.com/gpu".
	GPU string `json:"gpu,omitempty"`
}

// NodeState is the state of one node of a task.
type NodeState string

const (
	NodeWaiting   NodeState = "Waiting" // no pod yet
	NodePending   NodeState = "Pending" // a pod that has not started
	NodeRunning   NodeState = "Running"
	NodeSucceeded NodeState = "Succeeded"
	NodeFailed    NodeState = "Failed"
	NodeEnded     NodeState = "Ended" // ended because the task did; its pod is gone
	NodeLost      NodeState = "Lost"  // its Kubernetes node does not answer
)

// NodeStatus is one node of a task, that is one pod of its Job.
type NodeStatus struct {
	Rank  int       `json:"rank"`
	State NodeState `json:"state"`
	// Reason is why.
	Reason string `json:"reason,omitempty"`
	Pod    string `json:"pod,omitempty"`
	// KubernetesNode is the name of the Kubernetes node of its pod.
	KubernetesNode string `json:"kubernetesNode,omitempty"`
	ExitCode       *int32 `json:"exitCode,omitempty"`
	// StartTime and EndTime are those of the user's container.
	StartTime *metav1.Time `json:"startTime,omitempty"`
	EndTime   *metav1.Time `json:"endTime,omitempty"`
	// ByOthers is what others have changed in its pod since the task was
	// submitted that lets a container at what is for ours alone, in words.
	ByOthers []string `json:"byOthers,omitempty"`
}

// Event is a Kubernetes event about the task's Job or one of its pods.
type Event struct {
	Time    metav1.Time `json:"time"`
	Type    string      `json:"type"`
	Reason  string      `json:"reason"`
	Object  string      `json:"object"`
	Message string      `json:"message"`
	Count   int32       `json:"count,omitempty"`
}

// TaskStatusList is a list of tasks.
type TaskStatusList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata"`
	Items           []TaskStatus `json:"items"`
}
