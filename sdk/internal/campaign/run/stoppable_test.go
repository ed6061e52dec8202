package run

import (
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

// A campaign may have very many Jobs, and all that wait are known before the
// first is stopped.
func TestOfAJobToStopOnlyLittleIsKept(t *testing.T) {
	job := batchv1.Job{ObjectMeta: metav1.ObjectMeta{Name: "sweep-2026-11-21-101500-a-0-12345678", Namespace: "ns", UID: "u", ResourceVersion: "7"},
		Spec: batchv1.JobSpec{Suspend: ptr.To(true), Completions: ptr.To(int32(1))}}
	kept := stoppableOf(&job)
	if size := int(reflect.TypeOf(kept).Size()) + len(kept.name) + len(kept.version) + len(kept.uid); size > 200 {
		t.Errorf("%d bytes are kept of a Job", size)
	}
	want := &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Name: job.Name, Namespace: job.Namespace, UID: "u", ResourceVersion: "7"},
		Spec: batchv1.JobSpec{Suspend: job.Spec.Suspend, Completions: job.Spec.Completions}}
	if diff := cmp.Diff(want, kept.in("ns")); diff != "" {
		t.Errorf("what is stopped by it (-want,+got):\n%s", diff)
	}
}
