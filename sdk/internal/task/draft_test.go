package task

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/kubevast/vast/internal/workflow/record"
)

func TestATaskOfARunHasTheIDsOfItsSeries(t *testing.T) {
	env := func(vars ...string) *corev1.PodSpec {
		pod := &corev1.PodSpec{Containers: []corev1.Container{{Name: "sidecar"}, {Name: "task"}}}
		for i := 0; i < len(vars); i += 2 {
			pod.Containers[1].Env = append(pod.Containers[1].Env, corev1.EnvVar{Name: vars[i], Value: vars[i+1]})
		}
		return pod
	}
	many := make([]string, record.MaxSeries+1)
	for i := range many {
		many[i] = fmt.Sprintf("t%d", i)
	}
	tests := map[string]struct {
		series []string
		want   *corev1.PodSpec
	}{
		"a workflow":             {nil, env("A", "1", "SKYPILOT_TASK_ID", "r1-eval", "B", "2")},
		"a pipeline":             {[]string{"train", "eval"}, env("A", "1", "SKYPILOT_TASK_ID", "r1-eval", "SKYPILOT_TASK_IDS", "r1-train\nr1-eval", "B", "2")},
		"a pipeline of too many": {many, env("A", "1", "SKYPILOT_TASK_ID", "r1-eval", "B", "2")},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			pod := env("A", "1", "SKYPILOT_TASK_ID", "r1-eval-a1", "B", "2")
			setSeries(pod, &Step{Run: "r1", Name: "eval", Series: tt.series})
			if diff := cmp.Diff(tt.want, pod); diff != "" {
				t.Errorf("pod (-want,+got):\n%s", diff)
			}
		})
	}
}
