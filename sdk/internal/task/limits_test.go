package task

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/utils/ptr"
)

func TestAJobNeedsOfAQuotaWhatAllThatRunsInItsPodsAsksFor(t *testing.T) {
	asks := func(cpu, memory string) corev1.ResourceRequirements {
		list := corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(cpu)}
		return corev1.ResourceRequirements{Requests: list, Limits: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse(memory)}}
	}
	sidecar := corev1.Container{Resources: asks("500m", "1Gi"), RestartPolicy: ptr.To(corev1.ContainerRestartPolicyAlways)}
	for name, tc := range map[string]struct {
		first             []corev1.Container
		cpu, memoryLimits string
	}{
		"the task's container":                 {nil, "2", "2Gi"},
		"a sidecar beside it":                  {[]corev1.Container{sidecar}, "3", "4Gi"},
		"an init container that requests less": {[]corev1.Container{{Resources: asks("100m", "1Mi")}}, "2", "2Gi"},
		"an init container that requests more": {[]corev1.Container{{Resources: asks("4", "8Gi")}}, "8", "16Gi"},
	} {
		t.Run(name, func(t *testing.T) {
			job := &batchv1.Job{Spec: batchv1.JobSpec{Parallelism: ptr.To[int32](2)}}
			job.Spec.Template.Spec = corev1.PodSpec{InitContainers: tc.first, Containers: []corev1.Container{{Resources: asks("1", "1Gi")}}}
			needs := podNeeds(job)
			got := map[string]string{}
			for name, q := range needs {
				got[string(name)] = q.String()
			}
			want := map[string]string{"pods": "2", "count/pods": "2", "count/jobs.batch": "1",
				"cpu": tc.cpu, "requests.cpu": tc.cpu, "limits.memory": tc.memoryLimits}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("needs (-want +got):\n%s", diff)
			}
		})
	}
}
