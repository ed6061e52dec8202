package api

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Problem is one thing that is wrong in a file or in the options of a call.
type Problem struct {
	// File as the user named it; Line and Column count from 1, 0 is unknown.
	File   string
	Line   int
	Column int
	// Option is the field of a method's options that is wrong, such as "Configs";
	// empty for a problem of a file.
	Option string
	// Path in the file: "resources.accelerators", "envs.HOME", "[1].run"; for an
	// option that is a map, the key.
	Path string
	// Message is what is wrong, what is allowed, and how to fix it.
	Message string
	// Remedies are what a caller can do besides correcting the file.
	Remedies []Remedy
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
	if where := strings.TrimSpace(p.Option + " " + p.Path); where != "" {
		b.WriteString(where)
		b.WriteString(": ")
	}
	b.WriteString(p.Message)
	return b.String()
}

// InvalidSpecError is returned for a file or an option that cannot be right. It
// holds every problem that was found, and nothing was created.
type InvalidSpecError struct{ Problems []Problem }

func (e *InvalidSpecError) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// Invalid makes an InvalidSpecError of one problem outside any file.
func Invalid(path, format string, args ...any) *InvalidSpecError {
	return &InvalidSpecError{Problems: []Problem{{Path: path, Message: fmt.Sprintf(format, args...)}}}
}

// InvalidOption returns an InvalidSpecError about one field of a method's options.
func InvalidOption(option, format string, args ...any) *InvalidSpecError {
	return &InvalidSpecError{Problems: []Problem{{Option: option, Message: fmt.Sprintf(format, args...)}}}
}

// JoinInvalid makes one InvalidSpecError of the problems of all errs. An error of
// another kind wins and is returned as it is; nil errors are passed over.
func JoinInvalid(errs ...error) error {
	var all []Problem
	for _, err := range errs {
		var inv *InvalidSpecError
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
	return &InvalidSpecError{Problems: slices.Clip(all)}
}

// NotSupportedError is returned for what is right but cannot be done by this
// build.
type NotSupportedError struct {
	Message  string
	Remedies []Remedy
}

func (e *NotSupportedError) Error() string      { return e.Message }
func (e *NotSupportedError) remedies() []Remedy { return e.Remedies }

// NotFoundError is returned when a task, a volume or a namespace does not exist.
type NotFoundError struct {
	Kind, Name, Namespace string
	// Hint says where else to look.
	Hint     string
	Remedies []Remedy
}

func (e *NotFoundError) remedies() []Remedy { return e.Remedies }

func (e *NotFoundError) Error() string {
	msg := fmt.Sprintf("%s %q not found", e.Kind, e.Name)
	if e.Name == "" {
		msg = fmt.Sprintf("no %s found", e.Kind)
	}
	if e.Namespace != "" {
		msg += fmt.Sprintf(" in namespace %q", e.Namespace)
	}
	if e.Hint != "" {
		msg += ": " + e.Hint
	}
	return msg
}

// ForbiddenError is returned when the API server responds with 401 or 403.
type ForbiddenError struct {
	// Message names the user, the verb and the resource that are missing.
	Message string
	// Right is what is missing, such as "list nodes in the whole cluster"; empty
	// where it is no right of the API server's.
	Right    string
	Cause    error
	Remedies []Remedy
}

func (e *ForbiddenError) Error() string      { return e.Message }
func (e *ForbiddenError) Unwrap() error      { return e.Cause }
func (e *ForbiddenError) remedies() []Remedy { return e.Remedies }

// ConflictError is returned when something else of that name is there, or when a
// thing is in use.
type ConflictError struct {
	Message  string
	Cause    error
	Remedies []Remedy
}

func (e *ConflictError) Error() string      { return e.Message }
func (e *ConflictError) Unwrap() error      { return e.Cause }
func (e *ConflictError) remedies() []Remedy { return e.Remedies }

// NotInstalledError is returned when the cluster lacks something it must have.
type NotInstalledError struct {
	Message  string
	Remedies []Remedy
}

func (e *NotInstalledError) Error() string      { return e.Message }
func (e *NotInstalledError) remedies() []Remedy { return e.Remedies }

// UnavailableError is returned when the cluster cannot be reached or does not
// answer for the time being.
type UnavailableError struct {
	Message  string
	Cause    error
	Remedies []Remedy
}

func (e *UnavailableError) Error() string      { return e.Message }
func (e *UnavailableError) Unwrap() error      { return e.Cause }
func (e *UnavailableError) remedies() []Remedy { return e.Remedies }

// TimedOutError is returned when a wait was longer than its limit. The thing that
// was waited for may still happen.
type TimedOutError struct {
	After    time.Duration
	Last     string
	Remedies []Remedy
}

func (e *TimedOutError) remedies() []Remedy { return e.Remedies }

func (e *TimedOutError) Error() string {
	msg := fmt.Sprintf("timed out after %s", e.After)
	if e.Last != "" {
		msg += ": " + e.Last
	}
	return msg
}

// TaskFailedError is returned when a task that was waited for ended otherwise than
// Succeeded.
type TaskFailedError struct{ Task *TaskStatus }

func (e *TaskFailedError) Error() string {
	msg := fmt.Sprintf("task %s %s", e.Task.Name, strings.ToLower(string(e.Task.State)))
	if e.Task.Reason != "" {
		msg += ": " + e.Task.Reason
	}
	return msg
}

// IsInvalidSpec and its like report whether err is, or wraps, an error of that
// type.
func IsInvalidSpec(err error) bool { return is[*InvalidSpecError](err) }

func IsNotSupported(err error) bool { return is[*NotSupportedError](err) }
func IsNotFound(err error) bool     { return is[*NotFoundError](err) }
func IsForbidden(err error) bool    { return is[*ForbiddenError](err) }
func IsConflict(err error) bool     { return is[*ConflictError](err) }
func IsNotInstalled(err error) bool { return is[*NotInstalledError](err) }
func IsUnavailable(err error) bool  { return is[*UnavailableError](err) }
func IsTimedOut(err error) bool     { return is[*TimedOutError](err) }
func IsTaskFailed(err error) bool   { return is[*TaskFailedError](err) }

func is[E error](err error) bool {
	var e E
	return errors.As(err, &e)
}
