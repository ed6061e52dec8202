package queue

import (
	"fmt"
	"regexp"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	kueue "sigs.k8s.io/kueue/apis/kueue/v1beta2"
)

// preemptor matches the preempting Job in Kueue's message.
var preemptor = regexp.MustCompile(`JobUID: ([^,)\s]+)`)

// eviction returns the condition of a Workload that was evicted after its admission;
// nil if it waits for its first admission.
func (w *workload) eviction() *metav1.Condition {
	if c := w.condition(kueue.WorkloadEvicted); c != nil && c.Status == metav1.ConditionTrue {
		return c
	}
	return nil
}

// since returns the time since when it waits.
func (w *workload) since() metav1.Time {
	if c := w.eviction(); c != nil {
		return c.LastTransitionTime
	}
	return w.Metadata.CreationTimestamp
}

// evicted returns why a Workload was evicted; empty if it was not. running has the
// admitted Workloads by the UID of their Job.
func (w *workload) evicted(running map[types.UID]*workload) string {
	c := w.eviction()
	if c == nil {
		return ""
	}
	switch c.Reason {
	case kueue.WorkloadEvictedByPreemption:
		return "preempted by " + by(c.Message, running) + w.preemptedFor()
	case kueue.WorkloadEvictedByPodsReadyTimeout:
		return "put back because not all nodes were ready in time"
	case kueue.WorkloadEvictedByAdmissionCheck:
		return "put back by an admission check"
	case kueue.WorkloadEvictedByClusterQueueStopped:
		return "put back when the ClusterQueue was held"
	case kueue.WorkloadEvictedByLocalQueueStopped:
		return fmt.Sprintf("put back when queue %s was held", w.Spec.QueueName)
	case kueue.WorkloadEvictedDueToNodeFailures:
		return "put back because a node failed"
	}
	if strings.HasPrefix(c.Reason, kueue.WorkloadDeactivated) {
		return "deactivated"
	}
	return "put back: " + lower(c.Message)
}

// by names the preempting task, if the caller may read it.
func by(message string, running map[types.UID]*workload) string {
	m := preemptor.FindStringSubmatch(message)
	if m == nil || running[types.UID(m[1])] == nil {
		return "another workload"
	}
	other := running[types.UID(m[1])]
	if id, _, user := other.task(); id != "" {
		return fmt.Sprintf("task %s of %s", id, user)
	}
	return other.owner().Kind + "/" + other.owner().Name
}

// preemptedFor explains a preemption for another reason than a higher priority.
func (w *workload) preemptedFor() string {
	c := w.condition(kueue.WorkloadPreempted)
	if c == nil {
		return ""
	}
	switch c.Reason {
	case kueue.InCohortReclamationReason, kueue.InCohortReclaimWhileBorrowingReason:
		return ", whose queue took back quota that was borrowed"
	case kueue.InCohortFairSharingReason:
		return ", to share fairly within the cohort"
	}
	return ""
}

// deactivated returns why a Workload was deactivated by Kueue or a user; empty if it
// is active.
func (w *workload) deactivated() string {
	if ptr.Deref(w.Spec.Active, true) {
		return ""
	}
	if c := w.eviction(); c != nil && strings.HasPrefix(c.Reason, kueue.WorkloadDeactivated) {
		if _, why, ok := strings.Cut(c.Message, " due to "); ok {
			return "out of the queue for good: " + strings.TrimSuffix(why, ".")
		}
	}
	return "out of the queue: its Workload has been deactivated"
}

// lower returns a message of Kueue with a lower-case beginning and without a full stop.
func lower(s string) string {
	s = strings.TrimSuffix(strings.TrimSpace(s), ".")
	if len(s) > 1 && s[1] >= 'a' && s[1] <= 'z' || strings.HasPrefix(s, "A ") {
		return strings.ToLower(s[:1]) + s[1:]
	}
	return s
}
