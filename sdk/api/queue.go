package api

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// QueueState is whether a queue admits tasks.
type QueueState string

const (
	QueueActive QueueState = "Active"
	// QueueHeld: a user holds it; nothing in it starts.
	QueueHeld QueueState = "Held"
	// QueueInactive: it cannot work in its current state; see the reason.
	QueueInactive QueueState = "Inactive"
)

// QueueStatus is the current state of one LocalQueue, with its ClusterQueue.
// ObjectMeta is the LocalQueue's.
type QueueStatus struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`

	ClusterQueue string `json:"clusterQueue"`
	// Cohort is the group of ClusterQueues that lend each other quota.
	Cohort string     `json:"cohort,omitempty"`
	State  QueueState `json:"state"`
	// Reason says in words why it is not active.
	Reason string `json:"reason,omitempty"`
	// Pending and Admitted count what waits and what runs, in this queue;
	// the ClusterQueue's count is that of all its queues, as Kueue keeps it:
	// without what waits in queues that are held.
	Pending             int `json:"pending"`
	Admitted            int `json:"admitted"`
	ClusterQueuePending int `json:"clusterQueuePending"`
	// Resources are the ClusterQueue's, which all its queues share. There are
	// none when the caller may not read ClusterQueues.
	Resources []QueueResource `json:"resources"`
	// Unknown is the right that is missing to read the ClusterQueue: its
	// cohort,
	// what waits in it, and the resources.
	Unknown string `json:"unknown,omitempty"`
}

// QueueResource is the quota and use of one resource in one flavor, as
// Kubernetes quantities.
type QueueResource struct {
	Flavor   string `json:"flavor"`
	Resource string `json:"resource"`
	Quota    string `json:"quota"`
	// Used is the quota of the admitted tasks; Borrowed the part of it that
	// belongs to others of the cohort.
	Used     string `json:"used"`
	Borrowed string `json:"borrowed,omitempty"`
	// BorrowingLimit is how much it may borrow; empty is no limit in a
	// cohort, and nothing without one.
	BorrowingLimit string `json:"borrowingLimit,omitempty"`
}

// QueueStatusList is a list of queues.
type QueueStatusList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata"`
	Items           []QueueStatus `json:"items"`
}

// QueuedTask is something that waits in a queue. It is a task as a rule; of a
// foreign Job or another kind of work ID and User are empty. ObjectMeta is
// that of its Workload.
type QueuedTask struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`

	ID       string `json:"id,omitempty"`
	TaskName string `json:"taskName,omitempty"`
	User     string `json:"user,omitempty"`
	// Owner is the object that waits, "Job/name".
	Owner string `json:"owner"`
	// OwnerUID is that object's.
	OwnerUID     string `json:"ownerUID,omitempty"`
	Queue        string `json:"queue"`
	ClusterQueue string `json:"clusterQueue"`
	// Position counts from 1 in the ClusterQueue, over all its LocalQueues;
	// QueuePosition in the LocalQueue. 0 when it is unknown, and when the queue
	// admits nothing.
	Position      int `json:"position,omitempty"`
	QueuePosition int `json:"queuePosition,omitempty"`
	// PositionPartial: the positions count only what the caller may see.
	PositionPartial bool   `json:"positionPartial,omitempty"`
	Priority        int32  `json:"priority"`
	PriorityClass   string `json:"priorityClass,omitempty"`
	// Requests is what it needs in all, over its nodes, as quantities.
	Requests map[string]string `json:"requests,omitempty"`
	// Since is when it began to wait: its creation, or when it was put back.
	Since metav1.Time `json:"since"`
	// Reason says in words what it waits for.
	Reason string `json:"reason"`
	// Evicted is why it was put back into the queue after its admission
	// ("preempted by ..."); empty when it waits for the first time.
	Evicted string `json:"evicted,omitempty"`
	// EstimatedStart is an estimate from the recent rate; nil when there is
	// nothing to base it on.
	EstimatedStart *metav1.Time `json:"estimatedStart,omitempty"`
}

// QueuedTaskList is a list of what waits, in the order of the queue.
type QueuedTaskList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata"`
	Items           []QueuedTask `json:"items"`
}

// QueueListOptions select the queues that Queue.List returns. The zero value
// selects all LocalQueues of the client's namespace.
type QueueListOptions struct {
	// Namespace overrides the client's; AllNamespaces selects all of them.
	Namespace     string
	AllNamespaces bool
	// Queue is the name of a LocalQueue; empty selects all. A name that the
	// namespace does not have is a NotFoundError, unless AllNamespaces is set.
	Queue string
}

// QueuePendingOptions select what Queue.Pending returns.
type QueuePendingOptions struct {
	// Namespace overrides the client's; AllNamespaces selects all of them.
	Namespace     string
	AllNamespaces bool
	// Queue is the name of a LocalQueue; empty selects all.
	Queue string
	// AllUsers includes the tasks of other users and pending work that is not a
	// task. It has no effect on positions.
	AllUsers bool
}

// QueueHoldOptions are the options of Queue.Hold.
type QueueHoldOptions struct {
	// Drain also evicts admitted work and puts it back into the queue.
	Drain  bool
	DryRun DryRun
	// FieldManager is recorded by the API server as the author of the change.
	FieldManager string
}

// QueueResumeOptions are the options of Queue.Resume.
type QueueResumeOptions struct {
	DryRun DryRun
	// FieldManager is recorded by the API server as the author of the change.
	FieldManager string
}
