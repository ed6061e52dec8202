package manifest

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/kubevast/vast/sdk/spec"
)

// chooseResources picks the candidate that the pods are made for. A pod can
// leave the model of its accelerator open (the affinity lists several), but
// not how many devices or CPUs it requests: so the first candidate counts, and
// all that differ from it only in the model are acceptable beside it.
func (b *builder) chooseResources() spec.Resources {
	if len(b.task.Resources) == 0 {
		return spec.Resources{}
	}
	first := b.task.Resources[0]
	var dropped []string
	for _, r := range b.task.Resources {
		switch {
		case !interchangeable(first, r):
			dropped = append(dropped, describe(r))
		case r.Accelerator != nil:
			b.alternatives = append(b.alternatives, *r.Accelerator)
		}
	}
	if len(dropped) > 0 {
		b.warnings = append(b.warnings, fmt.Sprintf(
			"candidates that request another number or kind of devices than the first (%s) are not tried: %s",
			describe(first), strings.Join(dropped, "; ")))
	}
	return first
}

// interchangeable reports whether one pod spec can stand for both.
func interchangeable(a, b spec.Resources) bool {
	if (a.Accelerator == nil) != (b.Accelerator == nil) || a.Image != b.Image {
		return false
	}
	if a.Accelerator != nil && (deviceOf(*a.Accelerator) != deviceOf(*b.Accelerator) ||
		a.Accelerator.Count != b.Accelerator.Count) {
		return false
	}
	return equalAmounts(a.CPUs, b.CPUs) && equalAmounts(a.Memory, b.Memory) &&
		equalAmounts(a.EphemeralStorage, b.EphemeralStorage)
}

func equalAmounts(a, b *spec.Amount) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.AtLeast == b.AtLeast && a.Quantity.Cmp(b.Quantity) == 0
}

// describe names a candidate for a warning.
func describe(r spec.Resources) string {
	var parts []string
	if a := r.Accelerator; a != nil {
		parts = append(parts, fmt.Sprintf("%s:%g", a.Name, a.Count))
	}
	if r.CPUs != nil {
		parts = append(parts, r.CPUs.Quantity.String()+" CPU")
	}
	if r.Memory != nil {
		parts = append(parts, r.Memory.Quantity.String()+" memory")
	}
	if len(parts) == 0 {
		return "no accelerator"
	}
	return strings.Join(parts, ", ")
}

// resources turns amounts into requests and limits: "4" is both, "4+" is a
// request only. Devices must be both.
func (b *builder) resources() corev1.ResourceRequirements {
	out := corev1.ResourceRequirements{}
	set := func(list *corev1.ResourceList, name corev1.ResourceName, q resource.Quantity) {
		if *list == nil {
			*list = corev1.ResourceList{}
		}
		(*list)[name] = q
	}
	for name, amount := range map[corev1.ResourceName]*spec.Amount{
		corev1.ResourceCPU:              b.res.CPUs,
		corev1.ResourceMemory:           b.res.Memory,
		corev1.ResourceEphemeralStorage: b.res.EphemeralStorage,
	} {
		if amount == nil {
			continue
		}
		set(&out.Requests, name, amount.Quantity)
		if !amount.AtLeast {
			set(&out.Limits, name, amount.Quantity)
		}
	}
	if n := b.gpuCount(); n > 0 {
		device := deviceOf(*b.res.Accelerator)
		set(&out.Requests, device, *resource.NewQuantity(int64(n), resource.DecimalSI))
		set(&out.Limits, device, *resource.NewQuantity(int64(n), resource.DecimalSI))
	}
	return out
}
