package task

import (
	"sync"
	"time"
)

// patience is how long somebody who was allowed to do something before may be
// refused: an API server that has just started refuses nearly everybody until
// it has read the cluster's rules.
const patience = 30 * time.Second

// refusals tells those that will pass from those that last.
type refusals struct {
	mu          sync.Mutex
	first, last time.Time
	count       int
}

// enough is how many refusals it takes: of two that are far apart, the server
// may have been away between them.
const enough = 5

// lasting is told of each refusal and reports whether they have been coming
// for longer than patience. Those of long ago do not count.
func (r *refusals) lasting(now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now.Sub(r.last) > 3*patience {
		r.first, r.count = now, 0
	}
	r.last = now
	r.count++
	return r.count >= enough && now.Sub(r.first) > patience
}
