package watched

import (
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/client-go/tools/cache"
)

// Follow adds the key of each object that informer adds, updates or deletes to keys,
// and removes the managed fields of its objects. refused receives a refusal that
// retrying cannot fix. The informer must not run yet.
func Follow(informer cache.SharedIndexInformer, keys *Keys, key func(obj any) string, refused func(error)) error {
	if err := informer.SetTransform(WithoutManagedFields); err != nil {
		return err
	}
	if _, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(obj any) { keys.Add(key(obj)) },
		UpdateFunc: func(_, obj any) { keys.Add(key(obj)) },
		DeleteFunc: func(obj any) { keys.Add(key(obj)) },
	}); err != nil {
		return err
	}
	var refusals Refusals
	return informer.SetWatchErrorHandler(func(_ *cache.Reflector, err error) {
		// The informer retries temporary errors.
		no := apierrors.IsForbidden(err) || apierrors.IsUnauthorized(err)
		if no && (!informer.HasSynced() || refusals.Lasting(time.Now())) {
			refused(err)
		}
	})
}

// WithoutManagedFields is a transform of an informer that saves memory.
func WithoutManagedFields(obj any) (any, error) {
	if m, err := meta.Accessor(obj); err == nil {
		m.SetManagedFields(nil)
	}
	return obj, nil
}

// patience is how long Forbidden errors after earlier successes are tolerated: an API
// server that has just started returns them until it has read the RBAC rules.
const patience = 30 * time.Second

// Refusals distinguishes temporary Forbidden errors from lasting ones.
type Refusals struct {
	mu          sync.Mutex
	first, last time.Time
	count       int
}

// enough is the number of errors that count as lasting: between two that are far apart
// the server may have been unavailable.
const enough = 5

// Lasting records an error and reports whether they have occurred for longer than
// patience. Old ones do not count.
func (r *Refusals) Lasting(now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now.Sub(r.last) > 3*patience {
		r.first, r.count = now, 0
	}
	r.last = now
	r.count++
	return r.count >= enough && now.Sub(r.first) > patience
}
