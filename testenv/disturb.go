package testenv

import (
	"context"

	"github.com/kubevast/vast/testenv/internal/cache"
)

// Alone waits until no other holder of this lock uses the default cluster, and returns
// what releases it. Tests that stop a node or the API server hold it, and so do test programs
// that run beside them and would take that for a failure.
func Alone(ctx context.Context) (release func(), err error) {
	dir, err := cache.Open()
	if err != nil {
		return nil, err
	}
	path, err := dir.Path("clusters", "alone.lock")
	if err != nil {
		return nil, err
	}
	return cache.Lock(ctx, path)
}
