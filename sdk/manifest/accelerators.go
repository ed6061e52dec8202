package manifest

import (
	"cmp"
	"maps"
	"regexp"
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

// product is what the labels say of one canonical model name. The GFD names
// are those of NVIDIA's GPU Feature Discovery: the driver's product name with
// dashes. gke is empty where GKE has no such machines.
type product struct {
	aliases []string // further canonical names for the same device
	gke     string
	gfd     []string
}

// products holds the models that SkyPilot knows. A bare A100 is the 40 GB one
// and a bare V100 the 16 GB one; H100 and H100-80GB are the same.
var products = map[string]product{
	"GB300":       {gfd: []string{"NVIDIA-GB300"}},
	"GB200":       {gke: "nvidia-gb200", gfd: []string{"NVIDIA-GB200"}},
	"B300":        {gfd: []string{"NVIDIA-B300-SXM6-AC"}},
	"B200":        {gke: "nvidia-b200", gfd: []string{"NVIDIA-B200"}},
	"B100":        {gfd: []string{"NVIDIA-B100"}},
	"GH200":       {gfd: []string{"NVIDIA-GH200-480GB", "NVIDIA-GH200-120GB"}},
	"H200":        {gke: "nvidia-h200-141gb", gfd: []string{"NVIDIA-H200", "NVIDIA-H200-NVL"}},
	"H100":        {aliases: []string{"H100-80GB"}, gke: "nvidia-h100-80gb", gfd: []string{"NVIDIA-H100-80GB-HBM3", "NVIDIA-H100-PCIe", "NVIDIA-H100-NVL"}},
	"H100-MEGA":   {aliases: []string{"H100-MEGA-80GB"}, gke: "nvidia-h100-mega-80gb"},
	"A100-80GB":   {gke: "nvidia-a100-80gb", gfd: []string{"NVIDIA-A100-SXM4-80GB", "NVIDIA-A100-80GB-PCIe", "NVIDIA-A100X"}},
	"A100":        {aliases: []string{"A100-40GB"}, gke: "nvidia-tesla-a100", gfd: []string{"NVIDIA-A100-SXM4-40GB", "NVIDIA-A100-PCIE-40GB", "A100-SXM4-40GB"}},
	"A10G":        {gfd: []string{"NVIDIA-A10G"}},
	"A10":         {gfd: []string{"NVIDIA-A10"}},
	"A16":         {gfd: []string{"NVIDIA-A16"}},
	"A30":         {gfd: []string{"NVIDIA-A30"}},
	"A40":         {gfd: []string{"NVIDIA-A40"}},
	"RTX6000-Ada": {aliases: []string{"RTX6000"}, gfd: []string{"NVIDIA-RTX-6000-Ada-Generation"}},
	"L40S":        {gfd: []string{"NVIDIA-L40S"}},
	"L40":         {gfd: []string{"NVIDIA-L40"}},
	"L4":          {gke: "nvidia-l4", gfd: []string{"NVIDIA-L4"}},
	"A6000":       {aliases: []string{"RTXA6000"}, gfd: []string{"NVIDIA-RTX-A6000"}},
	"A5000":       {aliases: []string{"RTXA5000"}, gfd: []string{"NVIDIA-RTX-A5000"}},
	"A4000":       {aliases: []string{"RTXA4000"}, gfd: []string{"NVIDIA-RTX-A4000"}},
	"V100-32GB":   {gfd: []string{"Tesla-V100-SXM2-32GB", "Tesla-V100-PCIE-32GB", "Tesla-V100-SXM3-32GB"}},
	"V100":        {aliases: []string{"V100-16GB"}, gke: "nvidia-tesla-v100", gfd: []string{"Tesla-V100-SXM2-16GB", "Tesla-V100-PCIE-16GB"}},
	"P100":        {gke: "nvidia-tesla-p100", gfd: []string{"Tesla-P100-PCIE-16GB", "Tesla-P100-SXM2-16GB"}},
	"P40":         {gfd: []string{"Tesla-P40"}},
	"P4":          {gke: "nvidia-tesla-p4", gfd: []string{"Tesla-P4"}},
	"T4g":         {gfd: []string{"NVIDIA-T4G"}},
	"T4":          {gke: "nvidia-tesla-t4", gfd: []string{"Tesla-T4", "NVIDIA-T4"}},
	"K80":         {gke: "nvidia-tesla-k80", gfd: []string{"Tesla-K80"}},
	"M60":         {gfd: []string{"Tesla-M60"}},
}

// lookupProduct finds a model by any of its names, in any case.
func lookupProduct(name string) (canonical string, p product, ok bool) {
	for canonical, p := range products {
		if strings.EqualFold(canonical, name) || slices.ContainsFunc(p.aliases, func(a string) bool { return strings.EqualFold(a, name) }) {
			return canonical, p, true
		}
	}
	return name, product{}, false
}

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

// addLabelValues adds, for every label, the values that mean this model: the
// known ones, and those of the cluster's own nodes.
func addLabelValues(values map[string][]string, name string, nodes []map[string]string) {
	canonical, p, _ := lookupProduct(name)
	names := append([]string{name, canonical}, p.aliases...)
	add := func(key string, vs ...string) { values[key] = append(values[key], vs...) }
	if deviceOf(spec.Accelerator{Name: name}) == googleTPU {
		add(labelGKETPU, strings.ToLower(name))
		return
	}
	for _, n := range names {
		add(labelSkyPilot, strings.ToLower(n))
		add(labelKarpenter, strings.ToLower(n))
		add(labelCoreWeave, strings.ToUpper(n))
		add(labelNebius, strings.ToUpper(n))
	}
	if p.gke != "" {
		add(labelGKE, p.gke)
	}
	add(labelGFD, p.gfd...)
	for _, node := range nodes {
		for _, key := range []string{labelGFD, labelCoreWeave, labelNebius, labelKarpenter} {
			if v := node[key]; v != "" && canonicalModel(v, node) == canonical {
				add(key, v)
			}
		}
	}
	if len(values[labelGFD]) == 0 {
		delete(values, labelGFD)
	}
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

// modelOrder lists the canonical names, longer ones first, so that A100-80GB
// is found before A100 and A10G before A10.
var modelOrder = slices.SortedFunc(maps.Keys(products), func(a, b string) int {
	return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b))
})

var (
	eightyGB  = regexp.MustCompile(`(?i)80\s*GB`)
	thirtyTwo = regexp.MustCompile(`(?i)32\s*GB`)
	words     = regexp.MustCompile(`[^A-Za-z0-9]+`)
)

// canonicalModel reads a label's value ("NVIDIA-A100-80GB-PCIe") as one of the
// canonical names; what it does not know it returns as it is.
func canonicalModel(value string, node map[string]string) string {
	parts := words.Split(value, -1)
	has := func(word string) bool {
		return slices.ContainsFunc(parts, func(p string) bool { return strings.EqualFold(p, word) })
	}
	memory, _ := strconv.Atoi(node[labelGFDMemory])
	switch {
	case has("A100") && (eightyGB.MatchString(value) || memory > 60000), has("A100X"):
		return "A100-80GB"
	case has("V100") && (thirtyTwo.MatchString(value) || memory > 24000):
		return "V100-32GB"
	case has("H100") && has("MEGA"):
		return "H100-MEGA"
	case has("6000") && has("Ada"):
		return "RTX6000-Ada"
	}
	for _, model := range modelOrder {
		if has(model) {
			return model
		}
	}
	return value
}

// NamesModel reports whether a candidate asks for a model of accelerator, so
// that the labels of the cluster's nodes matter.
func NamesModel(r spec.Resources) bool { return r.Accelerator != nil && r.Accelerator.Name != "" }
