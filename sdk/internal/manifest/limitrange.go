package manifest

import (
	"fmt"
	"slices"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	resourcehelper "k8s.io/component-helpers/resource"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/text"
)

// bound is what the LimitRanges of a namespace require of one resource of a container.
type bound struct {
	least, most *resource.Quantity
	// ratio is the largest ratio of limit to request; 0 for any.
	ratio int64
	// defaulted: there is a default limit.
	defaulted bool
}

// usual are the request and the limit of our containers if a LimitRange does not allow
// 0.
var usual = map[corev1.ResourceName][2]resource.Quantity{
	corev1.ResourceCPU:    {resource.MustParse("10m"), resource.MustParse("1")},
	corev1.ResourceMemory: {resource.MustParse("64Mi"), resource.MustParse("512Mi")},
}

// MeetLimitRanges sets the resources of our own containers in the pods of a Job that the
// LimitRanges of its namespace require. It returns a warning if a pod requests more than
// its file says because of that; else it is empty.
func MeetLimitRanges(job *batchv1.Job, ranges []corev1.LimitRange) string {
	pod := &job.Spec.Template.Spec
	before := resourcehelper.PodRequests(&corev1.Pod{Spec: *pod}, resourcehelper.PodResourcesOptions{})
	for i := range pod.InitContainers {
		if c := &pod.InitContainers[i]; kube.IsOurs(c.Name) {
			MeetBounds(c, ranges)
		}
	}
	after := resourcehelper.PodRequests(&corev1.Pod{Spec: *pod}, resourcehelper.PodResourcesOptions{})
	var more []string
	for _, name := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory} {
		q := after[name].DeepCopy()
		if q.Sub(before[name]); q.Sign() > 0 {
			more = append(more, fmt.Sprintf("%s %s", q.String(), name))
		}
	}
	if len(more) == 0 {
		return ""
	}
	return fmt.Sprintf("a LimitRange of the namespace requires requests of every container; each pod needs %s more than its file requests, for the container that uploads its results",
		text.And(more))
}

// MeetBounds sets the resources of a container of ours that the LimitRanges of its
// namespace require.
func MeetBounds(c *corev1.Container, ranges []corev1.LimitRange) {
	for _, name := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory} {
		if b := boundOf(ranges, name); b.least != nil || b.ratio != 0 {
			b.apply(name, &c.Resources)
		}
	}
}

func boundOf(ranges []corev1.LimitRange, name corev1.ResourceName) bound {
	var b bound
	for i := range ranges {
		for _, item := range ranges[i].Spec.Limits {
			if item.Type != corev1.LimitTypeContainer {
				continue
			}
			if q, ok := item.Min[name]; ok && q.Sign() > 0 && (b.least == nil || q.Cmp(*b.least) > 0) {
				b.least = &q
			}
			if q, ok := item.Max[name]; ok && (b.most == nil || q.Cmp(*b.most) < 0) {
				b.most = &q
			}
			if q, ok := item.MaxLimitRequestRatio[name]; ok && (b.ratio == 0 || q.Value() < b.ratio) {
				b.ratio = max(1, q.MilliValue()/1000) // rounded down to stay within it
			}
			if _, ok := item.Default[name]; ok {
				b.defaulted = true
			}
		}
	}
	return b
}

// apply sets the smallest request that is allowed. The limit is left to the LimitRange's
// default if there is one.
func (b bound) apply(name corev1.ResourceName, r *corev1.ResourceRequirements) {
	request, limit := usual[name][0], usual[name][1]
	if b.least != nil {
		request = *b.least
	}
	if b.most != nil && limit.Cmp(*b.most) > 0 {
		limit = *b.most
	}
	if b.ratio > 0 {
		if most := times(request, b.ratio); limit.Cmp(most) > 0 {
			limit = most
		}
	}
	if limit.Cmp(request) < 0 {
		limit = request
	}
	r.Requests[name] = request
	if b.defaulted && b.ratio == 0 {
		delete(r.Limits, name)
	} else {
		r.Limits[name] = limit
	}
}

func times(q resource.Quantity, n int64) resource.Quantity {
	out := q.DeepCopy()
	out.Mul(n)
	return out
}

// HasOurs reports whether the pods of a Job have one of our containers.
func HasOurs(job *batchv1.Job) bool {
	return slices.ContainsFunc(job.Spec.Template.Spec.InitContainers, func(c corev1.Container) bool { return kube.IsOurs(c.Name) })
}
