package runs

import (
	"cmp"
	"slices"

	"github.com/kubevast/vast/internal/agentspec"
	"github.com/kubevast/vast/sdk/spec"
)

// passingOf returns what each task of a workflow gets from others: the inputs that it names,
// in the order of the levels of their tasks, and the variables of the tasks that it depends
// on.
func passingOf(w *spec.Workflow) [][]agentspec.Outputs {
	index := make(map[string]int, len(w.Tasks))
	for i, t := range w.Tasks {
		index[t.Graph.Name] = i
	}
	levels := levelsOf(w, index)
	out := make([][]agentspec.Outputs, len(w.Tasks))
	for i, t := range w.Tasks {
		for _, in := range t.Inputs {
			out[i] = append(out[i], agentspec.Outputs{Name: in.From, Path: in.Path, Overwrite: in.Overwrite,
				Campaign: w.Tasks[index[in.From]].Campaign != nil})
		}
		slices.SortStableFunc(out[i], func(a, b agentspec.Outputs) int {
			return cmp.Compare(levels[index[a.Name]], levels[index[b.Name]])
		})
		for _, d := range t.Graph.Depends {
			if env := w.Tasks[index[d.Task]].OutputEnv; len(env) > 0 {
				out[i] = append(out[i], agentspec.Outputs{Name: d.Task, Env: env})
			}
		}
	}
	return out
}

// levelsOf returns the length of the longest path to each task. The graph has no cycle.
func levelsOf(w *spec.Workflow, index map[string]int) []int {
	levels, left := make([]int, len(w.Tasks)), make([]int, len(w.Tasks))
	next := make([][]int, len(w.Tasks))
	var ready []int
	for i, t := range w.Tasks {
		for _, d := range t.Graph.Depends {
			next[index[d.Task]] = append(next[index[d.Task]], i)
		}
		if left[i] = len(t.Graph.Depends); left[i] == 0 {
			ready = append(ready, i)
		}
	}
	for len(ready) > 0 {
		at := ready[0]
		ready = ready[1:]
		for _, i := range next[at] {
			levels[i] = max(levels[i], levels[at]+1)
			if left[i]--; left[i] == 0 {
				ready = append(ready, i)
			}
		}
	}
	return levels
}
