package task

import (
	"encoding/json"
	"testing"
	"time"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
)

// That Kubernetes then reports both Jobs as finished is tested on the real
// cluster; this tests the task's state.
func TestAStoppedTaskIsStoppedWhetherOrNotItWasAdmitted(t *testing.T) {
	for name, tt := range map[string]struct {
		suspended bool
		ends      batchv1.JobCondition
	}{
		"one that waits is left with nothing to do": {true, batchv1.JobCondition{Type: batchv1.JobComplete, Status: corev1.ConditionTrue}},
		"one that runs is over its deadline": {false, batchv1.JobCondition{Type: batchv1.JobFailed, Status: corev1.ConditionTrue,
			Reason: batchv1.JobReasonDeadlineExceeded}},
	} {
		t.Run(name, func(t *testing.T) {
			job := &batchv1.Job{
				ObjectMeta: metav1.ObjectMeta{Name: "train-abcdefgh", UID: "1", ResourceVersion: "7", Labels: map[string]string{kube.LabelQueue: "vast"}},
				Spec:       batchv1.JobSpec{Completions: ptr.To[int32](3), Parallelism: ptr.To[int32](3), Suspend: &tt.suspended},
			}
			patch, err := kube.StopPatch(job, "ada", time.Now())
			if err != nil {
				t.Fatal(err)
			}
			before, err := json.Marshal(job)
			if err != nil {
				t.Fatal(err)
			}
			after, err := jsonpatch.MergePatch(before, patch)
			if err != nil {
				t.Fatal(err)
			}
			stopped := &batchv1.Job{}
			if err := json.Unmarshal(after, stopped); err != nil {
				t.Fatal(err)
			}
			for _, conditions := range [][]batchv1.JobCondition{nil, {tt.ends}} {
				// Kubernetes notes a start also of a Job that has nothing to do.
				stopped.Status.Conditions, stopped.Status.StartTime = conditions, ptr.To(metav1.Now())
				s := fromJob(stopped)
				if s.State != api.Stopped || s.StoppedBy != "ada" || s.NumNodes != 3 {
					t.Errorf("with conditions %v it is %s, stopped by %q, of %d nodes", conditions, s.State, s.StoppedBy, s.NumNodes)
				}
			}
			if s := fromJob(stopped); (s.StartTime == nil) != tt.suspended {
				t.Errorf("it started at %s", s.StartTime)
			}
			if tt.suspended && (*stopped.Spec.Completions != 0 || *stopped.Spec.Parallelism != 0) {
				t.Errorf("it still has %d pods to make", *stopped.Spec.Parallelism)
			}
			if stopped.UID != "1" || stopped.ResourceVersion != "7" {
				t.Error("the patch is not bound to what was seen")
			}
		})
	}
}
