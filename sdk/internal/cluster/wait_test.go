package cluster

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/sdk/api"
)

func TestAwaitReportsEachChangeOnce(t *testing.T) {
	var notices []string
	r, ctx, cancel := newRun(t.Context(), func(n api.Notice) { notices = append(notices, n.Message) }, time.Minute)
	defer cancel()
	answers := []string{"one", "one", "two", ""}
	err := r.await(ctx, "it", func(context.Context) (string, error) {
		next := answers[0]
		answers = answers[1:]
		return next, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"waiting for it: one", "waiting for it: two"}, notices); diff != "" {
		t.Errorf("notices (-want +got):\n%s", diff)
	}
}

func TestAwaitEnds(t *testing.T) {
	for name, tc := range map[string]struct {
		timeout time.Duration
		gone    bool
		look    func() (string, error)
		want    string
	}{
		"with what was missing when the time is over": {timeout: time.Nanosecond, look: func() (string, error) { return "a pod", nil },
			want: "timed out after 1ns: waiting for it: a pod"},
		"with an error that does not pass": {timeout: time.Minute, look: func() (string, error) { return "", &api.ForbiddenError{Message: "no"} }, want: "no"},
		"when the caller leaves":           {timeout: time.Minute, gone: true, look: func() (string, error) { return "a pod", nil }, want: "context canceled"},
	} {
		t.Run(name, func(t *testing.T) {
			parent, leave := context.WithCancel(t.Context())
			defer leave()
			if tc.gone {
				leave()
			}
			r, ctx, cancel := newRun(parent, nil, tc.timeout)
			defer cancel()
			err := r.await(ctx, "it", func(context.Context) (string, error) { return tc.look() })
			if err == nil || err.Error() != tc.want {
				t.Errorf("error is %v, want %q", err, tc.want)
			}
		})
	}
}

// A cluster that is away for a moment is no reason to give up.
func TestAwaitContinuesWhileTheClusterIsAway(t *testing.T) {
	r, ctx, cancel := newRun(t.Context(), nil, time.Minute)
	defer cancel()
	first := true
	err := r.await(ctx, "it", func(context.Context) (string, error) {
		if first {
			first = false
			return "", errors.Join(&api.UnavailableError{Message: "away"})
		}
		return "", nil
	})
	if err != nil {
		t.Error(err)
	}
}
