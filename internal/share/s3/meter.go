package s3

import "sync"

// meter adds up how much of each part has been sent.
type meter struct {
	mu     sync.Mutex
	sent   map[int]int64
	total  int64
	notify func(int64)
}

// set records that so many bytes of part n are sent. They go back if it is sent again.
func (m *meter) set(n int, bytes int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.sent == nil {
		m.sent = map[int]int64{}
	}
	m.total += bytes - m.sent[n]
	m.sent[n] = bytes
	if m.notify != nil {
		m.notify(m.total)
	}
}
