package record

import (
	"context"
	"errors"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/sdk/api"
)

// begun returns the record of a campaign, and its ConfigMap: nil if that is gone
// and the store still has a copy.
func (c *Client) Lookup(ctx context.Context, id string) (*layout.Record, *corev1.ConfigMap, error) {
	r, object, err := c.Get(ctx, id)
	if !api.IsNotFound(err) {
		return r, object, err
	}
	b, openErr := c.OpenStore(ctx)
	if none := (*api.NotInstalledError)(nil); errors.As(openErr, &none) {
		return nil, nil, err
	} else if openErr != nil {
		return nil, nil, openErr
	}
	r, storedErr := c.Stored(ctx, b, id)
	if api.IsNotFound(storedErr) {
		return nil, nil, err
	} else if storedErr != nil {
		return nil, nil, storedErr
	}
	return r, nil, nil
}

// EndedRuns returns the runs that have ended according to the store. Their Jobs may
// have expired; they must not be created again.
func (c *Client) EndedRuns(ctx context.Context, b store.Backend, id string) (map[layout.RunRef]layout.Outcome, error) {
	out := map[layout.RunRef]layout.Outcome{}
	for object, err := range b.List(ctx, layout.CampaignIndex(id), store.ListOptions{}) {
		if err != nil {
			return nil, err
		}
		if config, run, outcome, ok := layout.ParseRunIndex(id, object.Key); ok {
			out[layout.RunRef{Config: config, Run: run}] = outcome
		}
	}
	return out, nil
}
