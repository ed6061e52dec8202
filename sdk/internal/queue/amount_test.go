package queue

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

func TestQuantitiesAreShownAsTheyWereTyped(t *testing.T) {
	for _, tc := range []struct {
		name  corev1.ResourceName
		typed string
		want  string
	}{
		{corev1.ResourceCPU, "4000", "4000 CPU"},
		{corev1.ResourceCPU, "500m", "0.5 CPU"},
		{corev1.ResourceMemory, "1500Mi", "1500Mi memory"},
		{corev1.ResourceMemory, "1.5Gi", "1.5Gi memory"},
		{corev1.ResourceMemory, "100Mi", "100Mi memory"},
		{corev1.ResourceMemory, "64Gi", "64Gi memory"},
		{corev1.ResourceMemory, "2Ti", "2Ti memory"},
		{corev1.ResourceMemory, "24158872Ki", "23Gi memory"}, // a node's
		{corev1.ResourceMemory, "128974848", "123Mi memory"},
		{corev1.ResourceMemory, "512", "512 memory"},
		{corev1.ResourceEphemeralStorage, "1025Mi", "1025Mi ephemeral-storage"},
		{"nvidia.com/gpu", "8", "8 nvidia.com/gpu"},
	} {
		if got := amount(tc.name, resource.MustParse(tc.typed)); got != tc.want {
			t.Errorf("%s of %s: %q, want %q", tc.typed, tc.name, got, tc.want)
		}
	}
}
