package store

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/minio/minio-go/v7"

	"github.com/kubevast/vast/sdk/api"
)

const (
	// patience is how long a store may be away that has answered before: its
	// pod may be replaced, for example, and has to wait for a node.
	patience = 5 * time.Minute
	// firstPatience is the same for a store that has never answered.
	firstPatience = 10 * time.Second

	// fullPatience is the same for a store that has no space left, FailWhenFull.
	fullPatience = 5 * time.Second

	firstPause = 500 * time.Millisecond
	longPause  = 8 * time.Second
)

// retry does f again while it fails for reasons that pass, with growing pauses.
// The S3 client below has done so within some seconds already.
func (s *Store) retry(ctx context.Context, f func() error) error {
	pause, began := firstPause, time.Now()
	for {
		err := f()
		switch {
		case isUntrusted(err):
			// While the store is away another one may answer in its place, such as
			// a proxy on the way out of the cluster.
			if !s.reached.Load() {
				return err
			}
		case err == nil || !passes(err):
			s.reached.Store(true)
			return err
		}
		limit := s.patience
		if limit == 0 {
			limit = firstPatience
			if s.reached.Load() {
				limit = patience
			}
		}
		if s.full && isFull(minio.ToErrorResponse(err)) {
			limit = min(limit, fullPatience)
		}
		if ctx.Err() != nil || time.Since(began)+pause > limit {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(pause/2 + rand.N(pause)): // not a secret
		}
		pause = min(2*pause, longPause)
	}
}

// passes reports whether a failure may be over in a moment.
func passes(err error) bool {
	var (
		answer      minio.ErrorResponse
		unavailable *api.UnavailableError
	)
	switch {
	case errors.Is(err, context.Canceled):
		return false
	case errors.As(err, &unavailable):
		return true
	case apiError(err) != nil, isChanged(err):
		return false
	case errors.As(err, &answer):
		return answer.StatusCode >= http.StatusInternalServerError && answer.StatusCode != http.StatusNotImplemented ||
			answer.StatusCode == http.StatusTooManyRequests || answer.StatusCode == http.StatusRequestTimeout
	case isUntrusted(err):
		return false
	}
	return !errors.Is(err, http.ErrSchemeMismatch)
}
