package logs

import "sync"

// link reports once that the cluster is unavailable, and once that it is back.
type link struct {
	mu   sync.Mutex
	down bool
}

// set returns whether the state has changed.
func (l *link) set(down bool) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	was := l.down
	l.down = down
	return was != down
}

func (s *session) lost() {
	if s.link.set(true) {
		s.notify("lost the connection to the cluster, trying again")
	}
}

func (s *session) back() {
	if s.link.set(false) {
		s.notify("connected to the cluster again")
	}
}
