package manifest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"
)

// labelled are nodes with the labels that others set on them.
var labelled = []*corev1.Node{
	labeledNode("4090", map[string]string{labelGFD: "NVIDIA-GeForce-RTX-4090"}),
	labeledNode("4090-shared", map[string]string{labelGFD: "NVIDIA-GeForce-RTX-4090-SHARED"}),
	labeledNode("4090-sky", map[string]string{labelSkyPilot: "rtx4090"}),
	labeledNode("4090-d", map[string]string{labelGFD: "NVIDIA-GeForce-RTX-4090-D"}),
	labeledNode("4090-laptop", map[string]string{labelGFD: "NVIDIA-GeForce-RTX-4090-Laptop-GPU"}),
	labeledNode("3080", map[string]string{labelGFD: "NVIDIA-GeForce-RTX-3080"}),
	labeledNode("3080ti", map[string]string{labelGFD: "NVIDIA-GeForce-RTX-3080-Ti"}),
	labeledNode("3080ti-sky", map[string]string{labelSkyPilot: "rtx3080-ti"}),
	labeledNode("4070tis", map[string]string{labelGFD: "NVIDIA-GeForce-RTX-4070-Ti-SUPER"}),
	labeledNode("1080ti-old", map[string]string{labelGFD: "GeForce-GTX-1080-Ti"}),
	labeledNode("a4500", map[string]string{labelGFD: "NVIDIA-RTX-A4500"}),
	labeledNode("a6000", map[string]string{labelGFD: "NVIDIA-RTX-A6000"}),
	labeledNode("titan", map[string]string{labelGFD: "NVIDIA-TITAN-RTX"}),
	labeledNode("h20", map[string]string{labelGFD: "NVIDIA-H20"}),
	labeledNode("a100", map[string]string{labelGFD: "NVIDIA-A100-SXM4-80GB"}),
	labeledNode("a100-pcie", map[string]string{labelGFD: "NVIDIA-A100-80GB-PCIe"}),
	labeledNode("a100-shared", map[string]string{labelGFD: "NVIDIA-A100-SXM4-80GB-SHARED"}),
	labeledNode("a100-mig", map[string]string{labelGFD: "NVIDIA-A100-SXM4-80GB-MIG-1g.10gb"}),
	labeledNode("a100-gke", map[string]string{labelGKE: "nvidia-a100-80gb"}),
	labeledNode("a100-sky", map[string]string{labelSkyPilot: "a100-80gb"}),
	labeledNode("l4-gke", map[string]string{labelGKE: "nvidia-l4"}),
	labeledNode("l40", map[string]string{labelGFD: "NVIDIA-L40"}),
	labeledNode("mi300x", map[string]string{labelSkyPilot: "mi300x"}),
	labeledNode("tpu", map[string]string{labelGKETPU: "tpu-v5-lite-podslice"}),
	labeledNode("new", map[string]string{labelGFD: "NVIDIA-X1-128GB"}),
	labeledNode("cpu", nil),
}

func TestTheNodesOfAModel(t *testing.T) {
	all := make([]map[string]string, len(labelled))
	for i, m := range labelled {
		all[i] = m.Labels
	}
	const a100s = "a100 a100-pcie a100-shared a100-gke a100-sky"
	for names, want := range map[string]struct{ blind, seeing string }{
		"RTX4090, rtx4090, RTX-4090, RTX 4090, NVIDIA-GeForce-RTX-4090, nvidia-geforce-rtx-4090, GeForce RTX 4090": {"4090 4090-shared 4090-sky", ""},
		"RTX4090-D, rtx4090d":                {"4090-d", ""},
		"NVIDIA-GeForce-RTX-4090-Laptop-GPU": {"4090-laptop", ""},
		"RTX3080, rtx3080":                   {"3080", ""},
		"RTX3080Ti, RTX3080-Ti, rtx3080ti, NVIDIA-GeForce-RTX-3080-Ti": {"3080ti 3080ti-sky", ""},
		"RTX4070-Ti-SUPER, rtx4070tisuper, RTX4070TiSuper":             {"4070tis", ""},
		"GTX1080Ti, GTX-1080-Ti":                                       {"1080ti-old", ""},
		"RTXA4500, A4500, RTX-A4500, NVIDIA-RTX-A4500":                 {"a4500", ""},
		"A6000, RTXA6000, rtx-a6000, NVIDIA RTX A6000":                 {"a6000", ""},
		"TITAN-RTX, titan rtx":                                         {"titan", ""},
		"H20, h20":                                                     {"h20", ""},
		"A100-80GB, a100-80gb, a100_80gb":                              {a100s, "a100 a100-pcie a100-shared a100-mig a100-gke a100-sky"},
		"NVIDIA-A100-SXM4-80GB, nvidia-a100-sxm4-80gb":                 {"a100 a100-shared a100-gke a100-sky", ""},
		"NVIDIA-A100-SXM4-80GB-MIG-1g.10gb":                            {"a100-mig", ""},
		"L4, l4, NVIDIA-L4, nvidia-l4":                                 {"l4-gke", ""},
		"L40, NVIDIA-L40":                                              {"l40", ""},
		"MI300X, mi300x":                                               {"mi300x", ""},
		"tpu-v5-lite-podslice":                                         {"tpu", ""},
		"X1-128GB, x1-128gb":                                           {"", "new"},
		"NVIDIA-X1-128GB":                                              {"new", ""},
		"nvidia-x1-128gb":                                              {"", "new"},
		"K80":                                                          {"", ""},
	} {
		if want.seeing == "" {
			want.seeing = want.blind
		}
		for name := range strings.SplitSeq(names, ", ") {
			for _, who := range []struct {
				may   string
				nodes []map[string]string
				want  string
			}{{"may not list nodes", nil, want.blind}, {"may list nodes", all, want.seeing}} {
				t.Run(fmt.Sprintf("%s for who %s", name, who.may), func(t *testing.T) {
					in := input(t, "t.yaml", fmt.Sprintf("run: x\nresources: {accelerators: %q}\n", name+":1"))
					in.NodeLabels = who.nodes
					objects, err := Build(in)
					if err != nil {
						t.Fatal(err)
					}
					required := nodeaffinity.GetRequiredNodeAffinity(&corev1.Pod{Spec: objects.Job.Spec.Template.Spec})
					var got []string
					for _, m := range labelled {
						ok, err := required.Match(m)
						if err != nil {
							t.Fatal(err)
						}
						if ok {
							got = append(got, m.Name)
						}
					}
					if diff := cmp.Diff(who.want, strings.Join(got, " ")); diff != "" {
						t.Errorf("nodes (-want +got):\n%s", diff)
					}
				})
			}
		}
	}
}
