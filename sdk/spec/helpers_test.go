package spec

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/kubevast/vast/sdk/api"
)

// mustTask parses a file that holds one good task.
func mustTask(t *testing.T, text string, in Inputs) *Task {
	t.Helper()
	f, err := Parse("task.yaml", []byte(text), in)
	if err != nil {
		t.Fatalf("refused:\n%v", err)
	}
	if f.Kind != KindTask || len(f.Tasks) != 1 {
		t.Fatalf("kind %s with %d tasks, want one task", f.Kind, len(f.Tasks))
	}
	return f.Tasks[0]
}

// problems parses a file that must be refused and returns what was said, one
// problem a line. It checks what holds for every refusal.
func problems(t *testing.T, text string, in Inputs) string {
	t.Helper()
	f, err := Parse("task.yaml", []byte(text), in)
	if err == nil {
		t.Fatalf("accepted: %+v", f)
	}
	if f != nil {
		t.Errorf("a file is returned with the error")
	}
	var inv *api.InvalidSpecError
	if !errors.As(err, &inv) || len(inv.Problems) == 0 {
		t.Fatalf("error %#v, want an InvalidSpecError with problems", err)
	}
	for _, p := range inv.Problems {
		if p.Message == "" {
			t.Errorf("problem without a message: %+v", p)
		}
	}
	return said(err)
}

// said returns the problems of err, one a line, each with its remedies.
func said(err error) string {
	var inv *api.InvalidSpecError
	if !errors.As(err, &inv) {
		return fmt.Sprint(err)
	}
	out := make([]string, len(inv.Problems))
	for i, p := range inv.Problems {
		out[i] = p.String()
		for _, r := range p.Remedies {
			out[i] += fmt.Sprintf(" [%s%s to %s]", r.Action, strings.Join(r.Options, " "), r.Purpose)
		}
	}
	return strings.Join(out, "\n")
}

// lines joins what is expected, one problem a line.
func lines(l ...string) string { return strings.Join(l, "\n") }
