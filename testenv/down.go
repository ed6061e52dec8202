package testenv

import (
	"context"
	"fmt"

	"github.com/kubevast/vast/testenv/internal/cache"
	"github.com/kubevast/vast/testenv/internal/engine"
)

// Down removes the cluster, and stops the Docker engine if Up started it and nothing
// else runs on it. What was built stays in the cache. A cluster that was there before
// is never touched.
func Down(ctx context.Context, opts Options) error {
	s, err := opts.resolve()
	if err != nil {
		return err
	}
	if s.Kubeconfig != "" {
		return fmt.Errorf("the cluster of %s is not removed: %w", s.Kubeconfig, ErrNotKind)
	}
	path, err := s.cache.Path("clusters", s.Name, "lock")
	if err != nil {
		return err
	}
	unlock, err := cache.Lock(ctx, path)
	if err != nil {
		return err
	}
	defer unlock()
	if !engine.Running(ctx) {
		// The containers, if there are any, come to light with the engine: Up finds
		// them half dead then and makes the cluster again.
		s.progress("no Docker engine answers, so no cluster runs")
		return s.forget()
	}
	if err := s.remove(); err != nil {
		return err
	}
	docker := &engine.Engine{Cache: s.cache, Root: s.root, Progress: s.progress}
	return docker.StopIfIdle(ctx)
}
