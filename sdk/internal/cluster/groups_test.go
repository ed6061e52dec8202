package cluster

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	kueue "sigs.k8s.io/kueue/apis/kueue/v1beta2"

	"github.com/kubevast/vast/internal/kube"
)

// quotasOf returns a group's resources with what each flavor gives, in their order.
func quotasOf(groups []kueue.ResourceGroup) []string {
	out := []string{}
	for _, g := range groups {
		for _, f := range g.Flavors {
			line := string(f.Name) + ":"
			for i, r := range f.Resources {
				if r.Name != g.CoveredResources[i] {
					line += " (out of order)"
				}
				line += " " + string(r.Name) + "=" + r.NominalQuota.String()
			}
			out = append(out, line)
		}
	}
	return out
}

func TestWithQuota(t *testing.T) {
	ours := groups(list("cpu", "4", "memory", "8Gi"))
	two := groups(list("cpu", "4"))
	two[0].Flavors = append(two[0].Flavors, kueue.FlavorQuotas{Name: "spot",
		Resources: []kueue.ResourceQuota{{Name: "cpu", NominalQuota: list("cpu", "9")["cpu"]}}})
	foreign := []kueue.ResourceGroup{{CoveredResources: []corev1.ResourceName{"cpu"}, Flavors: []kueue.FlavorQuotas{{Name: "spot",
		Resources: []kueue.ResourceQuota{{Name: "cpu", NominalQuota: list("cpu", "9")["cpu"]}}}}}}
	for name, tc := range map[string]struct {
		have  []kueue.ResourceGroup
		quota corev1.ResourceList
		want  []string
	}{
		"nothing asked for leaves all as it is": {ours, nil, []string{kube.FlavorName + ": cpu=4 memory=8Gi"}},
		"one resource changes":                  {ours, list("cpu", "64"), []string{kube.FlavorName + ": cpu=64 memory=8Gi"}},
		"a new resource is added behind": {ours, list("nvidia.com/gpu", "2", "ephemeral-storage", "1Gi"),
			[]string{kube.FlavorName + ": cpu=4 memory=8Gi ephemeral-storage=1Gi nvidia.com/gpu=2"}},
		"a foreign flavor in our group stays and gets none of what is new": {two, list("cpu", "5", "memory", "1Gi"),
			[]string{kube.FlavorName + ": cpu=5 memory=1Gi", "spot: cpu=9 memory=0"}},
		"a queue that lost our flavor keeps its own quota": {foreign, list("cpu", "5", "memory", "1Gi"),
			[]string{"spot: cpu=9", kube.FlavorName + ": memory=1Gi"}},
		"a queue without quota gets one in a fixed order": {nil, list("x.com/b", "1", "memory", "1Gi", "cpu", "5", "x.com/a", "2"),
			[]string{kube.FlavorName + ": cpu=5 memory=1Gi x.com/a=2 x.com/b=1"}},
	} {
		t.Run(name, func(t *testing.T) {
			before := quotasOf(tc.have)
			if diff := cmp.Diff(tc.want, quotasOf(withQuota(tc.have, tc.quota))); diff != "" {
				t.Errorf("groups (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(before, quotasOf(tc.have)); diff != "" {
				t.Errorf("what there was has changed:\n%s", diff)
			}
		})
	}
}

func TestResized(t *testing.T) {
	r := resized(list("cpu", "4", "memory", "1Gi"), list("cpu", "4000m", "memory", "2Gi", "nvidia.com/gpu", "1"))
	var got [][3]string
	for _, l := range r.Resources {
		got = append(got, [3]string{l.Resource, l.Before, l.After})
	}
	want := [][3]string{{"cpu", "4", "4"}, {"memory", "1Gi", "2Gi"}, {"nvidia.com/gpu", "", "1"}}
	if diff := cmp.Diff(want, got); diff != "" || !r.Changed {
		t.Errorf("changed %v (-want +got):\n%s", r.Changed, diff)
	}
	if resized(list("cpu", "1"), list("cpu", "1000m")).Changed {
		t.Error("the same quota written otherwise is no change")
	}
}

func TestParseQuota(t *testing.T) {
	got, err := parseQuota(map[string]string{"cpu": "64", "memory": "256Gi", "nvidia.com/gpu": "8"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"cpu": "64", "memory": "256Gi", "nvidia.com/gpu": "8"}, words(got)); diff != "" {
		t.Error(diff)
	}
	_, err = parseQuota(map[string]string{"cpu": "lots", "memory": "-1Gi", "a b": "1"})
	says(t, err, `Quota: "a b" is no resource`, `Quota cpu: "lots" is not a quantity`, `Quota memory: "-1Gi" is not a quantity`)
}
