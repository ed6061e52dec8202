package e2e_test

import (
	"fmt"
	"strings"
	"testing"
)

func TestFollowedLogsSurviveBrokenConnections(t *testing.T) {
	t.Parallel()
	const nodes, cuts = 2, 8
	p := newPerson(t)
	id := p.submit(fmt.Sprintf(counting, nodes))
	away := *p
	wire := away.byWire()
	follow := away.start("kubectl-vast", nil, "logs", id, "-f")
	for n := range cuts {
		before := follow.lines()
		p.waitFor(fmt.Sprintf("a hundred lines more after cut %d", n), func() (bool, any) {
			return follow.lines() > before+100, follow.stderr.String()
		})
		wire.cut()
	}
	if made := wire.connections(); made <= cuts {
		t.Errorf("the logs were read over %d connections; they were not cut", made)
	}
	p.stopCounting(id)
	r := follow.wait().exits(0)
	if n := count(t, r.stdout, nodes); n < cuts*100 {
		t.Errorf("there are only %d lines", n)
	}
}

// The kubelet rotates log files at 10 MiB and keeps five. A follower has to continue with
// the next file.
func TestFollowedLogsSurviveRotation(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	const total, width = 66000, 500
	r := p.vast("submit", p.file("task.yaml", fmt.Sprintf(`name: verbose
run: |
  exec python3 - <<'END'
  import time
  for n in range(%d):
      print(f"line {n:08d} " + "x" * %d)
      if n %% 500 == 0: time.sleep(0.35)
  print("last")
  END
`, total, width))).exits(0)
	_, log, _ := strings.Cut(r.stdout, "\n")
	next := 0
	want := " " + strings.Repeat("x", width) + "\n"
	for line := range strings.Lines(log) {
		if expect := fmt.Sprintf("line %08d", next); next < total && line != expect+want {
			t.Fatalf("behind line %d comes %q", next-1, line[:min(len(line), 40)])
		}
		next++
	}
	if next != total+1 || !strings.HasSuffix(log, "\nlast\n") {
		t.Errorf("%d lines, want %d; the end is %q", next, total+1, log[max(0, len(log)-40):])
	}
	if len(log) < 30<<20 {
		t.Errorf("the log has only %d bytes", len(log))
	}
	// The proof that there was something to survive: the kubelet's own log of
	// the pod does not begin at the beginning any more.
	if strings.HasPrefix(p.podLog(r.id()), "line 00000000") {
		t.Error("the log was not rotated")
	}
}
