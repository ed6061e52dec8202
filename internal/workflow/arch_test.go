package workflow

import "testing"

func TestTheArchitectureOfAnAttemptIsKept(t *testing.T) {
	w := tasks("a", "b a")
	w.Tasks[0].Retry = Retry{Count: 1, Causes: []string{"Evicted"}}
	arch := func(s State) string { return s.Tasks["a"].Arch }
	s, _, _ := Advance(w, State{}, Observed{})
	s, _, _ = Advance(w, s, see("a", Seen{Status: StatusRunning, Arch: "arm64"}))
	if got := arch(s); got != "arm64" {
		t.Fatalf("while it runs the architecture is %q", got)
	}
	s, _, _ = Advance(w, s, see("a", Seen{Status: StatusFailed, Cause: "Evicted", Saved: true}))
	if got := arch(s); got != "" {
		t.Fatalf("the architecture of an attempt that has not started is %q", got)
	}
	second := Attempt{Task: "a", Number: 2}
	s, _, _ = Advance(w, s, see(second, Seen{Status: StatusSuccess, Saved: true, Arch: "amd64"}, "b", StatusFailed))
	if got := arch(s); got != "amd64" || !s.Phase.Final() {
		t.Fatalf("at the end the architecture is %q, and the phase %s", got, s.Phase)
	}
	if got := arch(Rerun{}.Plan(w, "before", s).State); got != "amd64" {
		t.Errorf("that of a task that is kept is %q", got)
	}
}
