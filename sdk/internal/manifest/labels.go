package manifest

import (
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/kubevast/vast/internal/text"
	"github.com/kubevast/vast/sdk/spec"
)

// productLabels name the model of a node's devices.
var productLabels = []string{labelSkyPilot, labelGKE, labelKarpenter, labelGFD, labelCoreWeave, labelNebius}

// sharedSuffix is what GPU Feature Discovery puts behind the product's name where
// several pods share a device in turns.
const sharedSuffix = "-SHARED"

// addLabelValues adds, for every label, the values that mean this model: the
// known ones, and those of the cluster's own nodes. The API server compares them
// letter by letter, so each is added as those who set the label write it.
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

// Accelerators names what a node with these labels and these allocatable resources
// offers, as a task asks for it: "A100-80GB:8", and where no label tells the model
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
