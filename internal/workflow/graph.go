package workflow

import "slices"

// graph is a workflow by indices.
type graph struct {
	tasks []Task
	index map[string]int
	// parents are the tasks that a task depends on, in the order of Depends, and
	// children those that depend on it.
	parents, children [][]int
	// order has parents before their dependents. Tasks in a cycle are missing.
	// rank is the place of each task in it.
	order, rank []int
}

// newGraph ignores dependencies on tasks that do not exist.
func newGraph(w *Workflow) *graph {
	n, edges := len(w.Tasks), 0
	for i := range w.Tasks {
		edges += len(w.Tasks[i].Depends)
	}
	g := &graph{
		tasks: w.Tasks, index: make(map[string]int, n), parents: make([][]int, n), children: make([][]int, n),
		order: make([]int, 0, n), rank: make([]int, n),
	}
	for i := range w.Tasks {
		if _, twice := g.index[w.Tasks[i].Name]; !twice {
			g.index[w.Tasks[i].Name] = i
		}
	}
	// The children of task i are children[first[i]:first[i+1]].
	all, first, missing := make([]int, 0, edges), make([]int, n+1), make([]int, n)
	for i := range w.Tasks {
		from := len(all)
		for _, d := range w.Tasks[i].Depends {
			if p, ok := g.index[d.Task]; ok {
				all = append(all, p)
				first[p+1]++
			}
		}
		g.parents[i] = all[from:len(all):len(all)]
		missing[i] = len(g.parents[i])
	}
	for i := range n {
		first[i+1] += first[i]
	}
	children, next := make([]int, len(all)), slices.Clone(first)
	for i, parents := range g.parents {
		for _, p := range parents {
			children[next[p]] = i
			next[p]++
		}
	}
	for i := range n {
		g.children[i] = children[first[i]:first[i+1]:first[i+1]]
		if missing[i] == 0 {
			g.order = append(g.order, i)
		}
	}
	for at := 0; at < len(g.order); at++ {
		p := g.order[at]
		g.rank[p] = at
		for _, c := range g.children[p] {
			if missing[c]--; missing[c] == 0 {
				g.order = append(g.order, c)
			}
		}
	}
	return g
}
