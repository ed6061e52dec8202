package keeper

import (
	"context"
	"errors"
	"testing"
)

func TestTheTimeLeftOfAnEndedAttempt(t *testing.T) {
	t.Parallel()
	gone, refused := errors.New("the store has taken nothing"), errors.New("refused")
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"why it was given up, and what was wrong":  {refused, "the store has taken nothing: refused"},
		"why it was given up, when it was cut off": {context.Canceled, "the store has taken nothing"},
		"why it was given up, once":                {gone, "the store has taken nothing"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancelCause(t.Context())
			cancel(gone)
			if err := retry(ctx, 1, func() error { return c.err }); err == nil || err.Error() != c.want {
				t.Error(err)
			}
		})
	}
}
