package task

import (
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
)

// Kubernetes decides that a Job has failed (FailureTarget) before its pods have
// gone, and calls it Failed when they have.
func TestWhatIsKeptIsSavedUntilThePodsHaveGone(t *testing.T) {
	condition := func(kind batchv1.JobConditionType, ago time.Duration) batchv1.JobCondition {
		return batchv1.JobCondition{Type: kind, Status: corev1.ConditionTrue, Reason: batchv1.JobReasonDeadlineExceeded,
			LastTransitionTime: metav1.NewTime(time.Now().Add(-ago))}
	}
	decided := condition(batchv1.JobFailureTarget, time.Minute)
	for name, test := range map[string]struct {
		kept       string
		by         string
		conditions []batchv1.JobCondition
		state      api.State
		saving     bool
	}{
		"it runs":                          {"tasks/x/", "", nil, api.Running, false},
		"its end is decided":               {"tasks/x/", "", []batchv1.JobCondition{decided}, api.Failed, true},
		"it was stopped":                   {"tasks/x/", "ann", []batchv1.JobCondition{decided}, api.Stopped, true},
		"it was stopped just now":          {"tasks/x/", "ann", nil, api.Stopped, true},
		"its pods have gone":               {"tasks/x/", "", []batchv1.JobCondition{decided, condition(batchv1.JobFailed, time.Second)}, api.Failed, false},
		"its pods are lost":                {"tasks/x/", "", []batchv1.JobCondition{condition(batchv1.JobFailureTarget, time.Hour)}, api.Failed, false},
		"nothing is kept of it":            {"", "", []batchv1.JobCondition{decided}, api.Failed, false},
		"it succeeded, its pods have gone": {"tasks/x/", "", []batchv1.JobCondition{condition(batchv1.JobComplete, 0)}, api.Succeeded, false},
	} {
		t.Run(name, func(t *testing.T) {
			job := &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{kube.AnnotationKept: test.kept}},
				Spec:   batchv1.JobSpec{Completions: ptr.To[int32](1)},
				Status: batchv1.JobStatus{Ready: ptr.To[int32](1), Conditions: test.conditions}}
			job.Spec.Template.Spec.TerminationGracePeriodSeconds = ptr.To[int64](630)
			if test.by != "" {
				job.Annotations[kube.AnnotationStoppedBy] = test.by
			}
			s := fromJob(job)
			if s.State != test.state || s.Saving != test.saving {
				t.Errorf("%s, saving %t; want %s, %t", s.State, s.Saving, test.state, test.saving)
			}
			if over, _ := reached(&s, ""); over != (s.State.Ended() && !test.saving) {
				t.Errorf("waiting for its end is over: %t", over)
			}
		})
	}
}
