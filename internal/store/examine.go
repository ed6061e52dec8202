package store

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/minio/minio-go/v7"
	"golang.org/x/sync/errgroup"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
)

// Lack is something that a store does not do as it has to. Not all that calls
// itself S3 does the same.
type Lack struct {
	// What is a sentence, and Fix what to do about it.
	What, Fix string
	// Loses: with it results would be lost or mixed up. Otherwise the store can be
	// used, and has less to protect itself with.
	Loses bool
}

const (
	anotherStore = "use another S3 server"
	cleanupTime  = 30 * time.Second
)

// Examine tries on some small objects of its own below "probes/" whether the store
// keeps the rules of Backend, and removes them. It takes the rights to put, get,
// list and delete objects. Examinations do not get into each other's way. An error
// is one of the way to the store, or of the rights.
func (s *Store) Examine(ctx context.Context) ([]Lack, error) {
	e := &examination{s: s, prefix: Probes + kube.NewID() + "/"}
	// One request shows problems with the connection to the store, or with the rights.
	lack, err := e.replaced(ctx)
	found := []*Lack{lack}
	if err == nil {
		checks := []func(context.Context) (*Lack, error){e.names, e.ranges, e.inParts, e.metadata, e.announced, e.absent}
		results := make([]*Lack, len(checks))
		var group errgroup.Group
		for i, check := range checks {
			group.Go(func() (err error) {
				results[i], err = check(ctx)
				return err
			})
		}
		err = group.Wait()
		found = append(found, results...)
	}
	if err != nil && !e.stored.Load() {
		return nil, err
	}
	// Also after Ctrl-C.
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTime)
	defer cancel()
	left, cleanErr := e.clean(last)
	if err := cmp.Or(err, cleanErr); err != nil {
		return nil, err
	}
	var lacks []Lack
	for _, lack := range append(found, left) {
		if lack != nil {
			lacks = append(lacks, *lack)
		}
	}
	return lacks, nil
}

// examination is one call of Examine.
type examination struct {
	s      *Store
	prefix string
	stored atomic.Bool // something is there to be removed
}

// clean removes what the checks have stored.
func (e *examination) clean(ctx context.Context) (*Lack, error) {
	keys, err := e.list(ctx, "", ListOptions{})
	if err == nil {
		err = e.s.Delete(ctx, keys...)
	}
	if err != nil {
		return nil, err
	}
	left, err := e.list(ctx, "", ListOptions{})
	if err != nil || len(left) == 0 {
		return nil, err
	}
	return &Lack{What: "what was deleted is listed all the same", Fix: anotherStore, Loses: true}, nil
}

// list returns the keys below a prefix, as they come.
func (e *examination) list(ctx context.Context, below string, o ListOptions) ([]string, error) {
	var keys []string
	for o, err := range e.s.List(ctx, e.prefix+below, o) {
		if err != nil {
			return nil, err
		}
		keys = append(keys, o.Key)
	}
	return keys, nil
}

// isRefusal distinguishes what the store does not do from what keeps it from
// answering.
func isRefusal(err error) bool {
	var answer minio.ErrorResponse
	return errors.As(err, new(*api.ConflictError)) || errors.As(err, new(*api.InvalidSpecError)) ||
		errors.As(err, &answer) && answer.StatusCode == http.StatusNotImplemented
}

func isAbsent(err error) bool { return errors.As(err, new(*api.NotFoundError)) }
