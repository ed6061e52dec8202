package main

import (
	"context"
	"io"
)

const startPairs = 21

// measureStart starts both programs to print their help.
func measureStart(ctx context.Context, e *env) ([]figure, error) {
	start := func(program string) func(int) (float64, error) {
		return func(int) (float64, error) {
			p, err := run(ctx, io.Discard, program, "--help")
			return p.took.Seconds(), err
		}
	}
	// The first run of each reads its program from the disk.
	if _, err := turns(1, start(e.vast), start(e.kubectl)); err != nil {
		return nil, err
	}
	p, err := turns(startPairs, start(e.vast), start(e.kubectl))
	if err != nil {
		return nil, err
	}
	return []figure{p.figure("start-up: kubectl-vast --help / kubectl --help", bound{}, seconds)}, nil
}
