package main

import (
	"context"
	"errors"
	"time"

	"github.com/kubevast/vast/internal/history"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/internal/workflow/driver"
	"github.com/kubevast/vast/sdk/api"
)

// keepTries is how often the record of a run is written, keepPause the pause between two, and
// keepPatience how long each of them waits for a store that is not available: the run stays in
// the cluster otherwise, and nothing is lost.
const (
	keepTries    = 5
	keepPause    = 10 * time.Second
	keepPatience = time.Minute
)

// keepRun adds a run that has ended to the history, if the namespace has a store. A run that
// cannot be added stays in the cluster, and a client adds it later.
func keepRun(ctx context.Context, o driver.Options) error {
	s, err := store.FromEnv(store.WithPatience(keepPatience), store.FailWhenFull())
	if missing := (*api.NotInstalledError)(nil); errors.As(err, &missing) {
		return nil
	}
	if err != nil {
		o.Log("the run is not added to the history: %v", err)
		return nil
	}
	defer s.Close()
	log := history.Open(s, o.Namespace)
	for n := 1; ; n++ {
		err := driver.Keep(ctx, o.API, o.Namespace, o.Run, log)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err == nil:
			return nil
		case n == keepTries:
			o.Log("the run is not added to the history, and stays in the cluster: %v", err)
			return nil
		}
		o.Log("the history: %v; trying again in %s", err, keepPause)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(keepPause):
		}
	}
}
