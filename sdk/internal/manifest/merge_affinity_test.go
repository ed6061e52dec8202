package manifest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"
	"sigs.k8s.io/yaml"
)

func fromYAML(t *testing.T, text string) map[string]any {
	t.Helper()
	out := map[string]any{}
	if err := yaml.Unmarshal([]byte(text), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// The scheduler's own code decides on which nodes a pod may run.
func TestWhereAPodWithAnAffinityOfItsOwnMayLand(t *testing.T) {
	machines := []*corev1.Node{
		labeledNode("h100-east", map[string]string{labelGFD: "NVIDIA-H100-80GB-HBM3", "zone": "east"}),
		labeledNode("h100-west", map[string]string{labelSkyPilot: "h100", "zone": "west"}),
		labeledNode("a100-east", map[string]string{labelGFD: "NVIDIA-A100-SXM4-80GB", "zone": "east"}),
		labeledNode("cpu-east", map[string]string{"zone": "east"}),
		labeledNode("cpu-west", map[string]string{"zone": "west", "disk": "ssd"}),
	}
	required := func(terms string) string {
		return "affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: " + terms + "}}}"
	}
	for name, tc := range map[string]struct{ accelerators, spec, want string }{
		"no affinity of its own": {"H100", "", "h100-east h100-west"},
		"in a zone":              {"H100", required("[{matchExpressions: [{key: zone, operator: In, values: [east]}]}]"), "h100-east"},
		"in one of two places":   {"H100", required("[{matchExpressions: [{key: zone, operator: In, values: [east]}]}, {matchExpressions: [{key: disk, operator: Exists}]}]"), "h100-east"},
		"on a node by name":      {"H100", required("[{matchFields: [{key: metadata.name, operator: In, values: [h100-west]}]}]"), "h100-west"},
		"both in one term":       {"H100", required("[{matchExpressions: [{key: zone, operator: Exists}], matchFields: [{key: metadata.name, operator: NotIn, values: [h100-west]}]}]"), "h100-east"},
		"an empty term is none":  {"H100", required("[{}, {matchExpressions: [{key: zone, operator: In, values: [west]}]}]"), "h100-west"},
		"only an empty term":     {"H100", required("[{}]"), ""},
		"a preference changes nothing": {"H100",
			"affinity: {nodeAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 1, preference: {matchExpressions: [{key: zone, operator: In, values: [west]}]}}]}}", "h100-east h100-west"},
		"a selector holds as well":     {"H100", "nodeSelector: {zone: west}", "h100-west"},
		"two models":                   {"{H100: 1, A100-80GB: 1}", required("[{matchExpressions: [{key: zone, operator: In, values: [east]}]}]"), "h100-east a100-east"},
		"any model":                    {"'1'", required("[{matchExpressions: [{key: zone, operator: In, values: [west]}]}]"), "h100-west cpu-west"},
		"ours taken out on purpose":    {"H100", "affinity: null", "h100-east h100-west a100-east cpu-east cpu-west"},
		"affinities of another sort":   {"H100", "affinity: {podAntiAffinity: {preferredDuringSchedulingIgnoredDuringExecution: []}}", "h100-east h100-west"},
		"an affinity without any term": {"H100", required("[]"), "h100-east h100-west"},
	} {
		t.Run(name, func(t *testing.T) {
			text := "run: x\nresources: {accelerators: " + tc.accelerators + "}\n"
			if tc.spec != "" {
				text += "config: {kubernetes: {pod_config: {spec: {" + tc.spec + "}}}}\n"
			}
			objects, err := Build(input(t, "t.yaml", text))
			if err != nil {
				t.Fatal(err)
			}
			required := nodeaffinity.GetRequiredNodeAffinity(&corev1.Pod{Spec: objects.Job.Spec.Template.Spec})
			var got []string
			for _, m := range machines {
				if ok, err := required.Match(m); err != nil {
					t.Fatal(err)
				} else if ok {
					got = append(got, m.Name)
				}
			}
			if diff := cmp.Diff(tc.want, strings.Join(got, " ")); diff != "" {
				t.Errorf("nodes (-want +got):\n%s", diff)
			}
		})
	}
}

func labeledNode(name string, labels map[string]string) *corev1.Node {
	return &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}}
}

func TestAnAffinityHasABound(t *testing.T) {
	var terms []string
	for i := range 200 {
		terms = append(terms, fmt.Sprintf("{matchExpressions: [{key: zone, operator: In, values: [z%d]}]}", i))
	}
	_, err := Build(input(t, "t.yaml", "run: x\nresources: {accelerators: H100}\nconfig: {kubernetes: {pod_config: {spec: {affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: ["+
		strings.Join(terms, ", ")+"]}}}}}}}\n"))
	if got := refusals(t, err); len(got) != 1 || !strings.HasSuffix(got[0], requiredTermsPath) || !strings.Contains(err.Error(), "at most 500") {
		t.Errorf("%v", err)
	}
}
