package kube

import (
	"cmp"
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// KueueVersion is the version of Kueue that setup installs: that of the client in
// go.mod, of the chart and of the image.
const KueueVersion = "0.16.1"

// ChartEmbedded names the chart in this program, as the source of Kueue's chart.
const ChartEmbedded = "embedded"

// The label and its value of the Helm releases that setup made.
const (
	LabelRelease      = Prefix + "made-by"
	LabelReleaseSetup = "cluster-setup"
)

// CompareResources orders resources by name, after CPU, memory and ephemeral storage.
func CompareResources(a, b corev1.ResourceName) int {
	rank := func(n corev1.ResourceName) int {
		i := slices.Index([]corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory, corev1.ResourceEphemeralStorage}, n)
		if i < 0 {
			return 3
		}
		return i
	}
	return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a, b))
}
