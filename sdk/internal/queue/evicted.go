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

// preemptor finds in Kueue's message for whom somebody was put back.
var preemptor = regexp.MustCompile(`JobUID: ([^,)\s]+)`)

// eviction is the condition that tells that a Workload was put back after it
// had been let in; nil if it waits for the first time.
func (w *workload) eviction() *metav1.Condition {
	if c := w.condition(kueue.WorkloadEvicted); c != nil && c.Status == metav1.ConditionTrue {
		return c
	}
	return nil
}

// since is when it began to wait this time.
func (w *workload) since() metav1.Time {
	if c := w.eviction(); c != nil {
		return c.LastTransitionTime
	}
	return w.Metadata.CreationTimestamp
}

// evicted says why a Workload was put back; empty if it was not. running are
// those that have quota, by the UID of their Job.
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
		return "put back because a machine failed"
	}
	if strings.HasPrefix(c.Reason, kueue.WorkloadDeactivated) {
		return "deactivated"
	}
	return "put back: " + lower(c.Message)
}

// by names the one for whom room was made, as far as the caller may see it.
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

// preemptedFor tells of a preemption that was not for a higher priority.
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

// deactivated says why Kueue, or somebody, took a Workload out of its queue.
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

// lower begins a sentence of Kueue's in our style.
func lower(s string) string {
	s = strings.TrimSuffix(strings.TrimSpace(s), ".")
	if len(s) > 1 && s[1] >= 'a' && s[1] <= 'z' || strings.HasPrefix(s, "A ") {
		return strings.ToLower(s[:1]) + s[1:]
	}
	return s
}
