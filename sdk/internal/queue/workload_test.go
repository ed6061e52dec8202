package queue

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	kueue "sigs.k8s.io/kueue/apis/kueue/v1beta2"

	"github.com/kubevast/vast/internal/kube"
)

func TestAWorkloadIdentifiesItsTask(t *testing.T) {
	w := read(t, preempted)
	id, name, user := w.task()
	if got := strings.Join([]string{id, name, user, w.key(), w.queue(), w.owner().Name}, " | "); got !=
		"aaaa1111 | Train it | ann:x | queue-a/job-aaaa1111-a65cd | queue-a/vast | train-aaaa1111" {
		t.Error(got)
	}
	want := map[string]string{"cpu": "400m", "memory": "64Mi", "nvidia.com/gpu": "2"}
	if diff := cmp.Diff(want, requests(w)); diff != "" {
		t.Errorf("what two nodes with a sidecar need (-want +got):\n%s", diff)
	}
	if !w.waits() || !w.competes() {
		t.Error("a task that was put back waits")
	}
	if got, want := w.since().UTC(), now.Add(-100*time.Second); !got.Equal(want) {
		t.Errorf("it waits since %s, want %s", got, want)
	}
	if got, want := w.orderTime().UTC(), now.Add(-700*time.Second); !got.Equal(want) {
		t.Errorf("its turn counts from %s, want %s: it lost it through no fault of its own", got, want)
	}
}

func TestNothingIsRequestedByDefault(t *testing.T) {
	free := kube.Unpriced()
	always := corev1.ContainerRestartPolicyAlways
	w := waiting("w", 0, corev1.ResourceList{"cpu": resource.MustParse("2")})
	side := container{RestartPolicy: &always}
	side.Resources.Requests, side.Resources.Limits = free.Requests, free.Limits
	w.Spec.PodSets[0].Template.Spec.InitContainers = append(w.Spec.PodSets[0].Template.Spec.InitContainers, side)
	if diff := cmp.Diff(map[string]string{"cpu": "2"}, requests(w)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestAnEvictedTaskHasTheReason(t *testing.T) {
	other := read(t, strings.NewReplacer("aaaa1111", "bbbb2222", "ann:x", "bob").Replace(preempted))
	job := waiting("foreign", 0, nil)
	job.Metadata.OwnerReferences = []metav1.OwnerReference{{Kind: "RayJob", Name: "r", Controller: ptr.To(true)}}
	const by = "03aaf6e8-5e99-4511-b0d2-b08d13b90c22"
	for name, c := range map[string]struct {
		w       *workload
		running map[types.UID]*workload
		want    string
	}{
		"by a task that is seen":   {read(t, preempted), map[types.UID]*workload{by: other}, "preempted by task bbbb2222 of bob"},
		"by a job that is no task": {read(t, preempted), map[types.UID]*workload{by: job}, "preempted by RayJob/r"},
		"by one that is not seen":  {read(t, preempted), nil, "preempted by another workload"},
		"by one whose cohort takes its quota back": {waiting("w", 0, nil, evictedFor(kueue.WorkloadEvictedByPreemption, "x"),
			metav1.Condition{Type: kueue.WorkloadPreempted, Status: "True", Reason: kueue.InCohortReclamationReason}), nil,
			"preempted by another workload, whose queue took back quota that was borrowed"},
		"as its nodes were not ready in time": {waiting("w", 0, nil, evictedFor(kueue.WorkloadEvictedByPodsReadyTimeout, "x")), nil,
			"put back because not all nodes were ready in time"},
		"as its queue was drained": {waiting("w", 0, nil, evictedFor(kueue.WorkloadEvictedByLocalQueueStopped, "The LocalQueue is stopped")), nil,
			"put back when queue vast was held"},
		"for a reason of a newer Kueue": {waiting("w", 0, nil, evictedFor("New", "Something new.")), nil, "put back: something new"},
		"it was not put back":           {waiting("w", 0, nil), nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := c.w.evicted(c.running); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func TestWhoComesFirst(t *testing.T) {
	high := waiting("high", time.Minute, nil)
	high.Spec.Priority = ptr.To[int32](10)
	timedOut := waiting("a-timed-out", 3*time.Hour, nil, evictedFor(kueue.WorkloadEvictedByPodsReadyTimeout, ""))
	preempted := waiting("preempted", 2*time.Hour, nil, evictedFor(kueue.WorkloadEvictedByPreemption, ""))
	all := []*workload{waiting("same-2", time.Hour, nil), timedOut, waiting("same-1", time.Hour, nil), preempted, high}
	slices.SortFunc(all, compare)
	var got []string
	for _, w := range all {
		got = append(got, w.Metadata.Name)
	}
	if diff := cmp.Diff([]string{"high", "preempted", "same-1", "same-2", "a-timed-out"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
