package manifest

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/kubevast/vast/internal/text"
	"github.com/kubevast/vast/sdk/spec"
)

// Device resources, as the vendors' device plugins name them.
const (
	nvidiaGPU = corev1.ResourceName("nvidia.com/gpu")
	amdGPU    = corev1.ResourceName("amd.com/gpu")
	googleTPU = corev1.ResourceName("google.com/tpu")
	awsNeuron = corev1.ResourceName("aws.amazon.com/neuron")
)

// deviceOf returns the resource of nodes with this accelerator.
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

// Node labels with a node's accelerator, as SkyPilot reads them.
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

// gpuAffinity requires a node with any of the acceptable accelerators, by any of the
// labels. It returns nil if any model is acceptable.
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

// NamesModel reports whether a candidate requests a model of accelerator, so that the
// labels of the cluster's nodes matter.
func NamesModel(r spec.Resources) bool { return r.Accelerator != nil && r.Accelerator.Name != "" }

// productLabels name the model of a node's devices.
var productLabels = []string{labelSkyPilot, labelGKE, labelKarpenter, labelGFD, labelCoreWeave, labelNebius}

// sharedSuffix is what GPU Feature Discovery appends to the product's name of a device
// with time-slicing.
const sharedSuffix = "-SHARED"

// addLabelValues adds, for every label, the values that stand for this model: the known
// ones, and those of the cluster's nodes. The comparison is exact, so each value is
// added as those who set the label write it.
func addLabelValues(values map[string][]string, name string, nodes []map[string]string) {
	add := func(key string, vs ...string) {
		for _, v := range vs {
			if v = strings.ReplaceAll(v, " ", "-"); len(validation.IsValidLabelValue(v)) == 0 {
				values[key] = append(values[key], v)
			}
		}
	}
	device := deviceOf(spec.Accelerator{Name: name})
	if device == googleTPU {
		add(labelGKETPU, strings.ToLower(name))
		return
	}
	m := modelOf(name)
	if !m.part {
		for _, n := range m.names {
			add(labelSkyPilot, strings.ToLower(n))
			add(labelKarpenter, strings.ToLower(n))
			add(labelCoreWeave, strings.ToUpper(n))
			add(labelNebius, strings.ToUpper(n))
		}
		if m.gke != "" {
			add(labelGKE, m.gke)
		}
	}
	if device == nvidiaGPU {
		for _, v := range m.gfd {
			add(labelGFD, v)
			if !m.part && !strings.HasSuffix(v, sharedSuffix) {
				add(labelGFD, v+sharedSuffix)
			}
		}
	}
	for _, node := range nodes {
		for _, key := range productLabels {
			if v := node[key]; v != "" && m.is(key, v, node) {
				add(key, v)
			}
		}
	}
}

// Accelerators returns the accelerators of a node with these labels and allocatable
// resources in the notation of a task: "A100-80GB:8", and without a label for the model
// "nvidia.com/gpu:8". It is empty for a node without devices.
func Accelerators(labels map[string]string, allocatable corev1.ResourceList) string {
	model := ""
	for _, key := range append(slices.Clone(productLabels), labelGKETPU) {
		if v := labels[key]; v != "" {
			model = canonicalModel(v, labels)
			break
		}
	}
	var out []string
	for _, device := range slices.Sorted(maps.Keys(allocatable)) {
		q := allocatable[device]
		if !IsDevice(device) || q.IsZero() {
			continue
		}
		name := string(device)
		if model != "" && slices.Contains([]corev1.ResourceName{nvidiaGPU, amdGPU, googleTPU, awsNeuron}, device) {
			name = model
		}
		out = append(out, name+":"+q.String())
	}
	return text.And(out)
}

// vendorDevice is the resource that the taint of a vendor's nodes is named after, if
// its device plugin offers parts of devices under other names (nvidia.com/mig-1g.10gb,
// nvidia.com/gpu.shared).
var vendorDevice = map[string]corev1.ResourceName{"nvidia.com": nvidiaGPU, "amd.com": amdGPU}

// tolerateDevices adds tolerations for nodes that are reserved for pods that request
// their devices. Such nodes have a taint of the device's name, by the convention of GKE
// and of Kubernetes' ExtendedResourceToleration admission plugin, which is often
// disabled; SkyPilot adds the same tolerations.
func tolerateDevices(pod *corev1.PodSpec) {
	devices := map[corev1.ResourceName]bool{}
	for _, c := range slices.Concat(pod.InitContainers, pod.Containers) {
		for _, list := range []corev1.ResourceList{c.Resources.Requests, c.Resources.Limits} {
			for name, amount := range list {
				if !IsDevice(name) || amount.IsZero() {
					continue
				}
				devices[name] = true
				vendor, _, _ := strings.Cut(string(name), "/")
				if whole := vendorDevice[vendor]; whole != "" {
					devices[whole] = true
				}
			}
		}
	}
	for _, device := range slices.Sorted(maps.Keys(devices)) {
		t := corev1.Toleration{Key: string(device), Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoSchedule}
		if !slices.ContainsFunc(pod.Tolerations, func(have corev1.Toleration) bool { return covers(have, t) }) {
			pod.Tolerations = append(pod.Tolerations, t)
		}
	}
}

// IsDevice reports whether a resource is a vendor's: its name has a domain other than
// Kubernetes' own.
func IsDevice(name corev1.ResourceName) bool {
	vendor, _, extended := strings.Cut(string(name), "/")
	return extended && vendor != "kubernetes.io" && !strings.HasSuffix(vendor, ".kubernetes.io")
}

// covers reports whether have tolerates all that t, a toleration of any value, does.
func covers(have, t corev1.Toleration) bool {
	return have.Operator == corev1.TolerationOpExists && (have.Key == "" || have.Key == t.Key) && (have.Effect == "" || have.Effect == t.Effect)
}
