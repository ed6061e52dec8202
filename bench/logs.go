package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"hash"
	"io"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/spec"
)

const (
	logsPairs = 5
	logLines  = 1_000_000
	logLine   = 100 // bytes, the newline included
	ready     = "ready\n"
)

// printingTask prints 100 MB as fast as it can, once its reader is there: a
// node keeps only the newest 10 MiB of a log for those who come later.
var printingTask = fmt.Sprintf(`
run: |
  exec python3 -c '
  import os, sys, time
  blocks = [b"".join(b"%%0%dd\n" %% i for i in range(first, first + 1000)) for first in range(0, %d, 1000)]
  out = sys.stdout.buffer
  out.write(b"ready\n")
  out.flush()
  while not os.path.exists("/tmp/go"):
      time.sleep(0.05)
  for block in blocks:
      out.write(block)
      out.flush()
  '
`, logLine-1, logLines)

// measureLogs follows 100 MB, a task for each reader.
func measureLogs(ctx context.Context, e *env) ([]figure, error) {
	namespace, remove, err := e.namespace(ctx)
	if err != nil {
		return nil, err
	}
	defer remove()
	t, err := e.task(printingTask)
	if err != nil {
		return nil, err
	}
	m := &logsMeter{env: e, namespace: namespace, task: t, want: expected()}
	var peaks, cpu, whole pairs
	var lost [2][]string
	measure := func(name string, argv func(job, pod string) []string, peak, cpu, took *[]float64, lost *[]string) func(int) (float64, error) {
		return func(int) (float64, error) {
			r, err := m.read(ctx, argv)
			if err != nil {
				return 0, err
			}
			*peak, *cpu, *took = append(*peak, float64(r.peak)), append(*cpu, r.cpu.Seconds()), append(*took, r.took.Seconds())
			if problem := r.compare(m.want); problem != "" {
				*lost = append(*lost, problem)
			}
			e.progress("logs: %s read %.1f MB at %s, %s, %.1f s of CPU; it said %q", name, float64(r.bytes)/1e6,
				megabytesPerSecond(r.rate()), mebibytes(float64(r.peak)), r.cpu.Seconds(), r.said)
			return r.rate(), nil
		}
	}
	p, err := turns(logsPairs,
		measure("kubectl vast", func(job, _ string) []string {
			return []string{e.vast, "--kubeconfig", e.kubeconfig, "-n", namespace, "logs", "-f", job}
		}, &peaks.ours, &cpu.ours, &whole.ours, &lost[0]),
		measure("kubectl", func(_, pod string) []string {
			return []string{e.kubectl, "--kubeconfig", e.kubeconfig, "-n", namespace, "logs", "-f", pod, "-c", kube.ContainerTask}
		}, &peaks.theirs, &cpu.theirs, &whole.theirs, &lost[1]))
	if err != nil {
		return nil, err
	}
	rate := p.figure("logs -f of 100 MB: kubectl vast / kubectl", atLeast(1), megabytesPerSecond)
	rate.notes = []string{lossNote("kubectl vast", lost[0]), lossNote("kubectl", lost[1])}
	return []figure{
		rate,
		peaks.figure("  peak memory of these", bound{}, mebibytes),
		limit("  peak memory of kubectl vast / 64 MiB", peaks.ours, 64<<20),
		cpu.figure("  CPU time of these", bound{}, seconds),
		whole.figure("  from start to exit of these", bound{}, seconds),
	}, nil
}

// limit holds the worst of some measurements against a limit.
func limit(what string, ours []float64, limit float64) figure {
	worst := slices.Max(ours)
	return figure{what: what, ours: mebibytes(worst), theirs: mebibytes(limit), ratio: worst / limit,
		from: slices.Min(ours) / limit, to: worst / limit, bound: bound{limit: 0.995, text: "< 1.00"},
		runs: fmt.Sprintf("worst of %d", len(ours))}
}

func lossNote(who string, problems []string) string {
	if len(problems) == 0 {
		return who + " delivered every byte in every run"
	}
	return fmt.Sprintf("%s was wrong in %d of %d runs: %s", who, len(problems), logsPairs, problems)
}

// logsMeter reads one task's log after the other.
type logsMeter struct {
	*env
	namespace string
	task      *spec.Task
	want      [sha256.Size]byte
}

// expected is the hash of what the task prints.
func expected() [sha256.Size]byte {
	h := sha256.New()
	for i := range logLines {
		fmt.Fprintf(h, "%0*d\n", logLine-1, i)
	}
	return [sha256.Size]byte(h.Sum(nil))
}

// read submits a task, starts its reader, and lets the task print when the
// reader has shown that it is there.
func (m *logsMeter) read(ctx context.Context, argv func(job, pod string) []string) (*reading, error) {
	client, err := m.client(m.namespace)
	if err != nil {
		return nil, err
	}
	t, err := client.Tasks().Submit(ctx, m.task, api.SubmitOptions{})
	if err != nil {
		return nil, err
	}
	pod, err := m.runningPod(ctx, t.Name)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	r := &reading{hash: sha256.New(), ready: func() {
		go func() {
			if _, err := run(ctx, io.Discard, m.kubectl, "--kubeconfig", m.kubeconfig, "-n", m.namespace,
				"exec", pod, "-c", kube.ContainerTask, "--", "touch", "/tmp/go"); err != nil {
				cancel(err)
			}
		}()
	}}
	if r.process, err = run(ctx, r, argv(t.Name, pod)...); err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		return nil, err
	}
	return r, m.clear(ctx, m.namespace)
}

func (m *logsMeter) runningPod(ctx context.Context, job string) (name string, err error) {
	err = waitFor(ctx, "a running pod", func(ctx context.Context) (bool, error) {
		pods, err := m.kube.CoreV1().Pods(m.namespace).List(ctx, metav1.ListOptions{LabelSelector: "batch.kubernetes.io/job-name=" + job})
		if err != nil || len(pods.Items) == 0 || pods.Items[0].Status.Phase != corev1.PodRunning {
			return false, err
		}
		name = pods.Items[0].Name
		return true, nil
	})
	return name, err
}

// reading is what a reader's standard output is written to.
type reading struct {
	process
	ready func() // called when the reader is there

	head        []byte // before the log proper begins
	begun       bool
	bytes       int64
	hash        hash.Hash
	first, last time.Time
}

// Write implements io.Writer.
func (r *reading) Write(p []byte) (int, error) {
	n := len(p)
	if !r.begun {
		r.head = append(r.head, p...)
		_, rest, found := bytes.Cut(r.head, []byte(ready))
		if !found {
			return n, nil
		}
		r.begun, p = true, rest
		r.ready()
	}
	if len(p) > 0 {
		r.last = time.Now()
		if r.first.IsZero() {
			r.first = r.last
		}
		r.bytes += int64(len(p))
		r.hash.Write(p)
	}
	return n, nil
}

// rate is counted from the first byte to the last.
func (r *reading) rate() float64 { return float64(r.bytes) / r.last.Sub(r.first).Seconds() }

// compare returns what was lost, if anything.
func (r *reading) compare(want [sha256.Size]byte) string {
	switch missing := int64(logLines*logLine) - r.bytes; {
	case missing > 0:
		return fmt.Sprintf("%d bytes are missing", missing)
	case missing < 0:
		return fmt.Sprintf("%d bytes are too many", -missing)
	case [sha256.Size]byte(r.hash.Sum(nil)) != want:
		return "the bytes are others"
	default:
		return ""
	}
}
