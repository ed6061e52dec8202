package draw

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func graph(tasks ...string) Graph {
	g := Graph{}
	for _, t := range tasks {
		name, depends, _ := strings.Cut(t, ":")
		task := Task{Name: name, Depends: map[string][]string{}}
		for _, d := range strings.Fields(depends) {
			task.Depends[d] = nil
		}
		g.Tasks = append(g.Tasks, task)
	}
	return g
}

func rows(g Graph) string {
	var b strings.Builder
	for _, r := range Tree(g) {
		b.WriteString(r.Prefix + g.Tasks[r.Task].Name)
		if len(r.Also) > 0 {
			b.WriteString(" after " + strings.Join(r.Also, ", "))
		}
		b.WriteString("\n")
	}
	return b.String()
}

func TestATreeHasEachTaskBelowTheLastOneThatItNeeds(t *testing.T) {
	got := rows(graph("a", "b: a", "c: a", "d: b c", "e: a d", "f"))
	want := `a
├─ b
└─ c after 
   └─ d after b
      └─ e after a
f
`
	if diff := cmp.Diff(strings.ReplaceAll(want, "c after \n", "c\n"), got); diff != "" {
		t.Errorf("tree (-want +got):\n%s", diff)
	}
}

func TestATreeOfALongChainStaysNarrow(t *testing.T) {
	tasks := []string{"t0"}
	for i := 1; i < 10_000; i++ {
		tasks = append(tasks, fmt.Sprintf("t%d: t%d", i, i-1))
	}
	all := Tree(graph(tasks...))
	if last := all[len(all)-1]; len(all) != 10_000 || last.Task != 9999 || len(last.Prefix) > 60 {
		t.Errorf("it has %d rows, the last one is %+v", len(all), last)
	}
}
