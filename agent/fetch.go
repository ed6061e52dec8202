package main

import (
	"context"
	"io"
	"os"

	"github.com/kubevast/vast/agent/fetcher"
	"github.com/kubevast/vast/internal/store"
)

// runFetch is the init container that brings a pod's inputs.
func runFetch(ctx context.Context, _ []string, _ io.Writer) error {
	o, err := fetcher.FromEnv(os.Getenv)
	if err != nil {
		return err
	}
	f := &fetcher.Fetcher{Getenv: os.Getenv, Store: func() (store.Backend, error) { return store.FromEnv() }}
	return f.Fetch(ctx, o)
}
