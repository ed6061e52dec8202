package run

import (
	"context"
	"errors"
	"os/exec"
	"strings"
	"testing"
	"time"
)

func TestOutput(t *testing.T) {
	out, err := Cmd{Args: []string{"sh", "-c", "cat; echo more; echo aside >&2"}, Stdin: strings.NewReader("in ")}.Output(t.Context())
	if err != nil || string(out) != "in more\n" {
		t.Errorf("got %q, %v", out, err)
	}
}

func TestErrorHoldsWhatWasPrinted(t *testing.T) {
	err := Command("sh", "-c", "echo out; echo reason >&2; exit 3").Run(t.Context())
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 3 {
		t.Fatalf("got %v", err)
	}
	for _, want := range []string{"out", "reason"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in %q", want, err)
		}
	}
}

func TestContextEndsTheProgram(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := Command("sleep", "60").Run(ctx); err == nil {
		t.Error("no error for a program that was cut off")
	}
}
