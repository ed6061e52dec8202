package keeper

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// retry does something until it succeeds or the context ends, after pauses that
// grow from a second to most.
func retry(ctx context.Context, most time.Duration, do func() error) error {
	for pause := time.Second; ; pause = min(2*pause, most) {
		err := do()
		if err == nil {
			return nil
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			cause := context.Cause(ctx)
			if errors.Is(err, cause) || errors.Is(err, ctx.Err()) {
				return cause // err says no more than that it was cut short
			}
			return fmt.Errorf("%w: %w", cause, err)
		}
	}
}

// patiently ends the context when nothing has moved for too long.
func (k *Keeper) patiently(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		last, since := k.moved.Load(), time.Now()
		tick := time.NewTicker(k.patience / 60)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			if now := k.moved.Load(); now != last {
				last, since = now, time.Now()
			} else if time.Since(since) > k.patience {
				cancel(fmt.Errorf("the store has taken nothing for %s", k.patience))
				return
			}
		}
	}()
	return ctx, func() { cancel(nil) }
}
