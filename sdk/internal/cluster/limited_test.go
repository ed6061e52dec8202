package cluster

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/kubevast/vast/sdk/api"
)

func TestTheStoreHasALimitOfCPUsWhereAQuotaRequiresOne(t *testing.T) {
	there := func(replicas int32, limit string) *appsv1.Deployment {
		d := &appsv1.Deployment{Status: appsv1.DeploymentStatus{Replicas: replicas}}
		c := corev1.Container{Resources: corev1.ResourceRequirements{Limits: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("1Gi")}}}
		if limit != "" {
			c.Resources.Limits[corev1.ResourceCPU] = resource.MustParse(limit)
		}
		d.Spec.Template.Spec.Containers = []corev1.Container{c}
		return d
	}
	for name, tc := range map[string]struct {
		now  observed
		want string // empty: none
	}{
		"there is no quota":                              {observed{}, ""},
		"a quota requires limits":                        {observed{cpuLimited: true}, "1"},
		"a quota has kept its pod away":                  {observed{cpuLimited: true, deployment: there(0, "")}, "1"},
		"it runs without one, and keeps its pod":         {observed{cpuLimited: true, deployment: there(1, "")}, ""},
		"it runs with one, and the quota is gone by now": {observed{deployment: there(1, "1")}, "1"},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := decide(api.SetupOptions{Config: "kind"}, &tc.now, nil, "lab")
			if err != nil {
				t.Fatal(err)
			}
			limits := p.storeDeployment().(*appsv1.Deployment).Spec.Template.Spec.Containers[0].Resources.Limits
			q, limited := limits[corev1.ResourceCPU]
			if limited != (tc.want != "") || limited && q.String() != tc.want || limits.Memory().String() != "1Gi" {
				t.Errorf("its limits are %v, want %q CPU", limits, tc.want)
			}
		})
	}
}
