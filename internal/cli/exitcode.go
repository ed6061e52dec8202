package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"

	"github.com/kubevast/vast/internal/cli/command"
	"github.com/kubevast/vast/internal/cli/term"
	"github.com/kubevast/vast/internal/redact"
	"github.com/kubevast/vast/sdk/api"
)

// The exit codes of both plugins.
const (
	CodeDone         = 0
	CodeFailed       = 1
	CodeUsage        = 2
	CodeNotFound     = 3
	CodeForbidden    = 4
	CodeConflict     = 5
	CodeUnavailable  = 6
	CodeTimedOut     = 7
	CodeTaskFailed   = 10
	CodeTaskStopped  = 11
	CodeTaskRejected = 12
	CodeSignalOffset = 128
)

// ExitCodes lists the exit codes with their meanings, for help and documents.
var ExitCodes = []struct {
	Code    int
	Meaning string
}{
	{CodeDone, "done"},
	{CodeFailed, "the command failed"},
	{CodeUsage, "wrong usage, or an invalid file"},
	{CodeNotFound, "not found"},
	{CodeForbidden, "forbidden"},
	{CodeConflict, "conflict: another object of that name exists, or it is in use"},
	{CodeUnavailable, "the cluster cannot be reached"},
	{CodeTimedOut, "timed out"},
	{CodeTaskFailed, "the task failed"},
	{CodeTaskStopped, "the task was stopped"},
	{CodeTaskRejected, "the task rejected its input"},
	{CodeSignalOffset + int(syscall.SIGINT), "interrupted by Ctrl-C (143 by SIGTERM) before the end"},
}

// ExitStatus documents the codes in the help of both plugins.
var ExitStatus = func() string {
	text := "Exit Status:\n"
	for _, c := range ExitCodes {
		text += fmt.Sprintf("  %-4d %s\n", c.Code, c.Meaning)
	}
	return text + "\nWith several tasks or volumes it is the highest of their codes."
}()

// UsageError is a wrong use of a command.
type UsageError struct{ Message string }

func (e *UsageError) Error() string { return e.Message }

// Usagef makes a UsageError.
func Usagef(format string, args ...any) error {
	return &UsageError{fmt.Sprintf(format, args...)}
}

// ExitError ends the program with Code. With an empty Message nothing is printed.
type ExitError struct {
	Code    int
	Message string
}

func (e *ExitError) Error() string { return e.Message }

// InterruptedError is the cause of a context that a signal ended. It is not printed.
type InterruptedError struct{ Signal syscall.Signal }

func (e *InterruptedError) Error() string { return "interrupted" }

// outputGone reports whether stdout was closed, as by `| head`. A broken connection to
// the cluster does not count.
func outputGone(err error) bool {
	var unavailable *api.UnavailableError
	return errors.Is(err, syscall.EPIPE) && !errors.As(err, &unavailable)
}

// ExitCode returns the exit code of an error; of several, the highest one.
func ExitCode(err error) int {
	if err == nil || outputGone(err) {
		return CodeDone
	}
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		code := CodeDone
		for _, one := range many.Unwrap() {
			code = max(code, ExitCode(one))
		}
		return code
	}
	var (
		exit        *ExitError
		interrupted *InterruptedError
		usage       *UsageError
		invalid     *api.InvalidSpecError
		notFound    *api.NotFoundError
		forbidden   *api.ForbiddenError
		conflict    *api.ConflictError
		unavailable *api.UnavailableError
		timedOut    *api.TimedOutError
		taskFailed  *api.TaskFailedError
	)
	switch {
	case errors.As(err, &exit):
		return exit.Code
	case errors.As(err, &interrupted):
		return CodeSignalOffset + int(interrupted.Signal)
	case errors.As(err, &usage), errors.As(err, &invalid):
		return CodeUsage
	case errors.As(err, &notFound):
		return CodeNotFound
	case errors.As(err, &forbidden):
		return CodeForbidden
	case errors.As(err, &conflict):
		return CodeConflict
	case errors.As(err, &unavailable):
		return CodeUnavailable
	case errors.As(err, &timedOut):
		return CodeTimedOut
	case errors.As(err, &taskFailed):
		return taskCode(taskFailed.Task)
	case errors.Is(err, os.ErrNotExist):
		return CodeUsage
	}
	return CodeFailed
}

// taskCode returns the code of a task that did not succeed.
func taskCode(t *api.TaskStatus) int {
	switch {
	case t != nil && t.State == api.Stopped:
		return CodeTaskStopped
	case t != nil && t.State == api.Rejected:
		return CodeTaskRejected
	}
	return CodeTaskFailed
}

// PrintError prints an error, one line a problem, with its remedies.
func (f *Factory) PrintError(err error) {
	if err == nil || outputGone(err) {
		return
	}
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		for _, one := range many.Unwrap() {
			f.PrintError(one)
		}
		return
	}
	if errors.As(err, new(*InterruptedError)) {
		return
	}
	var invalid *api.InvalidSpecError
	if errors.As(err, &invalid) {
		for _, p := range invalid.Problems {
			if p.Option != "" {
				p.Option = command.FlagOf(p.Option)
			}
			f.printLine(p.String(), p.Remedies)
		}
		return
	}
	f.printLine(err.Error(), api.Remedies(err))
}

func (f *Factory) printLine(message string, remedies []api.Remedy) {
	message = strings.Join(strings.FieldsFunc(message, func(r rune) bool { return r == '\n' }), "; ")
	if len(remedies) > 0 {
		message = command.Advised(f.Hint(), message, remedies)
	}
	if message != "" {
		fmt.Fprintln(f.ErrOut, "error: "+term.Text(redact.Text(message)))
	}
}

// interruptedBy returns the signal that ended ctx, if one did.
func interruptedBy(ctx context.Context) *InterruptedError {
	var i *InterruptedError
	errors.As(context.Cause(ctx), &i)
	return i
}
