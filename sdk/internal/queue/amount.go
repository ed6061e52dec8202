package queue

import (
	"math"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/kubevast/vast/internal/kube"
)

// amount is a quantity with its unit, as a sentence has it: "1.5 CPU",
// "64Gi memory", "8 nvidia.com/gpu".
func amount(name corev1.ResourceName, q resource.Quantity) string {
	return number(name, q) + " " + unit(name)
}

func unit(name corev1.ResourceName) string {
	if name == corev1.ResourceCPU {
		return "CPU"
	}
	return string(name)
}

// number is a quantity without its unit, short where that loses little.
func number(name corev1.ResourceName, q resource.Quantity) string {
	switch {
	case name == corev1.ResourceCPU:
		return strconv.FormatFloat(float64(q.MilliValue())/1000, 'f', -1, 64)
	case isBytes(name):
		return bytes(q)
	}
	return q.String()
}

// numbers are the texts of two quantities, which differ unless they are equal.
func numbers(name corev1.ResourceName, a, b resource.Quantity) (string, string) {
	x, y := number(name, a), number(name, b)
	if x == y && a.Cmp(b) != 0 {
		return a.String(), b.String()
	}
	return x, y
}

func isBytes(name corev1.ResourceName) bool {
	return name == corev1.ResourceMemory || name == corev1.ResourceEphemeralStorage ||
		strings.HasPrefix(string(name), corev1.ResourceHugePagesPrefix)
}

// bytes is exact if a short text can be: "1.5Gi", "1500Mi". Others, such as the
// memory of a node, have one digit after the point and are rounded down.
func bytes(q resource.Quantity) string {
	const short = 99_999 // of a unit, and still read at a glance
	value := float64(q.Value())
	units := []struct {
		name string
		size float64
	}{{"Ti", 1 << 40}, {"Gi", 1 << 30}, {"Mi", 1 << 20}, {"Ki", 1 << 10}}
	for _, u := range units {
		if n := value / u.size * 10; math.Abs(n) >= 10 && n == math.Trunc(n) && math.Abs(n) <= short*10 {
			return strconv.FormatFloat(n/10, 'f', -1, 64) + u.name
		}
	}
	for _, u := range units {
		if math.Abs(value) >= u.size {
			return strconv.FormatFloat(math.Trunc(value/u.size*10)/10, 'f', -1, 64) + u.name
		}
	}
	return q.String()
}

// times is q n times over.
func times(q resource.Quantity, n int) resource.Quantity {
	out := q.DeepCopy()
	out.Mul(int64(n))
	return out
}

// ordered returns the names of resources, CPU and memory first.
func ordered[V any](of map[corev1.ResourceName]V) []corev1.ResourceName {
	names := make([]corev1.ResourceName, 0, len(of))
	for name := range of {
		names = append(names, name)
	}
	slices.SortFunc(names, kube.CompareResources)
	return names
}
