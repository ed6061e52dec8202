package manifest

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubevast/vast/sdk/spec"
)

// Device resources, as the vendors' device plug-ins name them.
const (
	nvidiaGPU = corev1.ResourceName("nvidia.com/gpu")
	amdGPU    = corev1.ResourceName("amd.com/gpu")
	googleTPU = corev1.ResourceName("google.com/tpu")
	awsNeuron = corev1.ResourceName("aws.amazon.com/neuron")
)

// deviceOf returns the resource that a node with this accelerator offers.
func deviceOf(a spec.Accelerator) corev1.ResourceName {
	name := strings.ToLower(cmp.Or(a.Name, a.Vendor))
	switch {
	case strings.HasPrefix(name, "tpu"):
		return googleTPU
	case strings.HasPrefix(name, "mi") && len(name) > 2 && name[2] >= '0' && name[2] <= '9', name == "amd":
		return amdGPU
	case strings.HasPrefix(name, "inferentia"), strings.HasPrefix(name, "trainium"):
		return awsNeuron
	}
	return nvidiaGPU
}

// Node labels by which clusters say what accelerator a node has, as SkyPilot
// reads them.
const (
	labelSkyPilot  = "skypilot.co/accelerator"
	labelGKE       = "cloud.google.com/gke-accelerator"
	labelGKETPU    = "cloud.google.com/gke-tpu-accelerator"
	labelKarpenter = "karpenter.k8s.aws/instance-gpu-name"
	labelGFD       = "nvidia.com/gpu.product"
	labelCoreWeave = "gpu.nvidia.com/class"
	labelNebius    = "nebius.com/gpu-name"
	labelGFDMemory = "nvidia.com/gpu.memory" // MiB
)

// gpuAffinity requires a node that has any of the acceptable accelerators, by
// any of the labels. It returns nil when every model will do.
func (b *builder) gpuAffinity() *corev1.Affinity {
	values := map[string][]string{}
	var memory []corev1.NodeSelectorRequirement
	for _, a := range b.alternatives {
		switch {
		case a.Name != "":
			addLabelValues(values, a.Name, b.in.NodeLabels)
		case a.MinMemory > 0:
			memory = append(memory, memoryRequirements(a)...)
		default:
			return nil
		}
	}
	var terms []corev1.NodeSelectorTerm
	for _, key := range slices.Sorted(maps.Keys(values)) {
		slices.Sort(values[key])
		terms = append(terms, corev1.NodeSelectorTerm{MatchExpressions: []corev1.NodeSelectorRequirement{{
			Key: key, Operator: corev1.NodeSelectorOpIn, Values: slices.Compact(values[key])}}})
	}
	if len(memory) > 0 {
		terms = append(terms, corev1.NodeSelectorTerm{MatchExpressions: memory})
	}
	if len(terms) == 0 {
		return nil
	}
	return &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{
		RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{NodeSelectorTerms: terms}}}
}

func memoryRequirements(a spec.Accelerator) []corev1.NodeSelectorRequirement {
	// Boards report a little less than their nominal size.
	const slack = 0.94
	least := int64(float64(a.MinMemory>>20) * slack)
	out := []corev1.NodeSelectorRequirement{{Key: labelGFDMemory, Operator: corev1.NodeSelectorOpGt,
		Values: []string{strconv.FormatInt(least, 10)}}}
	if a.ExactMemory {
		out = append(out, corev1.NodeSelectorRequirement{Key: labelGFDMemory, Operator: corev1.NodeSelectorOpLt,
			Values: []string{strconv.FormatInt(a.MinMemory>>20+a.MinMemory>>24, 10)}})
	}
	return out
}

// NamesModel reports whether a candidate asks for a model of accelerator, so
// that the labels of the cluster's nodes matter.
func NamesModel(r spec.Resources) bool { return r.Accelerator != nil && r.Accelerator.Name != "" }
