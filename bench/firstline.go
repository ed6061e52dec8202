package main

import (
	"bytes"
	"context"
	"os"
	"time"
)

const (
	firstLinePairs = 9
	greeting       = "the first line"
)

// measureFirstLine takes the time from the start of a command that submits to
// the first log line on its standard output. The bare side is a program that
// creates the plainest Job there is, watches its pod and follows its log.
func measureFirstLine(ctx context.Context, e *env) ([]figure, error) {
	namespace, remove, err := e.namespace(ctx)
	if err != nil {
		return nil, err
	}
	defer remove()
	dir, err := os.MkdirTemp("", "vast-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path, err := file(dir, "task.yaml", e.taskText("run: echo "+greeting+"\n"))
	if err != nil {
		return nil, err
	}
	until := func(argv ...string) func(int) (float64, error) {
		return func(int) (float64, error) {
			w := &firstLine{began: time.Now()}
			if _, err := run(ctx, w, argv...); err != nil {
				return 0, err
			}
			return w.took.Seconds(), e.clear(ctx, namespace)
		}
	}
	ours := until(e.vast, "--kubeconfig", e.kubeconfig, "-n", namespace, "submit", path)
	theirs := until(e.self, "barejob", e.kubeconfig, namespace, e.image)
	// The first pod may have to wait for its image.
	if _, err := turns(1, ours, theirs); err != nil {
		return nil, err
	}
	p, err := turns(firstLinePairs, ours, theirs)
	if err != nil {
		return nil, err
	}
	return []figure{p.figure("from submit to first log line: kubectl vast submit / bare Job", atMost(1.1), seconds)}, nil
}

// firstLine notes when the first log line arrives.
type firstLine struct {
	began time.Time
	seen  []byte
	took  time.Duration
}

// Write implements io.Writer.
func (f *firstLine) Write(p []byte) (int, error) {
	if f.took == 0 {
		f.seen = append(f.seen, p...)
		if bytes.Contains(f.seen, []byte(greeting)) {
			f.took = time.Since(f.began)
		}
	}
	return len(p), nil
}
