package manifest

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/kubevast/vast/internal/kube"
)

// amounts is a list such as "cpu=1 memory=2Mi".
func amounts(text string) corev1.ResourceList {
	out := corev1.ResourceList{}
	for _, f := range strings.Fields(text) {
		name, q, _ := strings.Cut(f, "=")
		out[corev1.ResourceName(name)] = resource.MustParse(q)
	}
	return out
}

func written(list corev1.ResourceList) string {
	var out []string
	for _, name := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory} {
		if q, ok := list[name]; ok {
			out = append(out, string(name)+"="+q.String())
		}
	}
	return strings.Join(out, " ")
}

func TestOurContainersMeetTheNamespacesLimitRanges(t *testing.T) {
	item := func(kind corev1.LimitType, min, max, defaults, ratio string) corev1.LimitRangeItem {
		return corev1.LimitRangeItem{Type: kind, Min: amounts(min), Max: amounts(max), Default: amounts(defaults), MaxLimitRequestRatio: amounts(ratio)}
	}
	const none = "cpu=0 memory=0"
	for name, tc := range map[string]struct {
		items            []corev1.LimitRangeItem
		requests, limits string
		warns            string
	}{
		"there are none":           {requests: none, limits: none},
		"they only give defaults":  {items: []corev1.LimitRangeItem{item(corev1.LimitTypeContainer, "", "", "cpu=500m memory=1Gi", "")}, requests: none, limits: none},
		"they bound from above":    {items: []corev1.LimitRangeItem{item(corev1.LimitTypeContainer, "", "cpu=2 memory=1Gi", "cpu=2 memory=1Gi", "")}, requests: none, limits: none},
		"they bound the whole pod": {items: []corev1.LimitRangeItem{item(corev1.LimitTypePod, "cpu=100m", "", "", "")}, requests: none, limits: none},
		"a least amount, and a default": {items: []corev1.LimitRangeItem{item(corev1.LimitTypeContainer, "cpu=50m", "", "cpu=1", "")},
			requests: "cpu=50m memory=0", limits: "memory=0", warns: "each pod needs 50m cpu more"},
		"least amounts without a default": {items: []corev1.LimitRangeItem{item(corev1.LimitTypeContainer, "cpu=50m memory=100Mi", "cpu=500m", "", "")},
			requests: "cpu=50m memory=100Mi", limits: "cpu=500m memory=512Mi", warns: "50m cpu and 100Mi memory more"},
		"the greatest of several": {items: []corev1.LimitRangeItem{item(corev1.LimitTypeContainer, "memory=10Mi", "", "", ""), item(corev1.LimitTypeContainer, "memory=1Gi", "", "", "")},
			requests: "cpu=0 memory=1Gi", limits: "cpu=0 memory=1Gi", warns: "1Gi memory"},
		"a ratio of limit to request": {items: []corev1.LimitRangeItem{item(corev1.LimitTypeContainer, "", "", "cpu=1", "cpu=4")},
			requests: "cpu=10m memory=0", limits: "cpu=40m memory=0", warns: "10m cpu"},
	} {
		t.Run(name, func(t *testing.T) {
			in := input(t, "task.yaml", "run: x\nresources: {cpus: 1, memory: 2Gi}")
			in.AgentImage, in.OutputDir, in.Results = agent, TaskOutputDir, kept()
			objects, err := Build(in)
			if err != nil {
				t.Fatal(err)
			}
			user := objects.Job.Spec.Template.Spec.Containers[0].DeepCopy()
			got := MeetLimitRanges(objects.Job, []corev1.LimitRange{{Spec: corev1.LimitRangeSpec{Limits: tc.items}}})
			if (tc.warns == "") != (got == "") || !strings.Contains(got, tc.warns) {
				t.Errorf("it warns of %q, want %q", got, tc.warns)
			}
			r := ours(t, objects, kube.ContainerKeep).Resources
			if diff := cmp.Diff([]string{tc.requests, tc.limits}, []string{written(r.Requests), written(r.Limits)}); diff != "" {
				t.Errorf("requests and limits (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(user, &objects.Job.Spec.Template.Spec.Containers[0]); diff != "" {
				t.Errorf("the user's container was changed:\n%s", diff)
			}
		})
	}
}
