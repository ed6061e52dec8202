package storetest

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
)

// report takes the problems of one rule, as a testing.T does, for who expects some.
type report struct {
	ctx context.Context // as a testing.T has it

	mu       sync.Mutex
	problems []string
}

func (r *report) Context() context.Context { return r.ctx }

// Helper is testing.T's: the reported place is that in the rule.
func (*report) Helper() {}

func (r *report) Error(args ...any) { r.add(fmt.Sprintln(args...)) }

func (r *report) Errorf(format string, args ...any) { r.add(fmt.Sprintf(format, args...)) }

// Fatal ends the goroutine of the rule.
func (r *report) Fatal(args ...any) {
	r.add(fmt.Sprintln(args...))
	runtime.Goexit()
}

func (r *report) add(problem string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.problems = append(r.problems, place()+strings.TrimSpace(problem))
}

// place is where in the rules the caller of report is.
func place() string {
	var callers [16]uintptr
	frames := runtime.CallersFrames(callers[:runtime.Callers(3, callers[:])])
	for {
		frame, more := frames.Next()
		file := filepath.Base(frame.File)
		if strings.Contains(frame.Function, "/storetest.") && file != "storetest.go" && file != "report.go" {
			return fmt.Sprintf("%s:%d: ", file, frame.Line)
		}
		if !more {
			return ""
		}
	}
}
