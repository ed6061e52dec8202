package main

import (
	"context"
	"fmt"
	"io"
)

const (
	setupRuns  = 3
	setupBound = 60 // seconds
)

// measureSetup sets up new namespaces, each with a store of its own, on a
// cluster that has Kueue. There is nothing to compare with; the bound is a time,
// and replaces the other side.
func measureSetup(ctx context.Context, e *env) ([]figure, error) {
	var p pairs
	for range setupRuns {
		took, err := e.setup(ctx)
		if err != nil {
			return nil, err
		}
		p.ours, p.theirs = append(p.ours, took), append(p.theirs, setupBound)
	}
	f := p.figure("cluster setup of a namespace, until all is ready / 60 s", atMost(1), seconds)
	f.runs = fmt.Sprintf("%d runs", setupRuns)
	return []figure{f}, nil
}

// setup makes a namespace, sets it up, and takes that back.
func (e *env) setup(ctx context.Context) (float64, error) {
	namespace, remove, err := e.namespace(ctx)
	if err != nil {
		return 0, err
	}
	defer remove()
	command := func(ctx context.Context, words ...string) (process, error) {
		return run(ctx, io.Discard, append([]string{e.vast, "--kubeconfig", e.kubeconfig, "-n", namespace, "cluster"}, words...)...)
	}
	p, err := command(ctx, "setup", "kind")
	// What the namespaces share goes with the last one of them.
	if _, cleanErr := command(context.WithoutCancel(ctx), "cleanup", "--yes", "--force"); err == nil {
		err = cleanErr
	}
	return p.took.Seconds(), err
}
