package workflow

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// graphs returns the graphs of n tasks without shared dependencies, one of those
// that differ only in the names of the tasks. Each is a list of edges.
func graphs(n int) []*Workflow {
	var pairs [][2]int
	for child := range n {
		for parent := range child {
			pairs = append(pairs, [2]int{parent, child})
		}
	}
	seen := map[string]bool{}
	var out []*Workflow
	for set := range 1 << len(pairs) {
		lines := make([]string, n)
		var edges [][2]int
		for i := range n {
			lines[i] = string(rune('a' + i))
		}
		for k, p := range pairs {
			if set&(1<<k) != 0 {
				edges = append(edges, p)
				lines[p[1]] += " " + string(rune('a'+p[0]))
			}
		}
		w := tasks(lines...)
		if len(Problems(w)) > 0 {
			continue
		}
		if name := canonicalEdges(n, edges); !seen[name] {
			seen[name] = true
			w.Name = strings.Join(lines, "; ")
			out = append(out, w)
		}
	}
	return out
}

// canonicalEdges returns the smallest text of the edges under all namings.
func canonicalEdges(n int, edges [][2]int) string {
	best := ""
	for _, perm := range automorphisms(&Workflow{Tasks: make([]Task, n)}) {
		named := make([][2]int, len(edges))
		for i, e := range edges {
			named[i] = [2]int{perm[e[0]], perm[e[1]]}
		}
		slices.SortFunc(named, func(a, b [2]int) int { return slices.Compare(a[:], b[:]) })
		if text := fmt.Sprint(named); best == "" || text < best {
			best = text
		}
	}
	return best
}

// explored fails the test if the model of a workflow has a problem. It returns the
// number of worlds.
func explored(t *testing.T, w *Workflow) int {
	t.Helper()
	m := newModel(w)
	m.explore()
	if m.problem != "" {
		t.Errorf("%s: %s", w.Name, m.problem)
	}
	return len(m.seen)
}

// TestTwoDriversStartEachTaskOnceAndForgetNone explores every interleaving of two
// drivers, their deaths and lost answers, the ends of the tasks, and a stop, for
// every graph.
func TestTwoDriversStartEachTaskOnceAndForgetNone(t *testing.T) {
	most := maxTasks
	if testing.Short() {
		most--
	}
	counts := []int{0, 1, 2, 5, 16}
	for n := 1; n <= most; n++ {
		all := graphs(n)
		if len(all) != counts[n] {
			t.Fatalf("%d graphs of %d tasks, not %d", len(all), n, counts[n])
		}
		for _, w := range all {
			t.Logf("%-24s %8d worlds", w.Name, explored(t, w))
		}
	}
}

// TestTwoDriversHonorEachCondition explores graphs of up to three tasks with each
// condition at each dependency.
func TestTwoDriversHonorEachCondition(t *testing.T) {
	for n := 2; n <= 3; n++ {
		for _, w := range graphs(n) {
			var all []*Dependency
			for i := range w.Tasks {
				for k := range w.Tasks[i].Depends {
					all = append(all, &w.Tasks[i].Depends[k])
				}
			}
			shape, names := w.Name, ConditionNames()
			choices := 1
			for range all {
				choices *= len(names)
			}
			for choice := range choices {
				w.Name = shape + ":"
				for _, d := range all {
					name := names[choice%len(names)]
					d.Conditions, _ = ParseCondition(name)
					w.Name += " " + name
					choice /= len(names)
				}
				explored(t, w)
			}
		}
	}
}

func TestTwoDriversRetryOnlyWhatFailed(t *testing.T) {
	for n := 1; n <= 2; n++ {
		for _, w := range graphs(n) {
			w.Tasks[n-1].Retry = Retry{Count: 1, Causes: []string{"Evicted"}}
			w.Tasks[0].Retry = w.Tasks[n-1].Retry
			explored(t, w)
		}
	}
}

func TestTheModelFindsDriversThatBreakTheContract(t *testing.T) {
	for name, c := range map[string]struct {
		w      *Workflow
		change func(*model)
		want   string
	}{
		"a stop that leaves no object behind": {tasks("a"), func(m *model) { m.unsealed = true }, "a starts after its end"},
		"actions without the state":           {tasks("a", "b a:on_failure"), func(m *model) { m.careless = true }, "b starts before a has ended as required"},
	} {
		t.Run(name, func(t *testing.T) {
			m := newModel(c.w)
			c.change(m)
			m.explore()
			if !strings.Contains(m.problem, c.want) {
				t.Errorf("found %q, not %q", m.problem, c.want)
			}
		})
	}
}
