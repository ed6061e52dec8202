package cli

import (
	"context"
	"errors"
	"sync"
)

// atOnce is the number of refs that are processed at a time.
const atOnce = 8

// Each calls do for all refs, several at a time, and then done for each in order. It
// returns all errors; after an error it continues.
func Each[T any](ctx context.Context, refs []string, do func(context.Context, string) (T, error), done func(T) error) error {
	type result struct {
		value T
		err   error
	}
	results := make([]chan result, len(refs))
	for i := range results {
		results[i] = make(chan result, 1)
	}
	go func() {
		slots := make(chan struct{}, atOnce)
		var wg sync.WaitGroup
		for i, ref := range refs {
			slots <- struct{}{}
			wg.Go(func() {
				defer func() { <-slots }()
				value, err := do(ctx, ref)
				results[i] <- result{value, err}
			})
		}
		wg.Wait()
	}()
	var errs []error
	for _, c := range results {
		r := <-c
		if r.err == nil {
			r.err = done(r.value)
		}
		if r.err != nil {
			errs = append(errs, r.err)
		}
	}
	return errors.Join(errs...)
}
