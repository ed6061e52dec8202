package cli

import (
	"bytes"
	"errors"
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/kubevast/vast/sdk/api"
)

func TestExitCodeAndMessage(t *testing.T) {
	stopped := &api.TaskStatus{State: api.Stopped}
	stopped.Name = "a-1"
	failed := &api.TaskStatus{State: api.Failed, Reason: "node 0 exited with 3"}
	failed.Name = "b-2"
	for name, tc := range map[string]struct {
		err  error
		code int
		text string
	}{
		"nothing":         {nil, 0, ""},
		"anything":        {errors.New("boom"), 1, "error: boom\n"},
		"not supported":   {&api.NotSupportedError{Message: "not yet"}, 1, "error: not yet\n"},
		"not installed":   {&api.NotInstalledError{Message: "no Kueue"}, 1, "error: no Kueue\n"},
		"usage":           {Usagef("bad %s", "flag"), 2, "error: bad flag\n"},
		"a bad file":      {&api.InvalidSpecError{Problems: []api.Problem{{File: "a", Line: 1, Column: 2, Message: "x"}, {Message: "y"}}}, 2, "error: a:1:2: x\nerror: y\n"},
		"not found":       {&api.NotFoundError{Kind: "task", Name: "x"}, 3, "error: task \"x\" not found\n"},
		"forbidden":       {&api.ForbiddenError{Message: "no"}, 4, "error: no\n"},
		"conflict":        {&api.ConflictError{Message: "in use"}, 5, "error: in use\n"},
		"unavailable":     {fmt.Errorf("list: %w", &api.UnavailableError{Message: "no answer"}), 6, "error: list: no answer\n"},
		"timed out":       {&api.TimedOutError{After: time.Minute}, 7, "error: timed out after 1m0s\n"},
		"failed":          {&api.TaskFailedError{Task: failed}, 10, "error: task b-2 failed: node 0 exited with 3\n"},
		"stopped":         {&api.TaskFailedError{Task: stopped}, 11, "error: task a-1 stopped\n"},
		"said already":    {&ExitError{Code: 10}, 10, ""},
		"interrupted":     {&InterruptedError{syscall.SIGINT}, 130, ""},
		"broken pipe":     {fmt.Errorf("write: %w", syscall.EPIPE), 0, ""},
		"several":         {errors.Join(&api.NotFoundError{Kind: "task", Name: "x"}, errors.Join(&api.ForbiddenError{Message: "no"})), 4, "error: task \"x\" not found\nerror: no\n"},
		"several lines":   {errors.New("one\ntwo"), 1, "error: one; two\n"},
		"escape sequence": {errors.New("a\x1b[31mb"), 1, "error: a\\x1b[31mb\n"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := ExitCode(tc.err); got != tc.code {
				t.Errorf("exit code %d, want %d", got, tc.code)
			}
			var out bytes.Buffer
			f := &Factory{}
			f.ErrOut = &out
			f.PrintError(tc.err)
			if out.String() != tc.text {
				t.Errorf("printed %q, want %q", out.String(), tc.text)
			}
		})
	}
}

func TestArgumentsOfTheCompletionLink(t *testing.T) {
	got := Arguments([]string{"/usr/bin/kubectl_complete-vast", "logs", ""})
	if len(got) != 3 || got[0] != "__complete" {
		t.Errorf("got %q", got)
	}
	if got := Arguments([]string{"kubectl-vast", "list"}); len(got) != 1 || got[0] != "list" {
		t.Errorf("got %q", got)
	}
}
