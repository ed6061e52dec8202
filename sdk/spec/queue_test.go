package spec

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Whoever has written for Kueue names the queue by its label.
func TestTheQueueOfALabelIsTheTasks(t *testing.T) {
	const (
		label = "kueue.x-k8s.io/queue-name"
		class = "kueue.x-k8s.io/priority-class"
		pod   = "config: {kubernetes: {pod_config: {metadata: {labels: {"
	)
	for name, tc := range map[string]struct {
		file            string
		queue, priority string
		problems        []string
		// left are the labels that remain on the task and its pods.
		left string
	}{
		"none":                       {file: "resources: {labels: {team: a}}", left: "team"},
		"in resources.labels":        {file: "resources: {labels: {team: a, " + label + ": team-q}}", queue: "team-q", left: "team"},
		"in pod_config":              {file: pod + "team: a, " + label + ": team-q}}}}}", queue: "team-q", left: "team"},
		"in one of several":          {file: "resources: {any_of: [{accelerators: H100, labels: {" + label + ": team-q}}, {accelerators: A100}]}", queue: "team-q"},
		"the same in all places":     {file: "resources: {labels: {" + label + ": q}}\n" + strings.Replace(pod, "pod_config", "kueue: {local_queue_name: q}, pod_config", 1) + label + ": q}}}}}", queue: "q"},
		"by SkyPilot's field":        {file: "config: {kubernetes: {kueue: {local_queue_name: q}}}", queue: "q"},
		"a priority":                 {file: "resources: {labels: {" + class + ": high}}", priority: "high"},
		"a priority in pod_config":   {file: pod + class + ": high, " + label + ": q}}}}}", queue: "q", priority: "high"},
		"an empty label is no queue": {file: "resources: {labels: {" + label + ": ''}}"},
		"two queues": {file: "resources:\n  labels:\n    " + label + ": a\n" + pod + label + ": b}}}}}", problems: []string{
			`t.yaml:5:83: config.kubernetes.pod_config.metadata.labels[` + label + `]: names queue "b", but line 4 names "a": a task joins one queue`}},
		"two candidates, two queues": {file: "resources: {any_of: [{accelerators: H100, labels: {" + label + ": a}}, {accelerators: A100, labels: {" + label + ": b}}]}", problems: []string{
			`t.yaml:2:141: resources.any_of[1].labels[` + label + `]: names queue "b", but line 2 names "a": a task joins one queue`}},
		"another than SkyPilot's field": {file: "config: {kubernetes: {kueue: {local_queue_name: a}}}\nresources: {labels: {" + label + ": b}}", problems: []string{
			`t.yaml:3:49: resources.labels[` + label + `]: names queue "b", but line 2 names "a": a task joins one queue`}},
		"a name that is none": {file: "resources: {labels: {" + label + ": Team_Q}}", problems: []string{
			`t.yaml:2:49: resources.labels[` + label + `]: "Team_Q" is not a name that Kueue's objects can have: lower case letters, digits, "-" and "."`}},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := Parse("t.yaml", []byte("run: x\n"+tc.file+"\n"), Inputs{})
			var problems []string
			if err != nil {
				problems = strings.Split(err.Error(), "\n")
			}
			if diff := cmp.Diff(tc.problems, problems); diff != "" {
				t.Fatalf("problems (-want +got):\n%s", diff)
			}
			if err != nil {
				return
			}
			task := f.Tasks[0]
			var left []string
			for key := range task.Resources[0].Labels {
				left = append(left, key)
			}
			if metadata, _ := task.PodConfig["metadata"].(map[string]any); metadata != nil {
				for key := range metadata["labels"].(map[string]any) {
					left = append(left, key)
				}
			}
			got := []string{task.Queue, task.QueuePriority, strings.Join(left, " ")}
			if diff := cmp.Diff([]string{tc.queue, tc.priority, tc.left}, got); diff != "" {
				t.Errorf("queue, priority and other labels (-want +got):\n%s", diff)
			}
		})
	}
}
