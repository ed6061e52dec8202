package spec

import (
	"go.yaml.in/yaml/v3"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/kubevast/vast/sdk/internal/yamlfile"
)

// Kueue's labels. On a Job they choose its queue and its priority there; on its
// pods alone they do nothing, or have Kueue hold the pods for a queue of their own.
const (
	queueLabel    = "kueue.x-k8s.io/queue-name"
	priorityLabel = "kueue.x-k8s.io/priority-class"
)

// queueLabels makes the task's own of what its labels, or those of its pods, say of
// the queue, and takes it out of them: whoever has written for Kueue, or for
// SkyPilot, names the queue there. The field that SkyPilot has for it must agree.
func (r *parser) queueLabels(doc *yamlfile.Node, t *Task, field *yamlfile.Node) {
	queue := r.agreed(queueLabel, append([]*yamlfile.Node{field}, labelNodes(doc, queueLabel)...))
	if queue != "" {
		t.Queue = queue
	}
	t.QueuePriority = r.agreed(priorityLabel, labelNodes(doc, priorityLabel))
	for _, res := range t.Resources {
		delete(res.Labels, queueLabel)
		delete(res.Labels, priorityLabel)
	}
	if metadata, _ := t.PodConfig["metadata"].(map[string]any); metadata != nil {
		if labels, _ := metadata["labels"].(map[string]any); labels != nil {
			delete(labels, queueLabel)
			delete(labels, priorityLabel)
		}
	}
}

// labelNodes are the places where a task gives its objects a label.
func labelNodes(doc *yamlfile.Node, key string) (out []*yamlfile.Node) {
	resources := doc.Get("resources")
	all := []*yamlfile.Node{resources}
	for _, of := range []string{"any_of", "ordered"} {
		if list := resources.Get(of); list != nil {
			all = append(all, list.Items...)
		}
	}
	for _, n := range append(all, doc.Get("config").Get("kubernetes").Get("pod_config").Get("metadata")) {
		if label := n.Get("labels").Get(key); label != nil {
			out = append(out, label)
		}
	}
	return out
}

// agreed returns the name that all these places give; the first one's if they
// differ, which is a problem of the others.
func (r *parser) agreed(label string, places []*yamlfile.Node) string {
	var first *yamlfile.Node
	for _, n := range places {
		switch {
		case n == nil || n.Kind != yaml.ScalarNode || n.IsNull() || n.Text == "":
		case len(validation.IsDNS1123Subdomain(n.Text)) > 0:
			r.Fail(n, "%s is not a name that Kueue's objects can have: lower case letters, digits, \"-\" and \".\"", n.Quote())
		case first == nil:
			first = n
		case n.Text != first.Text && label == queueLabel:
			r.Fail(n, "names queue %s, but line %d names %s: a task joins one queue", n.Quote(), first.Line, first.Quote())
		case n.Text != first.Text:
			r.Fail(n, "names priority class %s, but line %d names %s", n.Quote(), first.Line, first.Quote())
		}
	}
	if first == nil {
		return ""
	}
	return first.Text
}
