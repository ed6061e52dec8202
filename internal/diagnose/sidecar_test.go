package diagnose

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/internal/kube"
)

// beside adds a sidecar with this status.
func beside(name string, s corev1.ContainerStatus) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Spec.InitContainers = append(p.Spec.InitContainers, corev1.Container{Name: name, RestartPolicy: ptr.To(corev1.ContainerRestartPolicyAlways)})
		s.Name = name
		p.Status.InitContainerStatuses = append(p.Status.InitContainerStatuses, s)
	}
}

// had is a status of one that was started again.
func had(code int32, times int32) corev1.ContainerStatus {
	return corev1.ContainerStatus{RestartCount: times, LastTerminationState: corev1.ContainerState{
		Terminated: &corev1.ContainerStateTerminated{ExitCode: code, FinishedAt: at(1)}}}
}

// endedWith is a status of one that has ended at last.
func endedWith(code int32, reason string, seconds int) corev1.ContainerStatus {
	return corev1.ContainerStatus{State: corev1.ContainerState{
		Terminated: &corev1.ContainerStateTerminated{ExitCode: code, Reason: reason, FinishedAt: at(seconds)}}}
}

func TestSidecarsThatEndBeforeTheTaskAreReported(t *testing.T) {
	for name, tc := range map[string]struct {
		pod  corev1.Pod
		want string
	}{
		"none":               {pod(0, corev1.PodRunning), ""},
		"one that runs":      {pod(0, corev1.PodRunning, beside("web", corev1.ContainerStatus{})), ""},
		"one that failed":    {pod(0, corev1.PodRunning, beside("web", had(1, 3))), "container web ended and was started again 3 times, it had exit code 1"},
		"one that succeeded": {pod(0, corev1.PodSucceeded, beside("web", had(0, 1))), "container web ended and was started again once, it had exit code 0"},
		"two": {pod(0, corev1.PodRunning, beside("a", had(137, 1)), beside("b", had(2, 2))),
			"container a ended and was started again once, it had SIGKILL (exit code 137); container b ended and was started again 2 times, it had exit code 2"},
		"not our own":         {pod(0, corev1.PodRunning, beside(kube.ContainerKeep, had(1, 1))), ""},
		"nor init containers": {pod(0, corev1.PodRunning, func(p *corev1.Pod) { beside("first", had(1, 1))(p); p.Spec.InitContainers[0].RestartPolicy = nil }), ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Sidecars(&tc.pod); got != tc.want {
				t.Errorf("%q, want %q", got, tc.want)
			}
		})
	}
}

// A sidecar ends after the task, and is killed if it ignores SIGTERM.
func TestTheEndOfASidecarIsNotThatOfTheTask(t *testing.T) {
	failed := pod(0, corev1.PodFailed, ended(3, "Error", "", 5), beside("web", endedWith(137, "Error", 35)), goneAt(36))
	if d := Pod(&failed); d.Message != "ended with exit code 3" {
		t.Errorf("%+v", d)
	}
	if WasDeleted(&failed) {
		t.Error("it failed by itself")
	}
	if got := failedAt(&failed); !got.Equal(at(5).Time) {
		t.Errorf("it failed at %s", got)
	}
}

func TestASidecarThatDoesNotStayUpIsNamed(t *testing.T) {
	s := had(1, 2)
	s.State.Waiting = &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff", Message: "back-off 20s restarting failed container=web pod=..."}
	waits := pod(0, corev1.PodPending, beside("web", s))
	if d := Pending(&waits, nil); d == nil || d.Message != "container web keeps terminating with exit code 1" {
		t.Errorf("%+v", d)
	}
}
