package driver

import (
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/kubevast/vast/internal/kube"
)

// endedPod is a pod whose task's container has ended with a message.
func endedPod(message string) corev1.Pod {
	return corev1.Pod{Status: corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{
		{Name: "sidecar", State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{Message: "vast:arch:s390x"}}},
		{Name: kube.ContainerTask, State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{Message: message}}}}}}
}

func TestTheArchitectureIsTheOneThatTheLauncherReports(t *testing.T) {
	both := []string{"amd64", "arm64"}
	for name, tt := range map[string]struct {
		pods    []corev1.Pod
		allowed []string
		want    string
	}{
		"one node":                     {[]corev1.Pod{endedPod("vast:arch:x86_64")}, both, "amd64"},
		"behind another mark":          {[]corev1.Pod{endedPod("vast:oom vast:arch:aarch64 vast:oom")}, both, "arm64"},
		"nodes of two architectures":   {[]corev1.Pod{endedPod("vast:arch:x86_64"), endedPod("vast:arch:aarch64"), endedPod("vast:arch:x86_64")}, both, "amd64,arm64"},
		"one that is not allowed":      {[]corev1.Pod{endedPod("vast:arch:riscv64")}, both, ""},
		"an unknown machine":           {[]corev1.Pod{endedPod("vast:arch:vax")}, both, ""},
		"no report":                    {[]corev1.Pod{endedPod("")}, both, ""},
		"no pods, as after a deadline": {nil, both, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := reportedArch(tt.pods, tt.allowed); got != tt.want {
				t.Errorf("architecture %q, want %q", got, tt.want)
			}
		})
	}
}

func TestAJobWithOneArchitectureHasItWhenItRuns(t *testing.T) {
	job := &batchv1.Job{}
	require := func(arch ...string) {
		job.Spec.Template.Spec.Affinity = &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{
			NodeSelectorTerms: []corev1.NodeSelectorTerm{{MatchExpressions: []corev1.NodeSelectorRequirement{
				{Key: "pool", Operator: corev1.NodeSelectorOpExists}, {Key: corev1.LabelArchStable, Operator: corev1.NodeSelectorOpIn, Values: arch}}}}}}}
	}
	ready := int32(1)
	for _, tt := range []struct {
		arch  []string
		ready *int32
		want  string
	}{{nil, &ready, ""}, {[]string{"arm64"}, nil, ""}, {[]string{"arm64"}, &ready, "arm64"}, {[]string{"amd64", "arm64"}, &ready, ""}} {
		if job.Spec.Template.Spec.Affinity = nil; tt.arch != nil {
			require(tt.arch...)
		}
		job.Status.Ready = tt.ready
		if got := seen(job).Arch; got != tt.want {
			t.Errorf("%v: architecture %q, want %q", tt.arch, got, tt.want)
		}
	}
}
