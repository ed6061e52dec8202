package cluster

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/utils/ptr"
	kueue "sigs.k8s.io/kueue/apis/kueue/v1beta2"
)

// list makes a ResourceList of name, quantity, name, quantity ...
func list(words ...string) corev1.ResourceList {
	out := corev1.ResourceList{}
	for i := 0; i < len(words); i += 2 {
		out[corev1.ResourceName(words[i])] = resource.MustParse(words[i+1])
	}
	return out
}

// words is a ResourceList as people read it.
func words(l corev1.ResourceList) map[string]string {
	out := map[string]string{}
	for name, q := range l {
		out[string(name)] = q.String()
	}
	return out
}

func node(name string, allocatable corev1.ResourceList, change ...func(*corev1.Node)) corev1.Node {
	n := corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}, Status: corev1.NodeStatus{Allocatable: allocatable,
		Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}}}}
	for _, c := range change {
		c(&n)
	}
	return n
}

func tainted(effect corev1.TaintEffect) func(*corev1.Node) {
	return func(n *corev1.Node) {
		n.Spec.Taints = append(n.Spec.Taints, corev1.Taint{Key: "dedicated", Value: "batch", Effect: effect})
	}
}

func container(requests ...string) corev1.Container {
	return corev1.Container{Resources: corev1.ResourceRequirements{Requests: list(requests...)}}
}

func sidecar(requests ...string) corev1.Container {
	c := container(requests...)
	c.RestartPolicy = ptr.To(corev1.ContainerRestartPolicyAlways)
	return c
}

func podOn(nodeName string, spec corev1.PodSpec, change ...func(*corev1.Pod)) corev1.Pod {
	spec.NodeName = nodeName
	p := corev1.Pod{Spec: spec, Status: corev1.PodStatus{Phase: corev1.PodRunning}}
	for _, c := range change {
		c(&p)
	}
	return p
}

func mains(c ...corev1.Container) corev1.PodSpec { return corev1.PodSpec{Containers: c} }

func TestFree(t *testing.T) {
	one := []corev1.Node{node("a", list("cpu", "4", "memory", "8Gi"))}
	for name, tc := range map[string]struct {
		nodes    []corev1.Node
		pods     []corev1.Pod
		flavor   kueue.ResourceFlavorSpec
		admitted sets.Set[types.UID]
		want     map[string]string
	}{
		"no nodes": {want: map[string]string{}},
		"an empty cluster gives what its nodes have together": {
			nodes: []corev1.Node{node("a", list("cpu", "4", "memory", "8Gi")), node("b", list("cpu", "3500m", "memory", "1Gi"))},
			want:  map[string]string{"cpu": "7500m", "memory": "9Gi"}},
		"memory is rounded down to whole Mi": {
			nodes: []corev1.Node{node("a", list("cpu", "1", "memory", "1000001Ki"))},
			want:  map[string]string{"cpu": "1", "memory": "976Mi"}},
		"the requests of pods are subtracted": {nodes: one,
			pods: []corev1.Pod{podOn("a", mains(container("cpu", "500m", "memory", "1Gi"), container("cpu", "250m")))},
			want: map[string]string{"cpu": "3250m", "memory": "7Gi"}},
		"a pod that waits for a node takes nothing": {nodes: one,
			pods: []corev1.Pod{podOn("", mains(container("cpu", "2")))},
			want: map[string]string{"cpu": "4", "memory": "8Gi"}},
		"pods that have ended take nothing": {nodes: one,
			pods: []corev1.Pod{
				podOn("a", mains(container("cpu", "1")), func(p *corev1.Pod) { p.Status.Phase = corev1.PodSucceeded }),
				podOn("a", mains(container("cpu", "1")), func(p *corev1.Pod) { p.Status.Phase = corev1.PodFailed })},
			want: map[string]string{"cpu": "4", "memory": "8Gi"}},
		"of an init container and the main ones the larger counts": {nodes: one,
			pods: []corev1.Pod{podOn("a", corev1.PodSpec{
				InitContainers: []corev1.Container{container("cpu", "3"), container("memory", "2Gi")},
				Containers:     []corev1.Container{container("cpu", "1", "memory", "1Gi")}})},
			want: map[string]string{"cpu": "1", "memory": "6Gi"}},
		"a sidecar adds to the main containers": {nodes: one,
			pods: []corev1.Pod{podOn("a", corev1.PodSpec{
				InitContainers: []corev1.Container{sidecar("cpu", "1")},
				Containers:     []corev1.Container{container("cpu", "1")}})},
			want: map[string]string{"cpu": "2", "memory": "8Gi"}},
		"a sidecar adds to init containers behind it, not to those before it": {nodes: one,
			pods: []corev1.Pod{podOn("a", corev1.PodSpec{
				InitContainers: []corev1.Container{container("cpu", "3"), sidecar("cpu", "500m"), container("cpu", "3")},
				Containers:     []corev1.Container{container("cpu", "1")}})},
			want: map[string]string{"cpu": "500m", "memory": "8Gi"}},
		"the overhead of a runtime counts": {nodes: one,
			pods: []corev1.Pod{podOn("a", corev1.PodSpec{Overhead: list("cpu", "250m"), Containers: []corev1.Container{container("cpu", "1")}})},
			want: map[string]string{"cpu": "2750m", "memory": "8Gi"}},
		"it is never below 0": {nodes: one,
			pods: []corev1.Pod{podOn("a", mains(container("cpu", "9")))},
			want: map[string]string{"cpu": "0", "memory": "8Gi"}},
		"nodes that are cordoned or not ready give nothing, and their pods take nothing": {
			nodes: []corev1.Node{one[0],
				node("cordoned", list("cpu", "8"), func(n *corev1.Node) { n.Spec.Unschedulable = true }),
				node("gone", list("cpu", "8"), func(n *corev1.Node) { n.Status.Conditions[0].Status = corev1.ConditionUnknown }),
				node("new", list("cpu", "8"), func(n *corev1.Node) { n.Status.Conditions = nil })},
			pods: []corev1.Pod{podOn("cordoned", mains(container("cpu", "1"))), podOn("gone", mains(container("cpu", "1")))},
			want: map[string]string{"cpu": "4", "memory": "8Gi"}},
		"a taint that keeps pods away takes a node out, a preference does not": {
			nodes: []corev1.Node{node("a", list("cpu", "1"), tainted(corev1.TaintEffectNoSchedule)),
				node("b", list("cpu", "2"), tainted(corev1.TaintEffectNoExecute)),
				node("c", list("cpu", "4"), tainted(corev1.TaintEffectPreferNoSchedule))},
			want: map[string]string{"cpu": "4"}},
		"a taint that the flavor tolerates does not": {
			nodes:  []corev1.Node{node("a", list("cpu", "1"), tainted(corev1.TaintEffectNoSchedule)), node("b", list("cpu", "2"))},
			flavor: kueue.ResourceFlavorSpec{Tolerations: []corev1.Toleration{{Key: "dedicated", Operator: corev1.TolerationOpExists}}},
			want:   map[string]string{"cpu": "3"}},
		"only nodes of the flavor count": {
			nodes: []corev1.Node{node("a", list("cpu", "1")),
				node("b", list("cpu", "2"), func(n *corev1.Node) { n.Labels = map[string]string{"pool": "batch"} })},
			flavor: kueue.ResourceFlavorSpec{NodeLabels: map[string]string{"pool": "batch"}},
			want:   map[string]string{"cpu": "2"}},
		"GPUs and local disk count, huge pages and attachable volumes do not": {
			nodes: []corev1.Node{node("a", list("nvidia.com/gpu", "4", "ephemeral-storage", "10Gi", "hugepages-2Mi", "1Gi",
				"pods", "110", "attachable-volumes-aws-ebs", "39", "amd.com/gpu", "0"))},
			pods: []corev1.Pod{podOn("a", mains(container("nvidia.com/gpu", "1", "ephemeral-storage", "1Gi")))},
			want: map[string]string{"nvidia.com/gpu": "3", "ephemeral-storage": "9Gi"}},
		"what runs through the queue is part of the quota": {nodes: one, admitted: sets.New[types.UID]("job", "pod"),
			pods: []corev1.Pod{
				podOn("a", mains(container("cpu", "1")), func(p *corev1.Pod) {
					p.OwnerReferences = []metav1.OwnerReference{{UID: "job", Controller: ptr.To(true)}}
				}),
				podOn("a", mains(container("cpu", "1")), func(p *corev1.Pod) { p.UID = "pod" }),
				podOn("a", mains(container("cpu", "1")), func(p *corev1.Pod) {
					p.OwnerReferences = []metav1.OwnerReference{{UID: "other", Controller: ptr.To(true)}}
				})},
			want: map[string]string{"cpu": "3", "memory": "8Gi"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, words(free(tc.nodes, tc.pods, tc.flavor, tc.admitted))); diff != "" {
				t.Errorf("free (-want +got):\n%s", diff)
			}
		})
	}
}
