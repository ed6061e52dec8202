// Package run starts other programs. What a program printed is part of the error
// when it fails: the one place where the reason stands.
package run

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

// Cmd is a program to be run; the zero value of every field but Args will do.
type Cmd struct {
	Args  []string
	Dir   string
	Env   []string // added to the environment of this process
	Stdin io.Reader
	// Stdout receives the standard output as it comes; it is neither returned nor
	// part of an error then.
	Stdout io.Writer
}

// outputKept is how much of a failed program's output goes into the error: its
// end, where programs usually print what went wrong.
const outputKept = 4 << 10

// Command is short for a Cmd that has nothing but arguments.
func Command(args ...string) Cmd { return Cmd{Args: args} }

// Run runs the program and waits for its end.
func (c Cmd) Run(ctx context.Context) error {
	_, err := c.Output(ctx)
	return err
}

// Output runs the program and returns what it wrote to its standard output.
func (c Cmd) Output(ctx context.Context) ([]byte, error) {
	var stdout, both bytes.Buffer
	cmd := exec.CommandContext(ctx, c.Args[0], c.Args[1:]...)
	cmd.Dir = c.Dir
	cmd.Stdin = c.Stdin
	if len(c.Env) > 0 {
		cmd.Env = append(os.Environ(), c.Env...)
	}
	shared := &syncWriter{w: &both}
	cmd.Stdout = io.MultiWriter(&stdout, shared)
	if c.Stdout != nil {
		cmd.Stdout = c.Stdout
	}
	cmd.Stderr = shared
	// A grandchild that keeps the pipes open must not keep us waiting for ever.
	cmd.WaitDelay = 10 * time.Second
	if err := cmd.Run(); err != nil {
		return stdout.Bytes(), &Error{Args: c.Args, Output: tail(both.String()), Err: err}
	}
	return stdout.Bytes(), nil
}

// Error is a program that could not be run or did not end well.
type Error struct {
	Args   []string
	Output string
	Err    error
}

func (e *Error) Error() string {
	line := strings.Join(e.Args, " ")
	if len(line) > 200 {
		line = line[:200] + "..."
	}
	if e.Output == "" {
		return fmt.Sprintf("%s: %v", line, e.Err)
	}
	return fmt.Sprintf("%s: %v\n%s", line, e.Err, e.Output)
}

// Unwrap returns the error of os/exec.
func (e *Error) Unwrap() error { return e.Err }

func tail(s string) string {
	s = strings.TrimSpace(s)
	if len(s) > outputKept {
		s = "..." + s[len(s)-outputKept:]
	}
	return s
}
