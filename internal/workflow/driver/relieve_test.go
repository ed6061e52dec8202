package driver

import (
	"fmt"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/internal/kube"
)

func TestTheNextJobOfADriverHasNothingOfThePresentOne(t *testing.T) {
	job := func(name string) *batchv1.Job {
		j := &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "lab", UID: "u1", ResourceVersion: "7",
			Labels:          map[string]string{kube.LabelWorkflow: runID},
			Annotations:     map[string]string{kube.AnnotationUser: "alice", "batch.kubernetes.io/job-tracking": ""},
			OwnerReferences: []metav1.OwnerReference{{Name: kube.RunName(runID)}}},
			Spec:   batchv1.JobSpec{ManualSelector: ptr.To(false), Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"controller-uid": "u1"}}},
			Status: batchv1.JobStatus{Failed: 2}}
		j.Spec.Template.Labels = map[string]string{kube.LabelWorkflow: runID, "controller-uid": "u1", batchv1.ControllerUidLabel: "u1", batchv1.JobNameLabel: name}
		return j
	}
	base := kube.RunDriver(runID)
	for name, want := range map[string]string{base: base + "-2", base + "-2": base + "-3", base + "-49": base + "-50", base + "-50": "", base + "-x": "", "by-hand": ""} {
		have := job(name)
		next, ok := nextJob(have)
		if !ok {
			if want != "" {
				t.Errorf("%s has no next Job", name)
			}
			continue
		}
		got := fmt.Sprint(next.Name, next.UID, next.ResourceVersion, next.Spec.Selector, next.Spec.ManualSelector, next.Status.Failed, next.Spec.Template.Labels, next.Annotations, len(next.OwnerReferences))
		expected := fmt.Sprint(want, "", "", (*metav1.LabelSelector)(nil), (*bool)(nil), 0, map[string]string{kube.LabelWorkflow: runID}, map[string]string{kube.AnnotationUser: "alice"}, 1)
		if got != expected {
			t.Errorf("%s is followed by\n%s, want\n%s", name, got, expected)
		}
		if len(have.Spec.Template.Labels) != 4 {
			t.Error("the present Job was changed")
		}
	}
}
