package task

import (
	"context"
	"sync"
)

// changes is a queue of keys in which each stands at most once.
type changes struct {
	mu     sync.Mutex
	keys   []string
	queued map[string]bool
	wake   chan struct{}
}

func newChanges() *changes {
	return &changes{queued: map[string]bool{}, wake: make(chan struct{}, 1)}
}

func (c *changes) add(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.queued[key] {
		return
	}
	c.queued[key], c.keys = true, append(c.keys, key)
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

func (c *changes) pop() (string, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.keys) == 0 {
		return "", false
	}
	key := c.keys[0]
	c.keys = c.keys[1:]
	delete(c.queued, key)
	return key, true
}

// next waits for a key; false means that ctx has ended.
func (m *mirror) next(ctx context.Context) (string, bool) {
	for {
		if key, ok := m.changed.pop(); ok {
			return key, true
		}
		select {
		case <-ctx.Done():
			return "", false
		case <-m.changed.wake:
		}
	}
}
