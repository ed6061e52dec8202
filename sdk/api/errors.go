package api

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Problem is one thing wrong in a file that a user wrote.
type Problem struct {
	// File as the user named it; Line and Column count from 1, 0 is unknown.
	File   string
	Line   int
	Column int
	// Path in the file: "resources.accelerators", "envs.HOME", "[1].run".
	Path string
	// Message says what is wrong, what is allowed, and how to mend it.
	Message string
}

func (p Problem) String() string {
	var b strings.Builder
	if p.File != "" {
		b.WriteString(p.File)
		b.WriteByte(':')
	}
	if p.Line > 0 {
		fmt.Fprintf(&b, "%d:%d:", p.Line, p.Column)
	}
	if b.Len() > 0 {
		b.WriteByte(' ')
	}
	if p.Path != "" {
		b.WriteString(p.Path)
		b.WriteString(": ")
	}
	b.WriteString(p.Message)
	return b.String()
}

// InvalidSpec is returned for a file or an option that cannot be right. It
// holds every problem that was found, and nothing was created.
type InvalidSpec struct{ Problems []Problem }

func (e *InvalidSpec) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// Invalid makes an InvalidSpec of one problem outside any file.
func Invalid(path, format string, args ...any) *InvalidSpec {
	return &InvalidSpec{Problems: []Problem{{Path: path, Message: fmt.Sprintf(format, args...)}}}
}

// JoinInvalid makes one InvalidSpec of the problems of all errs. An error of
// another kind wins and is returned as it is; nil errors are passed over.
func JoinInvalid(errs ...error) error {
	var all []Problem
	for _, err := range errs {
		var inv *InvalidSpec
		switch {
		case err == nil:
		case errors.As(err, &inv):
			all = append(all, inv.Problems...)
		default:
			return err
		}
	}
	if len(all) == 0 {
		return nil
	}
	return &InvalidSpec{Problems: slices.Clip(all)}
}

// NotSupported is returned for what is right but cannot be done by this
// build.
type NotSupported struct{ Message string }

func (e *NotSupported) Error() string { return e.Message }

// NotFound is returned when a task, a volume or a namespace does not exist.
type NotFound struct {
	Kind, Name, Namespace string
	// Hint says where else to look.
	Hint string
}

func (e *NotFound) Error() string {
	msg := fmt.Sprintf("%s %q not found", e.Kind, e.Name)
	if e.Namespace != "" {
		msg += fmt.Sprintf(" in namespace %q", e.Namespace)
	}
	if e.Hint != "" {
		msg += ": " + e.Hint
	}
	return msg
}

// Forbidden is returned when the API server says 401 or 403.
type Forbidden struct {
	// Message names the user, the verb and the resource that are missing.
	Message string
	// Right is what is missing, such as "list nodes in the whole cluster"; empty
	// where it is no right of the API server's.
	Right string
	Cause error
}

func (e *Forbidden) Error() string { return e.Message }
func (e *Forbidden) Unwrap() error { return e.Cause }

// Conflict is returned when something else of that name is there, or when a
// thing is in use.
type Conflict struct {
	Message string
	Cause   error
}

func (e *Conflict) Error() string { return e.Message }
func (e *Conflict) Unwrap() error { return e.Cause }

// NotInstalled is returned when the cluster lacks something it must have.
type NotInstalled struct{ Message string }

func (e *NotInstalled) Error() string { return e.Message }

// Unavailable is returned when the cluster cannot be reached or does not
// answer for the time being.
type Unavailable struct {
	Message string
	Cause   error
}

func (e *Unavailable) Error() string { return e.Message }
func (e *Unavailable) Unwrap() error { return e.Cause }

// TimedOut is returned when a wait was longer than its limit. The thing that
// was waited for may still happen.
type TimedOut struct {
	After time.Duration
	Last  string
}

func (e *TimedOut) Error() string {
	msg := fmt.Sprintf("timed out after %s", e.After)
	if e.Last != "" {
		msg += ": " + e.Last
	}
	return msg
}

// TaskFailed is returned when a task that was waited for ended otherwise than
// Succeeded.
type TaskFailed struct{ Task *TaskStatus }

func (e *TaskFailed) Error() string {
	msg := fmt.Sprintf("task %s %s", e.Task.Name, strings.ToLower(string(e.Task.State)))
	if e.Task.Reason != "" {
		msg += ": " + e.Task.Reason
	}
	return msg
}
