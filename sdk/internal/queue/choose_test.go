package queue

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kueue "sigs.k8s.io/kueue/apis/kueue/v1beta2"

	"github.com/kubevast/vast/sdk/api"
)

func TestNoQueueIsEverChosenSilently(t *testing.T) {
	queues := func(names ...string) []kueue.LocalQueue {
		var out []kueue.LocalQueue
		for _, n := range names {
			out = append(out, *localQueue(n, "big", kueue.None))
		}
		return out
	}
	stopped := []kueue.LocalQueue{*localQueue("vast", "big", kueue.Hold)}
	inactive := queues("vast")
	inactive[0].Status.Conditions = []metav1.Condition{{Type: kueue.LocalQueueActive, Status: metav1.ConditionFalse, Reason: "ClusterQueueIsInactive"}}
	for name, c := range map[string]struct {
		list []kueue.LocalQueue
		name string
		want Choice
		err  string
	}{
		"vast comes first":        {queues("a", "default", "vast"), "", Choice{Queue: "vast", ClusterQueue: "big"}, ""},
		"Kueue's default is next": {queues("a", "default"), "", Choice{Queue: "default", ClusterQueue: "big"}, ""},
		"a name is taken":         {queues("a", "vast"), "a", Choice{Queue: "a", ClusterQueue: "big"}, ""},
		"a held queue is reported": {stopped, "", Choice{Queue: "vast", ClusterQueue: "big", Held: true,
			Warning:  "queue vast is held: what joins it waits until it is resumed",
			Remedies: []api.Remedy{{Action: api.QueuesResume, Ref: "vast", Purpose: "resume it"}}}, ""},
		"a queue that does not work is reported": {inactive, "vast", Choice{Queue: "vast", ClusterQueue: "big",
			Warning:  "queue vast admits nothing, because ClusterQueue big is held or inactive: what joins it waits",
			Remedies: []api.Remedy{{Action: api.QueuesList}}}, ""},
		"none is none":               {queues("vast"), "none", Choice{}, ""},
		"no queue is a warning":      {nil, "", Choice{Unqueued: true, Warning: `namespace "ns" has no queue`, Remedies: []api.Remedy{{Action: api.ClusterSetup}}}, ""},
		"none, but Kueue's default":  {queues("default"), "none", Choice{Warning: `Kueue puts every Job of namespace "ns" that names no queue into LocalQueue "default", this one too`}, ""},
		"several others are listed":  {queues("b", "a"), "", Choice{}, `Queue: namespace "ns" has several queues and none of them is called "vast": choose one of a, b`},
		"one other is not chosen":    {queues("a"), "", Choice{}, `Queue: namespace "ns" has only queue a, and it is not called "vast"`},
		"a wrong name lists others":  {queues("b", "a"), "c", Choice{}, `queue "c" not found in namespace "ns": it has a, b`},
		"a name where there is none": {nil, "c", Choice{}, `queue "c" not found in namespace "ns": the namespace has none`},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := choose(c.list, "ns", c.name)
			text := ""
			if err != nil {
				text = err.Error()
			}
			if diff := cmp.Diff(c.err, text) + cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestAPriorityIsAClass(t *testing.T) {
	class := func(name string, value int32) kueue.WorkloadPriorityClass {
		return kueue.WorkloadPriorityClass{ObjectMeta: metav1.ObjectMeta{Name: name}, Value: value}
	}
	some := []kueue.WorkloadPriorityClass{class("high", 100), class("low", 10), class("night", -10)}
	for name, c := range map[string]struct {
		classes              []kueue.WorkloadPriorityClass
		want                 string
		class, warning, fail string
	}{
		"a name":                         {some, "low", "low", "", ""},
		"a value":                        {some, "100", "high", "", ""},
		"nothing":                        {some, "0", "", "", ""},
		"between two takes the lower":    {some, "50", "low", "no WorkloadPriorityClass has the value 50: the task gets low, which is 10", ""},
		"above all takes the highest":    {some, "500", "high", "no WorkloadPriorityClass has the value 500: the task gets high, which is 100", ""},
		"below all takes the lowest":     {some, "-50", "night", "no WorkloadPriorityClass has the value -50: the task gets night, which is -10", ""},
		"no class is nearer than a low":  {some, "5", "", "no WorkloadPriorityClass has the value 5: the task gets priority 0; there are high (100), low (10), night (-10)", ""},
		"only above takes the lowest":    {some[:2], "5", "low", "no WorkloadPriorityClass has the value 5: the task gets low, which is 10", ""},
		"a wrong name lists the classes": {some[:2], "hihg", "", "", `priority: no WorkloadPriorityClass is called "hihg"; there are high (100), low (10)`},
		"a value without classes":        {nil, "5", "", "priority 5 is ignored: the cluster has no WorkloadPriorityClass", ""},
		"a name without classes":         {nil, "high", "", "", `priority: no WorkloadPriorityClass is called "high": the cluster has none`},
	} {
		t.Run(name, func(t *testing.T) {
			class, warning, err := priority(c.classes, c.want)
			text := ""
			if err != nil {
				text = err.Error()
			}
			if diff := cmp.Diff([]string{c.class, c.warning, c.fail}, []string{class, warning, text}); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
