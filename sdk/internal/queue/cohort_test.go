package queue

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	kueue "sigs.k8s.io/kueue/apis/kueue/v1beta2"
	"sigs.k8s.io/yaml"
)

func TestAQueueHasWhatItsCohortCanLendIt(t *testing.T) {
	queue := func(name, cohort, cpu, limits string) string {
		return `{metadata: {name: ` + name + `}, spec: {cohortName: ` + cohort + `, resourceGroups: [{coveredResources: [cpu],
			flavors: [{name: f, resources: [{name: cpu, nominalQuota: ` + cpu + limits + `}]}]}]}}`
	}
	cohort := func(name, parent, cpu, limits string) string {
		groups := ""
		if cpu != "" {
			groups = `, resourceGroups: [{coveredResources: [cpu], flavors: [{name: f, resources: [{name: cpu, nominalQuota: ` + cpu + limits + `}]}]}]`
		}
		return `{metadata: {name: ` + name + `}, spec: {parentName: "` + parent + `"` + groups + `}}`
	}
	for name, tt := range map[string]struct {
		queues, cohorts []string
		want            string // of the first queue; "" is unknown
	}{
		"it is alone in its cohort":     {[]string{queue("q", "a", "4", "")}, nil, "4"},
		"another one lends all it has":  {[]string{queue("q", "a", "4", ""), queue("r", "a", "6", "")}, nil, "10"},
		"another one lends up to 2":     {[]string{queue("q", "a", "4", ""), queue("r", "a", "6", ", lendingLimit: 2")}, nil, "6"},
		"another one lends nothing":     {[]string{queue("q", "a", "4", ""), queue("r", "a", "6", ", lendingLimit: 0")}, nil, "4"},
		"it has a limit for borrowing":  {[]string{queue("q", "a", "4", ", borrowingLimit: 1"), queue("r", "a", "6", "")}, nil, "5"},
		"there is less than that limit": {[]string{queue("q", "a", "4", ", borrowingLimit: 5"), queue("r", "a", "6", ", lendingLimit: 2")}, nil, "6"},
		"its own limit for lending":     {[]string{queue("q", "a", "4", ", lendingLimit: 1"), queue("r", "a", "6", "")}, nil, "10"},
		"one of another cohort":         {[]string{queue("q", "a", "4", ""), queue("r", "b", "6", "")}, nil, "4"},
		"the cohort has quota":          {[]string{queue("q", "a", "4", "")}, []string{cohort("a", "", "3", "")}, "7"},
		"the parent has quota":          {[]string{queue("q", "a", "4", "")}, []string{cohort("a", "root", "", ""), cohort("root", "", "8", "")}, "12"},
		"the parent is no object":       {[]string{queue("q", "a", "4", "")}, []string{cohort("a", "root", "1", "")}, "5"},
		"the cohort may borrow up to 2": {[]string{queue("q", "a", "4", "")}, []string{cohort("a", "root", "1", ", borrowingLimit: 2"), cohort("root", "", "8", "")}, "7"},
		"a sister of the cohort lends":  {[]string{queue("q", "a", "4", ""), queue("r", "b", "6", "")}, []string{cohort("a", "root", "", ""), cohort("b", "root", "", "")}, "10"},
		"a sister lends up to 1":        {[]string{queue("q", "a", "4", ""), queue("r", "b", "6", "")}, []string{cohort("a", "root", "", ""), cohort("b", "root", "0", ", lendingLimit: 1")}, "5"},
		"what the cohort does not lend": {[]string{queue("q", "a", "4", "")}, []string{cohort("a", "root", "3", ", lendingLimit: 0"), cohort("root", "", "8", "")}, "15"},
		"the tree closes on itself":     {[]string{queue("q", "a", "4", "")}, []string{cohort("a", "b", "1", ""), cohort("b", "a", "1", "")}, ""},
		"the cohort is its own parent":  {[]string{queue("q", "a", "4", "")}, []string{cohort("a", "a", "1", "")}, ""},
		"another flavor does not count": {[]string{queue("q", "a", "4", ""), `{metadata: {name: r}, spec: {cohortName: a, resourceGroups: [{coveredResources: [cpu], flavors: [{name: g, resources: [{name: cpu, nominalQuota: 6}]}]}]}}`}, nil, "4"},
	} {
		t.Run(name, func(t *testing.T) {
			clusters := map[string]*kueue.ClusterQueue{}
			var first *kueue.ClusterQueue
			for _, text := range tt.queues {
				cq := clusterQueue(t, text)
				clusters[cq.Name] = cq
				if first == nil {
					first = cq
				}
			}
			var all []kueue.Cohort
			for _, text := range tt.cohorts {
				var one kueue.Cohort
				if err := yaml.UnmarshalStrict([]byte(text), &one); err != nil {
					t.Fatal(err)
				}
				all = append(all, one)
			}
			got := ""
			view := atMost(first, newCohorts(clusters, all))
			if most, known := view("f", quotaIn(first.Spec.ResourceGroups, "f", corev1.ResourceCPU)); known {
				got = most.String()
			}
			if got != tt.want {
				t.Errorf("it could have %q CPU, want %q", got, tt.want)
			}
		})
	}
}
