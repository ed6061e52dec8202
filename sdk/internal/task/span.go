package task

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubevast/vast/internal/diagnose"
	"github.com/kubevast/vast/sdk/api"
)

// span is what the pods of a Job tell of when its user's containers ran.
type span struct {
	started, ended *metav1.Time
	// pods are all that were seen; over those whose container has ended,
	// saved those that have saved what it left, too.
	pods, over, saved int
}

// spans are by the Job.
type spans map[types.UID]span

// add takes note of a pod.
func (s spans) add(job types.UID, pod *corev1.Pod) {
	now := s[job]
	now.pods++
	started, ended := diagnose.Ran(pod)
	if started != nil && (now.started == nil || started.Before(now.started)) {
		now.started = started
	}
	if ended != nil {
		now.over++
		if now.ended == nil || now.ended.Before(ended) {
			now.ended = ended
		}
		if !diagnose.Saving(pod) {
			now.saved++
		}
	}
	s[job] = now
}

// saving reports that the containers of all nodes have ended, and that what some
// of them left is still being saved.
func (s span) saving(nodes int) bool { return s.over >= nodes && s.saved < s.over }

// fill puts the times into a task: from the start of the user's first container
// to the end of the last one. Where its pods are gone those of its Job stay, which
// know of no container.
func (s spans) fill(t *api.TaskStatus) {
	told, ok := s[t.UID]
	if !ok || t.State != api.Running && !t.State.Ended() {
		return
	}
	if told.started != nil || told.pods >= t.NumNodes {
		t.StartTime = told.started
	}
	if told.ended != nil && (t.State.Ended() || told.over >= t.NumNodes) {
		t.EndTime = told.ended
	}
}
