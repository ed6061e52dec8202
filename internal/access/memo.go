package access

import (
	"sync"
	"time"
)

// Memo caches values that many submissions need one after the other. Errors are
// not cached. It is safe for concurrent use; concurrent calls for the same key
// wait for one answer.
type Memo[K comparable, V any] struct {
	// Keep is how long an answer counts.
	Keep time.Duration

	mu      sync.Mutex
	answers map[K]*answer[V]
}

type answer[V any] struct {
	mu    sync.Mutex
	value V
	until time.Time
}

// Get returns the cached value, or that of ask.
func (m *Memo[K, V]) Get(key K, ask func() (V, error)) (V, error) {
	m.mu.Lock()
	if m.answers == nil {
		m.answers = map[K]*answer[V]{}
	}
	a := m.answers[key]
	if a == nil {
		a = &answer[V]{}
		m.answers[key] = a
	}
	m.mu.Unlock()

	a.mu.Lock()
	defer a.mu.Unlock()
	if time.Now().Before(a.until) {
		return a.value, nil
	}
	value, err := ask()
	if err != nil {
		var none V
		return none, err
	}
	a.value, a.until = value, time.Now().Add(m.Keep)
	return value, nil
}
