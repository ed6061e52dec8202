package workflow

import (
	"fmt"
	"strings"
	"testing"
)

func TestProblemsOfAGraph(t *testing.T) {
	for name, c := range map[string]struct {
		w    *Workflow
		want string
	}{
		"none":                                   {tasks("a", "b a", "c a", "d b c"), ""},
		"a dependency on a later task is one":    {tasks("b a", "a"), ""},
		"unknown tasks":                          {tasks("a x", "b y a"), "a/0 unknown task x; b/0 unknown task y"},
		"itself":                                 {tasks("a a"), "a/0 self-dependency a"},
		"twice the same":                         {tasks("a", "b a a"), "b/1 duplicate dependency a"},
		"two tasks of one name":                  {tasks("a", "a"), "a/-1 duplicate task a"},
		"two tasks":                              {tasks("a b", "b a"), "a/0 cycle [a b]"},
		"three tasks and one before them":        {tasks("x", "a x c", "b a", "c b"), "a/1 cycle [a c b]"},
		"a task that leads into a cycle":         {tasks("a", "b a d", "c b", "d c"), "b/1 cycle [b d c]"},
		"two cycles with a common task":          {tasks("a b c", "b a", "c a"), "a/0 cycle [a b c]"},
		"two cycles":                             {tasks("a b", "b a", "c d", "d c"), "a/0 cycle [a b]; c/0 cycle [c d]"},
		"all at once":                            {tasks("a a x", "b c", "c b"), "a/0 self-dependency a; a/1 unknown task x; b/0 cycle [b c]"},
		"a parent that depends on the same":      {tasks("a", "b a", "c a b"), "c/0 shared dependency b"},
		"an ancestor that depends on the same":   {tasks("a", "b a", "c b", "d a c"), "d/0 shared dependency c"},
		"shared dependencies wait for the rest":  {tasks("a", "b a", "c a b", "d x"), "d/0 unknown task x"},
		"two parents with a common one are none": {tasks("r", "a r", "b r", "c a b"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			var words []string
			for _, p := range Problems(c.w) {
				word := fmt.Sprintf("%s/%d %s", c.w.Tasks[p.Task].Name, p.Depends, p.Kind)
				if p.Other != "" {
					word += " " + p.Other
				}
				if p.Members != nil {
					word += fmt.Sprint(" ", p.Members)
				}
				words = append(words, word)
			}
			if got := strings.Join(words, "; "); got != c.want {
				t.Errorf("%s\nnot\n%s", got, c.want)
			}
		})
	}
}

func TestACycleOfManyTasksIsNamedInItsOrder(t *testing.T) {
	var lines []string
	const n = 20_000
	for i := range n {
		lines = append(lines, fmt.Sprintf("t%d t%d", i, (i+1)%n))
	}
	problems := Problems(tasks(lines...))
	lines[n-1] = "t19999"
	if none := Problems(tasks(lines...)); len(none) > 0 {
		t.Errorf("a chain has %d problems, the first %v", len(none), none[0])
	}
	if len(problems) != 1 || len(problems[0].Members) != n || problems[0].Members[1] != "t1" {
		t.Fatalf("%d problems", len(problems))
	}
}
