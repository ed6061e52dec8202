package spec

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/kubevast/vast/internal/workflow"
	"github.com/kubevast/vast/sdk/internal/yamlfile"
)

// maxMembers is how many members of a cycle a problem names.
const maxMembers = 20

// graph reads the dependencies of the file's tasks, and checks them.
func (r *workflowReader) graph() {
	g := &workflow.Workflow{Tasks: make([]workflow.Task, len(r.tasks))}
	for i, t := range r.tasks {
		g.Tasks[i].Name = t.name
		for _, d := range t.own.Depends.entries {
			g.Tasks[i].Depends = append(g.Tasks[i].Depends, workflow.Dependency{Task: d.text, Conditions: d.conditions})
			if to, known := r.index[d.text]; known && to != i {
				t.deps = append(t.deps, fileEdge{to, d.conditions, d.name})
			}
		}
	}
	problems := workflow.Problems(g)
	for _, p := range problems {
		r.graphProblem(p, g)
	}
	for i, t := range r.tasks {
		r.inputsFrom(i, t)
	}
}

// graphProblem reports a problem of the graph where the file has the dependency.
func (r *workflowReader) graphProblem(p workflow.Problem, g *workflow.Workflow) {
	t := r.tasks[p.Task]
	entry := t.own.Depends.entries[max(p.Depends, 0)]
	switch p.Kind {
	case workflow.UnknownTask:
		hint := ""
		if s := r.nearest(p.Other, r.names()); s != "" {
			hint = "; did you mean " + strconv.Quote(s) + "?"
		}
		r.Fail(entry.name, "%s is no task of this workflow%s", strconv.Quote(yamlfile.Shorten(p.Other)), hint)
	case workflow.SelfDependency:
		r.Fail(entry.name, "task %q depends on itself", t.name)
	case workflow.DuplicateDependency:
		r.Fail(entry.name, "task %q depends on %q twice; write all conditions into one entry", t.name, entry.text)
	case workflow.SharedDependency:
		r.Fail(entry.name, "task %q and %q, which it depends on, both depend on %q; omit this dependency, since the other one waits for that task too",
			t.name, p.Other, entry.text)
	case workflow.Cycle:
		first := slices.IndexFunc(t.own.Depends.entries, func(d dependEntry) bool { return slices.Contains(p.Members, d.text) })
		r.Fail(t.own.Depends.entries[first].name, "the dependencies are a cycle: %s", cycle(p.Members, g, r.index))
	}
}

func (r *workflowReader) names() []string {
	names := make([]string, len(r.tasks))
	for i, t := range r.tasks {
		names[i] = t.name
	}
	return names
}

// cycle returns the members of a cycle as text of bounded length: a walk if each
// depends on the next one, else a list.
func cycle(members []string, g *workflow.Workflow, index map[string]int) string {
	walk := true
	for i, m := range members {
		next := members[(i+1)%len(members)]
		walk = walk && slices.ContainsFunc(g.Tasks[index[m]].Depends, func(d workflow.Dependency) bool { return d.Task == next })
	}
	var names []string
	for _, m := range members[:min(len(members), maxMembers)] {
		names = append(names, strconv.Quote(m))
	}
	more := len(members) - len(names)
	switch {
	case walk && more > 0:
		return fmt.Sprintf("%s -> %d more tasks -> %s", strings.Join(names, " -> "), more, names[0])
	case walk:
		return strings.Join(names, " -> ") + " -> " + names[0]
	case more > 0:
		return fmt.Sprintf("each of %s and %d more tasks depends on all others", strings.Join(names, ", "), more)
	}
	return fmt.Sprintf("each of %s depends on all others", strings.Join(names, ", "))
}

// above returns the tasks that end before a task starts.
func (r *workflowReader) above(i int) map[int]bool {
	above := map[int]bool{}
	for next := []int{i}; len(next) > 0; {
		t := r.tasks[next[0]]
		next = next[1:]
		for _, e := range t.deps {
			if !above[e.to] {
				above[e.to] = true
				next = append(next, e.to)
			}
		}
	}
	return above
}

// inputsFrom checks a task's inputs: they come from tasks that end before it
// starts.
func (r *workflowReader) inputsFrom(i int, t *fileTask) {
	inputs := t.inputs()
	if len(inputs) == 0 {
		return
	}
	above := r.above(i)
	for _, in := range inputs {
		from, known := r.index[in.From.Value]
		switch {
		case !in.From.IsSet(): // missing, which is reported
		case !known:
			r.Fail(in.From.Node, "%s is no task of this workflow", in.From.Node.Quote())
		case from == i:
			r.Fail(in.From.Node, "task %q cannot have its own outputs as inputs", t.name)
		case !above[from]:
			r.Fail(in.From.Node, "task %q does not depend on %s, so its outputs may not exist yet; add it to \"depends\"", t.name, in.From.Node.Quote())
		}
		if p := in.Path; p.IsSet() {
			switch {
			case strings.TrimSpace(p.Value) == "":
				r.Fail(p.Node, "is empty; name a path in the outputs, or omit it for all")
			case hasDotDot(p.Value):
				r.Fail(p.Node, `%s is no path in the outputs: it cannot hold ".."`, p.Node.Quote())
			}
		}
	}
}

func (t *fileTask) inputs() []inputFile {
	switch f := t.own.Inputs; {
	case f.First != nil:
		return []inputFile{*f.First}
	case f.Second != nil:
		return *f.Second
	}
	return nil
}

// outputPaths checks that no two tasks of the file have the same output.
func (r *workflowReader) outputPaths() {
	owner := map[string]*fileTask{}
	for _, t := range r.tasks {
		if len(t.made) == 0 || t.made[0].Task == nil {
			continue
		}
		for _, p := range t.made[0].Task.Outputs {
			first := owner[p]
			if first == nil {
				owner[p] = t
				continue
			}
			r.Fail(t.output(p), "%q is an output of task %q too; two tasks cannot have the same one", yamlfile.Shorten(p), first.name)
		}
	}
}

// output is where the task has the output p.
func (t *fileTask) output(p string) *yamlfile.Node {
	if list := t.fields.Get("outputs"); list != nil {
		for _, item := range list.Items {
			if path.Clean(item.Text) == p {
				return item
			}
		}
	}
	return t.n
}

// connect gives the tasks of the workflow their dependencies and inputs: a
// dependency on a matrix is one on each of its tasks.
func (r *workflowReader) connect() {
	edges := 0
	for _, t := range r.tasks {
		for _, e := range t.deps {
			if edges += len(t.made) * len(r.tasks[e.to].made); edges > maxDependencies {
				r.Fail(e.at, "the tasks have more than %d dependencies, those of matrices counted one by one", maxDependencies)
				return
			}
		}
		var deps []workflow.Dependency
		for _, e := range t.deps {
			for _, made := range r.tasks[e.to].made {
				deps = append(deps, workflow.Dependency{Task: made.Graph.Name, Conditions: e.conditions})
			}
		}
		var inputs []taskInput
		for _, in := range t.inputs() {
			p := in.Path.Value
			if p != "" {
				p = path.Clean(p)
			}
			for _, made := range r.tasks[r.index[in.From.Value]].made {
				inputs = append(inputs, taskInput{From: made.Graph.Name, Path: p, Overwrite: in.Overwrite})
			}
		}
		for _, made := range t.made {
			made.Graph.Depends, made.Inputs = deps, inputs
			r.w.Tasks = append(r.w.Tasks, made)
		}
	}
}
