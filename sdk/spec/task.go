package spec

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/kubevast/vast/sdk/internal/yamlfile"
)

const (
	namePattern = `^[a-zA-Z0-9]+(?:[._-]{1,2}[a-zA-Z0-9]+)*$`
	maxName     = 100
	// maxNodes is the most pods that one Indexed Job may run at a time.
	maxNodes = 10_000
)

var (
	taskName  = regexp.MustCompile(namePattern)
	groupName = regexp.MustCompile(`^[a-zA-Z0-9_-]+$`)
)

// checkName returns what is wrong with a task's name, or "".
func checkName(name string) string {
	switch {
	case len(name) > maxName && taskName.MatchString(name):
		return fmt.Sprintf("is too long a name: it has %d characters, and %d are allowed", len(name), maxName)
	case !taskName.MatchString(name):
		return `is not a name: letters and digits are allowed, and one or two of ".", "_", "-" between them`
	}
	return ""
}

// refused are the documents that look like tasks but are not, with the reason.
var refused = []struct{ key, msg string }{
	{"service", "services are not supported: a task runs to completion; use a Deployment and a Service for a server"},
	{"pool", "pools of idle workers are not supported: nodes are started for each task and released at its end; submit each piece of work as a task"},
}

// task reads a task document.
func (r *parser) task(doc *yamlfile.Node, in Inputs) *Task {
	for _, ref := range refused {
		if f := doc.Get(ref.key); f != nil {
			r.FailKey(f, "%s", ref.msg)
			return nil // what else is in it does not matter
		}
	}
	r.perContext(doc.Get("resources"), in.Context)
	var f taskFile
	r.Decode(doc, &f)
	if len(r.Problems) == 0 && doc.Fields == nil {
		r.Fail(doc, "the task is empty")
	}
	t := &Task{
		Source:   Source{File: r.File, Line: firstLine(doc)},
		Name:     f.Name.Value,
		NumNodes: max(f.NumNodes.Value, 1),
		Setup:    f.Setup.Value,
		Run:      f.Run.Value,

		BarrierTimeout: time.Duration(f.Barrier.Value) * time.Second,
	}
	if f.Name.IsSet() {
		if msg := checkName(t.Name); msg != "" {
			r.Fail(f.Name.Node, "%s %s", f.Name.Node.Quote(), msg)
		}
	}
	if in.Name != "" {
		t.Name = in.Name
	}
	if in.NumNodes != 0 {
		t.NumNodes = in.NumNodes
	}
	if f := firstOf(doc, "run", "setup"); strings.TrimSpace(t.Run+t.Setup) == "" {
		switch {
		case f == nil:
			r.idle = append(r.idle, doc)
		case allEmpty(doc, "run", "setup"):
			r.Fail(f, "there is nothing to run: the script is empty")
		}
	}

	env := r.environment(f.Envs, f.Secrets, in)
	t.Envs, t.Secrets = env.envs, env.secrets
	env.substitute(r.Reader, f.Volumes.Node)
	env.substitute(r.Reader, f.Workdir.Node)
	env.substitute(r.Reader, f.FileMounts.Node)

	t.Resources = r.candidates(f.Resources, in)
	t.Volumes = r.mounts(f.Volumes, t.NumNodes)
	t.Workdir = r.workdir(f.Workdir)
	mounts := f.FileMounts.Read(r.Reader)
	mounts.checkTargets(r.Reader, t.Workdir != nil)
	t.FileMounts = mounts.v
	t.Outputs = r.outputs(f.Outputs, t)
	t.Queue = f.Config.Kubernetes.Kueue.LocalQueueName
	if t.PodConfig = f.Config.Kubernetes.PodConfig; t.PodConfig != nil {
		at := doc
		for _, key := range []string{"config", "kubernetes", "pod_config"} {
			if next := at.Get(key); next != nil {
				at = next
			}
		}
		t.PodConfig, _ = at.PlainFor(reflect.TypeFor[corev1.PodTemplateSpec]()).(map[string]any)
		t.PodConfigAt = Position{Line: at.Line, Column: at.Column}
		t.PodConfigPlaces, t.PodConfigKeys = map[string]Position{}, map[string]Position{}
		places(at, "", t.PodConfigKeys, t.PodConfigPlaces)
	}
	r.queueLabels(doc, t, doc.Get("config").Get("kubernetes").Get("kueue").Get("local_queue_name"))
	t.Ignored = r.TakeIgnored()
	return t
}

func (r *parser) workdir(d yamlfile.Deferred[yamlfile.Either[string, workdirFile]]) *Workdir {
	var at Position
	if d.Node != nil {
		at = Position{Line: d.Node.Line, Column: d.Node.Column}
	}
	switch w := d.Read(r.Reader); {
	case w.First != nil && *w.First == "":
		r.Fail(d.Node, "is empty; write a folder, for example \".\"")
		return nil
	case w.First != nil:
		return &Workdir{Local: *w.First, At: at}
	case w.Second != nil:
		return &Workdir{URL: w.Second.URL, Ref: w.Second.Ref, At: at}
	}
	return nil
}

func firstLine(doc *yamlfile.Node) int {
	if len(doc.Fields) > 0 {
		return doc.Fields[0].Key.Line
	}
	return doc.Line
}

func firstOf(doc *yamlfile.Node, keys ...string) *yamlfile.Node {
	for _, k := range keys {
		if f := doc.Get(k); f != nil {
			return f
		}
	}
	return nil
}

// allEmpty says that each of the fields is absent or blank, and none of a
// wrong type, which is reported already.
func allEmpty(doc *yamlfile.Node, keys ...string) bool {
	for _, k := range keys {
		if f := doc.Get(k); f != nil && !f.IsNull() && (!f.IsText() || strings.TrimSpace(f.Text) != "") {
			return false
		}
	}
	return true
}

// places records the position of everything below a node, by its path: the
// keys, and the values. A value that begins on a line of its own is looked up
// by its key.
func places(n *yamlfile.Node, path string, keys, values map[string]Position) {
	for _, f := range n.Fields {
		below := yamlfile.Below(path, f.Key.Text)
		keys[below] = Position{Line: f.Key.Line, Column: f.Key.Column}
		if values[below] = keys[below]; f.Line == f.Key.Line {
			values[below] = Position{Line: f.Line, Column: f.Column}
		}
		places(f, below, keys, values)
	}
	for i, item := range n.Items {
		below := fmt.Sprintf("%s[%d]", path, i)
		values[below] = Position{Line: item.Line, Column: item.Column}
		places(item, below, keys, values)
	}
}

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
