// Package watched follows the changes of Kubernetes objects by informers: it queues the
// keys of changed objects, and distinguishes temporary refusals from lasting ones.
package watched

import (
	"context"
	"sync"
)

// Keys is a queue of unique keys, safe for concurrent use.
type Keys struct {
	mu     sync.Mutex
	keys   []string
	queued map[string]bool
	wake   chan struct{}
}

// NewKeys returns an empty queue.
func NewKeys() *Keys { return &Keys{queued: map[string]bool{}, wake: make(chan struct{}, 1)} }

// Add appends key unless it is queued.
func (k *Keys) Add(key string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.queued[key] {
		return
	}
	k.queued[key], k.keys = true, append(k.keys, key)
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

// take removes up to most keys.
func (k *Keys) take(most int) []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	n := min(len(k.keys), most)
	taken := k.keys[:n:n]
	k.keys = k.keys[n:]
	for _, key := range taken {
		delete(k.queued, key)
	}
	return taken
}

// Next waits for keys and removes up to most of them. It returns nil when ctx has
// ended.
func (k *Keys) Next(ctx context.Context, most int) []string {
	for {
		if taken := k.take(most); len(taken) > 0 {
			return taken
		}
		select {
		case <-ctx.Done():
			return nil
		case <-k.wake:
		}
	}
}
