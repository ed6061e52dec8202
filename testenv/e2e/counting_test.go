package e2e_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kubevast/vast/internal/kube"
)

// counting is a task whose nodes print numbered lines until they are
// terminated. The argument is the number of nodes.
const counting = `name: counting
num_nodes: %d
run: |
  exec python3 - <<'END'
  import os, time
  n = 0
  while not os.path.exists("/tmp/stop"):
      print(f"line {n:08d}", flush=True)
      n += 1
      time.sleep(0.005)
  print(f"last {n:08d}", flush=True)
  END
`

// stopCounting stops every node of a counting task.
func (p *person) stopCounting(id string) {
	p.Helper()
	for _, pod := range p.pods(id) {
		p.touch(pod.Name, "/tmp/stop")
	}
}

// count checks that each node's lines are numbered from 0 without one lost or
// twice, up to its last one, and returns how many there are.
func count(t testing.TB, log string, nodes int) int {
	t.Helper()
	next, last, total := make([]int, nodes), make([]bool, nodes), 0
	for line := range strings.Lines(log) {
		rank, number := 0, 0
		text := line
		if nodes > 1 {
			if _, err := fmt.Sscanf(line, "node-%d | ", &rank); err != nil || rank < 0 || rank >= nodes {
				t.Fatalf("line %q has no prefix: %v", line, err)
			}
			_, text, _ = strings.Cut(line, " | ")
		}
		if strings.HasPrefix(text, kube.LauncherPrefix) {
			continue // it waits for the others
		}
		if _, err := fmt.Sscanf(text[len("line "):], "%d", &number); err != nil {
			t.Fatalf("line %q has no number: %v", line, err)
		}
		if number != next[rank] {
			t.Fatalf("of node %d line %d follows line %d", rank, number, next[rank]-1)
		}
		next[rank], last[rank] = number+1, strings.HasPrefix(text, "last ")
		total++
	}
	for rank, seen := range last {
		if !seen {
			t.Errorf("the last line of node %d is missing; %d lines are there", rank, next[rank])
		}
	}
	return total
}

// lines is how many lines a command has printed.
func (p *process) lines() int { return strings.Count(p.stdout.String(), "\n") }

func lastLine(s string) string {
	s = strings.TrimSuffix(s, "\n")
	return s[strings.LastIndexByte(s, '\n')+1:]
}
