package spec

import (
	"strconv"
	"strings"
	"time"

	"github.com/kubevast/vast/internal/workflow"
	"github.com/kubevast/vast/sdk/internal/yamlfile"
)

// groupVariable is the variable from which the tasks of a job group make the host
// names of each other.
const groupVariable = "SKYPILOT_JOBGROUP_NAME"

// series reads a pipeline, whose tasks run one after the other, or a job group,
// whose tasks run at the same time: SkyPilot's files of several tasks.
func (r *workflowReader) series(docs []*yamlfile.Node) {
	if len(docs) == 1 && !docs[0].Has("execution") {
		r.Fail(docs[0], `this is no workflow: a workflow begins with "kind: Workflow"`)
		return
	}
	// SkyPilot executes a task's own callback, too.
	callbacks := map[int]string{}
	for _, doc := range docs {
		if f := doc.Get("event_callback"); f != nil && f.IsText() {
			callbacks[firstLine(doc)] = f.Text
		}
	}
	f, h := r.several(docs, r.in)
	r.w.Kind, r.w.Name, r.w.Ignored = f.Kind, f.Name, f.Ignored
	if f.Kind == KindJobGroup {
		r.w.JobGroup = label(f.Name, "group", maxNode)
	}
	taken := map[string]bool{}
	for i, t := range f.Tasks {
		name := unusedName(label(t.Name, "task-"+strconv.Itoa(i+1), maxNode), taken)
		out := &WorkflowTask{Graph: workflow.Task{Name: name}, Task: t, At: Position{Line: t.Source.Line, Column: 1},
			EventCallback: callbacks[t.Source.Line]}
		switch {
		case f.Kind == KindJobGroup:
			r.member(out, h, t.Name)
		case i > 0:
			out.Graph.Depends = []workflow.Dependency{{Task: r.w.Tasks[i-1].Graph.Name, Conditions: workflow.OnSuccess}}
		}
		if out.EventCallback != "" {
			t.Ignored = without(t.Ignored, "event_callback")
		}
		t.Name = name
		r.w.Tasks = append(r.w.Tasks, out)
	}
}

// member makes a task one of a job group: an auxiliary one if others are primary.
func (r *workflowReader) member(out *WorkflowTask, h headerFile, written string) {
	t := out.Task
	if !hasVariable(t.Envs, groupVariable) {
		t.Envs = append(t.Envs, EnvVar{Name: groupVariable, Value: r.w.JobGroup})
	}
	if len(h.PrimaryTasks.Value) == 0 {
		return
	}
	for _, p := range h.PrimaryTasks.Value {
		if p.Value == written {
			return
		}
	}
	out.Graph.Auxiliary = true
	switch d := h.TerminationDelay.Value; {
	case d.First != nil:
		out.Graph.TerminationDelay = delay(d.First.text)
	case d.Second != nil:
		one, own := (*d.Second)[written]
		if !own {
			one = (*d.Second)["default"]
		}
		out.Graph.TerminationDelay = delay(one.text)
	}
}

// delay is a termination delay: SkyPilot counts seconds where no unit is written.
func delay(text string) time.Duration {
	text = strings.ToLower(text)
	if text == "" {
		return 0
	}
	if strings.Trim(text, "0123456789") == "" {
		text += "s"
	}
	return parseSpan(text)
}

func hasVariable(vars []EnvVar, name string) bool {
	for _, v := range vars {
		if v.Name == name {
			return true
		}
	}
	return false
}

// without returns the paths that do not end in a field.
func without(paths []string, field string) (out []string) {
	for _, p := range paths {
		if p != field && !strings.HasSuffix(p, "."+field) {
			out = append(out, p)
		}
	}
	return out
}

// label returns a text as a DNS label of at most limit characters that begins with
// a letter, or other if nothing is left of it.
func label(s, other string, limit int) string {
	s = strings.Trim(notInNode.ReplaceAllString(strings.ToLower(s), "-"), "-")
	if s == "" {
		return other
	}
	if s[0] >= '0' && s[0] <= '9' {
		s = "t-" + s
	}
	return strings.TrimRight(s[:min(len(s), limit)], "-")
}

// unusedName returns a name, or if it is taken the name with a number behind it.
func unusedName(name string, taken map[string]bool) string {
	unused := name
	for n := 2; taken[unused]; n++ {
		suffix := "-" + strconv.Itoa(n)
		unused = strings.TrimRight(name[:min(len(name), maxNode-len(suffix))], "-") + suffix
	}
	taken[unused] = true
	return unused
}
