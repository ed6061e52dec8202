package draw

import (
	"slices"
	"strings"
)

// A Row is a task in a Tree.
type Row struct {
	// Task is its index in the Graph.
	Task int
	// Prefix are the lines to the left of its name.
	Prefix string
	// Also are the other tasks that it depends on.
	Also []string
}

// Tree returns the graph as rows of text. A task stands below one of those that it depends on:
// the last one of the longest path to it. Tasks keep their order otherwise.
func Tree(g Graph) []Row {
	index := make(map[string]int, len(g.Tasks))
	for i, t := range g.Tasks {
		index[t.Name] = i
	}
	parents, children := make([][]int, len(g.Tasks)), make([][]int, len(g.Tasks))
	open := make([]int, len(g.Tasks))
	for i, t := range g.Tasks {
		for name := range t.Depends {
			if p, ok := index[name]; ok && p != i {
				parents[i] = append(parents[i], p)
				children[p] = append(children[p], i)
			}
		}
		slices.Sort(parents[i])
		open[i] = len(parents[i])
	}
	level, ready := make([]int, len(g.Tasks)), []int{}
	for i, n := range open {
		if n == 0 {
			ready = append(ready, i)
		}
	}
	for k := 0; k < len(ready); k++ {
		for _, c := range children[ready[k]] {
			level[c] = max(level[c], level[ready[k]]+1)
			if open[c]--; open[c] == 0 {
				ready = append(ready, c)
			}
		}
	}
	below, roots := make([][]int, len(g.Tasks)), []int{}
	above := make([]int, len(g.Tasks))
	for i, all := range parents {
		above[i] = -1
		for _, p := range all {
			if above[i] < 0 || level[p] >= level[above[i]] {
				above[i] = p
			}
		}
		if above[i] < 0 {
			roots = append(roots, i)
		} else {
			below[above[i]] = append(below[above[i]], i)
		}
	}
	out := make([]Row, 0, len(g.Tasks))
	// A stack in place of a recursion: a chain may have 10,000 tasks.
	type entry struct {
		task        int
		own, others string
	}
	var stack []entry
	for _, i := range slices.Backward(roots) {
		stack = append(stack, entry{task: i})
	}
	for len(stack) > 0 {
		e := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		row := Row{Task: e.task, Prefix: e.own}
		for _, p := range parents[e.task] {
			if p != above[e.task] {
				row.Also = append(row.Also, g.Tasks[p].Name)
			}
		}
		out = append(out, row)
		for n, c := range slices.Backward(below[e.task]) {
			own, others := e.others+"├─ ", e.others+"│  "
			if n == len(below[e.task])-1 {
				own, others = e.others+"└─ ", e.others+"   "
			}
			if depth := strings.Count(e.others, "  "); depth >= maxDepth { // what is deeper stays there
				own, others = e.own, e.others
			}
			stack = append(stack, entry{c, own, others})
		}
	}
	return out
}

// maxDepth is how deep rows are indented: a long chain would leave no room for names.
const maxDepth = 8
