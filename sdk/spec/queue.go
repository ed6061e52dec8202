package spec

import (
	"k8s.io/apimachinery/pkg/util/validation"

	"go.yaml.in/yaml/v3"
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
func (r *parser) queueLabels(doc *node, t *Task, field *node) {
	queue := r.agreed(queueLabel, append([]*node{field}, labelNodes(doc, queueLabel)...))
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
func labelNodes(doc *node, key string) (out []*node) {
	resources := doc.get("resources")
	all := []*node{resources}
	for _, of := range []string{"any_of", "ordered"} {
		if list := resources.get(of); list != nil {
			all = append(all, list.items...)
		}
	}
	for _, n := range append(all, doc.get("config").get("kubernetes").get("pod_config").get("metadata")) {
		if label := n.get("labels").get(key); label != nil {
			out = append(out, label)
		}
	}
	return out
}

// agreed returns the name that all these places give; the first one's if they
// differ, which is a problem of the others.
func (r *parser) agreed(label string, places []*node) string {
	var first *node
	for _, n := range places {
		switch {
		case n == nil || n.kind != yaml.ScalarNode || n.isNull() || n.text == "":
		case len(validation.IsDNS1123Subdomain(n.text)) > 0:
			r.fail(n, "%s is not a name that Kueue's objects can have: lower case letters, digits, \"-\" and \".\"", n.quote())
		case first == nil:
			first = n
		case n.text != first.text && label == queueLabel:
			r.fail(n, "names queue %s, but line %d names %s: a task joins one queue", n.quote(), first.line, first.quote())
		case n.text != first.text:
			r.fail(n, "names priority class %s, but line %d names %s", n.quote(), first.line, first.quote())
		}
	}
	if first == nil {
		return ""
	}
	return first.text
}
