package spec

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
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

// checkName says what is wrong with a task's name, or "".
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
	{"service", "serving is not what kubectl vast does: it runs tasks that end; use a Deployment and a Service for what keeps running"},
	{"pool", "pools of idle workers are not what kubectl vast does: it starts the nodes that a task needs and gives them back; submit each piece of work as a task"},
}

// task reads a task document.
func (r *parser) task(doc *node, in Inputs) *Task {
	for _, ref := range refused {
		if f := doc.get(ref.key); f != nil {
			r.failKey(f, "%s", ref.msg)
			return nil // what else is in it does not matter
		}
	}
	r.perContext(doc.get("resources"), in.Context)
	var f taskFile
	r.decode(doc, &f)
	if len(r.problems) == 0 && doc.fields == nil {
		r.fail(doc, "the task is empty")
	}
	t := &Task{
		Source:   Source{File: r.file, Line: firstLine(doc)},
		Name:     f.Name.v,
		NumNodes: max(f.NumNodes.v, 1),
		Setup:    f.Setup.v,
		Run:      f.Run.v,

		BarrierTimeout: time.Duration(f.Barrier.v) * time.Second,
	}
	if f.Name.set() {
		if msg := checkName(t.Name); msg != "" {
			r.fail(f.Name.n, "%s %s", f.Name.n.quote(), msg)
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
			r.fail(f, "there is nothing to run: the script is empty")
		}
	}

	env := r.environment(f.Envs, f.Secrets, in)
	t.Envs, t.Secrets = env.envs, env.secrets
	env.substitute(r.reader, f.Volumes.n)
	env.substitute(r.reader, f.Workdir.n)
	env.substitute(r.reader, f.FileMounts.n)

	t.Resources = r.candidates(f.Resources, in)
	t.Volumes = r.mounts(f.Volumes, t.NumNodes)
	t.Workdir = r.workdir(f.Workdir)
	mounts := f.FileMounts.read(r.reader)
	mounts.checkTargets(r.reader, t.Workdir != nil)
	t.FileMounts = mounts.v
	t.Outputs = r.outputs(f.Outputs, t)
	t.Queue = f.Config.Kubernetes.Kueue.LocalQueueName
	if t.PodConfig = f.Config.Kubernetes.PodConfig; t.PodConfig != nil {
		at := doc
		for _, key := range []string{"config", "kubernetes", "pod_config"} {
			if next := at.get(key); next != nil {
				at = next
			}
		}
		t.PodConfig, _ = at.plainFor(reflect.TypeFor[corev1.PodTemplateSpec]()).(map[string]any)
		t.PodConfigAt = Position{Line: at.line, Column: at.col}
		t.PodConfigPlaces, t.PodConfigKeys = map[string]Position{}, map[string]Position{}
		places(at, "", t.PodConfigKeys, t.PodConfigPlaces)
	}
	r.queueLabels(doc, t, doc.get("config").get("kubernetes").get("kueue").get("local_queue_name"))
	t.Ignored = r.takeIgnored()
	return t
}

func (r *parser) workdir(d deferred[either[string, workdirFile]]) *Workdir {
	var at Position
	if d.n != nil {
		at = Position{Line: d.n.line, Column: d.n.col}
	}
	switch w := d.read(r.reader); {
	case w.a != nil && *w.a == "":
		r.fail(d.n, "is empty; write a folder, for example \".\"")
		return nil
	case w.a != nil:
		return &Workdir{Local: *w.a, At: at}
	case w.b != nil:
		return &Workdir{URL: w.b.URL, Ref: w.b.Ref, At: at}
	}
	return nil
}

func firstLine(doc *node) int {
	if len(doc.fields) > 0 {
		return doc.fields[0].key.line
	}
	return doc.line
}

func firstOf(doc *node, keys ...string) *node {
	for _, k := range keys {
		if f := doc.get(k); f != nil {
			return f
		}
	}
	return nil
}

// allEmpty says that each of the fields is absent or blank, and none of a
// wrong type, which is reported already.
func allEmpty(doc *node, keys ...string) bool {
	for _, k := range keys {
		if f := doc.get(k); f != nil && !f.isNull() && (!f.isText() || strings.TrimSpace(f.text) != "") {
			return false
		}
	}
	return true
}

// places notes where everything below a node stands, by its path: the keys, and
// the values. A value that begins on a line of its own is looked for at its key.
func places(n *node, path string, keys, values map[string]Position) {
	for _, f := range n.fields {
		below := Below(path, f.key.text)
		keys[below] = Position{Line: f.key.line, Column: f.key.col}
		if values[below] = keys[below]; f.line == f.key.line {
			values[below] = Position{Line: f.line, Column: f.col}
		}
		places(f, below, keys, values)
	}
	for i, item := range n.items {
		below := fmt.Sprintf("%s[%d]", path, i)
		values[below] = Position{Line: item.line, Column: item.col}
		places(item, below, keys, values)
	}
}
