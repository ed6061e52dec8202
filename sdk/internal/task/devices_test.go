package task

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/sdk/internal/manifest"
)

func TestMissingDevicesAreReportedWithTheExistingOnes(t *testing.T) {
	node := func(labels map[string]string, has map[corev1.ResourceName]string) corev1.Node {
		n := corev1.Node{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Status: corev1.NodeStatus{Allocatable: corev1.ResourceList{"cpu": resource.MustParse("8")}}}
		for name, q := range has {
			n.Status.Allocatable[name] = resource.MustParse(q)
		}
		return n
	}
	gpus := func(product, n string) corev1.Node {
		return node(map[string]string{"nvidia.com/gpu.product": product}, map[corev1.ResourceName]string{"nvidia.com/gpu": n})
	}
	a100, l4, cpu := gpus("NVIDIA-A100-SXM4-80GB", "8"), gpus("NVIDIA-L4", "1"), node(nil, nil)
	card := gpus("NVIDIA-GeForce-RTX-4090-SHARED", "4")
	plain := node(nil, map[corev1.ResourceName]string{"nvidia.com/gpu": "2", "rdma/ib": "1"})
	fleet := []corev1.Node{a100, a100, l4, card, plain, cpu}
	const they = "they have A100-80GB:8 (2 nodes), L4:1, RTX4090:4, nvidia.com/gpu:2 and rdma/ib:1"
	for name, tc := range map[string]struct {
		resources string
		machines  []corev1.Node
		want      string
	}{
		"a model that is there":           {"{accelerators: 'L4:1'}", fleet, ""},
		"by the name of its product":      {"{accelerators: 'NVIDIA-GeForce-RTX-4090'}", fleet, ""},
		"any model":                       {"{accelerators: '2'}", fleet, ""},
		"a model that is not there":       {"{accelerators: 'H100:8'}", fleet, "no node of the cluster has 8 nvidia.com/gpu and the labels that the task requires; " + they},
		"more than a node of it has":      {"{accelerators: 'L4:4'}", fleet, "no node of the cluster has 4 nvidia.com/gpu and the labels that the task requires; " + they},
		"another vendor's":                {"{accelerators: 'AMD:40GB+'}", []corev1.Node{l4}, "no node of the cluster has 1 amd.com/gpu and the labels that the task requires; they have L4:1"},
		"more of any model":               {"{accelerators: '16'}", []corev1.Node{a100}, "no node of the cluster has 16 nvidia.com/gpu; they have A100-80GB:8"},
		"none at all":                     {"{accelerators: '1'}", []corev1.Node{cpu}, "no node of the cluster has 1 nvidia.com/gpu; none of them has an accelerator"},
		"no device asked for":             {"{cpus: 64}", fleet, ""},
		"without the right to list nodes": {"{accelerators: 'H100:8'}", nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			in := manifest.Input{Task: parse(t, "run: x\nresources: "+tc.resources+"\n").Tasks[0], ID: "x"}
			for _, m := range tc.machines {
				in.NodeLabels = append(in.NodeLabels, m.Labels)
			}
			objects, err := manifest.Build(in)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, lacksDevices(tc.machines, &objects.Job.Spec.Template.Spec)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
