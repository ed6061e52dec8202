package workflow

import (
	"cmp"
	"slices"
)

// A Problem is why a workflow cannot run.
type Problem struct {
	Kind ProblemKind
	// Task and Depends locate it: Task is an index of Workflow.Tasks, and Depends
	// one of its Depends, or -1.
	Task, Depends int
	// Other is the other task, by name: of UnknownTask the unknown one, of
	// SharedDependency the parent that depends on the same task.
	Other string
	// Members are the names of the tasks of a Cycle, each after one it depends on.
	Members []string
}

// ProblemKind is the kind of a Problem.
type ProblemKind string

const (
	// DuplicateTask is a task with the name of an earlier one.
	DuplicateTask ProblemKind = "duplicate task"
	// UnknownTask is a dependency on a task that does not exist.
	UnknownTask ProblemKind = "unknown task"
	// SelfDependency is a dependency of a task on itself.
	SelfDependency ProblemKind = "self-dependency"
	// DuplicateDependency is a second dependency on the same task.
	DuplicateDependency ProblemKind = "duplicate dependency"
	// SharedDependency is a dependency on a task that another task in the same list
	// depends on too, directly or through others.
	SharedDependency ProblemKind = "shared dependency"
	// Cycle is a set of tasks that depend on each other. It is located at its first
	// task in the file's order.
	Cycle ProblemKind = "cycle"
)

// Problems returns all problems of a workflow's graph, in the order of the tasks.
// Shared dependencies are reported if there are no other problems.
func Problems(w *Workflow) []Problem {
	g := newGraph(w)
	var out []Problem
	for i := range w.Tasks {
		t := &w.Tasks[i]
		if g.index[t.Name] != i {
			out = append(out, Problem{Kind: DuplicateTask, Task: i, Depends: -1, Other: t.Name})
		}
		seen := make(map[string]bool, len(t.Depends))
		for k, d := range t.Depends {
			p := Problem{Task: i, Depends: k, Other: d.Task}
			switch _, known := g.index[d.Task]; {
			case d.Task == t.Name:
				p.Kind = SelfDependency
			case !known:
				p.Kind = UnknownTask
			case seen[d.Task]:
				p.Kind = DuplicateDependency
			}
			if p.Kind != "" {
				out = append(out, p)
			}
			seen[d.Task] = true
		}
	}
	out = append(out, g.cycles()...)
	if len(out) == 0 {
		out = g.shared()
	}
	slices.SortStableFunc(out, func(a, b Problem) int { return cmp.Or(a.Task-b.Task, a.Depends-b.Depends) })
	return out
}

// cycles returns the sets of two or more tasks that depend on each other: the
// strongly connected components, by Tarjan's algorithm without recursion.
func (g *graph) cycles() []Problem {
	const unseen = 0
	n := len(g.tasks)
	number, low, onStack := make([]int, n), make([]int, n), make([]bool, n)
	type frame struct{ task, next int }
	var stack []int
	var calls []frame
	var out []Problem
	count := 0
	for root := range n {
		if number[root] != unseen {
			continue
		}
		calls = append(calls, frame{task: root})
		for len(calls) > 0 {
			f := &calls[len(calls)-1]
			v := f.task
			if f.next == 0 {
				count++
				number[v], low[v], onStack[v] = count, count, true
				stack = append(stack, v)
			}
			if f.next < len(g.parents[v]) {
				p := g.parents[v][f.next]
				f.next++
				switch {
				case number[p] == unseen:
					calls = append(calls, frame{task: p})
				case onStack[p]:
					low[v] = min(low[v], number[p])
				}
				continue
			}
			if calls = calls[:len(calls)-1]; len(calls) > 0 {
				below := calls[len(calls)-1].task
				low[below] = min(low[below], low[v])
			}
			if low[v] != number[v] {
				continue
			}
			at := len(stack) - 1
			for stack[at] != v {
				at--
			}
			members := slices.Clone(stack[at:])
			stack = stack[:at]
			for _, m := range members {
				onStack[m] = false
			}
			if len(members) > 1 {
				out = append(out, g.cycle(members))
			}
		}
	}
	return out
}

// cycle returns the problem of tasks that Tarjan's stack has in the order in which
// they were reached: each depends on one before it or after it. It starts with the
// first task of the file and follows the first dependency within the cycle.
func (g *graph) cycle(members []int) Problem {
	in := make(map[int]bool, len(members))
	for _, m := range members {
		in[m] = true
	}
	start := slices.Min(members)
	p := Problem{Kind: Cycle, Task: start, Depends: -1}
	done := make(map[int]bool, len(members))
	for v := start; v >= 0 && !done[v]; {
		done[v] = true
		p.Members = append(p.Members, g.tasks[v].Name)
		next := -1
		for k, parent := range g.parents[v] {
			if in[parent] && (next < 0 || done[next] && !done[parent]) {
				next = parent
				if v == start {
					p.Depends = k
				}
			}
		}
		v = next
	}
	slices.Sort(members)
	for _, m := range members {
		if !done[m] {
			p.Members = append(p.Members, g.tasks[m].Name)
		}
	}
	return p
}

// shared returns the dependencies that a task has beside one on a descendant of
// the same task. The graph has no cycle. The ancestors of all tasks are sets of
// bits: 12 MB for 10,000 tasks.
func (g *graph) shared() []Problem {
	n := len(g.tasks)
	words := (n + 63) / 64
	ancestors := make([]uint64, n*words)
	of := func(i int) []uint64 { return ancestors[i*words : (i+1)*words] }
	var out []Problem
	for _, i := range g.order {
		mine := of(i)
		for _, p := range g.parents[i] {
			for k, bits := range of(p) {
				mine[k] |= bits
			}
		}
		for k, d := range g.parents[i] {
			if mine[d/64]&(1<<(d%64)) == 0 {
				continue
			}
			via := slices.IndexFunc(g.parents[i], func(p int) bool { return of(p)[d/64]&(1<<(d%64)) != 0 })
			out = append(out, Problem{Kind: SharedDependency, Task: i, Depends: k, Other: g.tasks[g.parents[i][via]].Name})
		}
		for _, p := range g.parents[i] {
			mine[p/64] |= 1 << (p % 64)
		}
	}
	return out
}
