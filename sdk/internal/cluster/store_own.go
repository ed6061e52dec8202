package cluster

import (
	"context"
	"errors"

	"github.com/kubevast/vast/internal/portforward"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/sdk/api"
)

// tryOwnStore refuses a store of somebody else's that would lose results, before
// anything is made in the cluster. One that does not answer is told at the end of
// the setup.
func (c *Client) tryOwnStore(ctx context.Context, r *run, p *plan) error {
	if p.record.Store.Kind != api.StoreExternal {
		return nil
	}
	r.say("trying the store at %s, bucket %s, with the Secret %s", p.record.Store.Endpoint, p.record.Store.Bucket, p.record.Store.Secret)
	s, err := portforward.OpenBy(c.conn, p.secrets.writer)
	if err != nil {
		return err
	}
	defer s.Close()
	var lacks []store.Lack
	if err = s.EnsureBucket(ctx); err == nil {
		lacks, err = s.Examine(ctx)
	}
	if errors.As(err, new(*api.UnavailableError)) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, lack := range lacks {
		if !lack.Loses {
			r.say("the store at %s: %s", s.Endpoint, lack.What)
		}
	}
	return refusal(s.Endpoint, lacks)
}

// refusal is nil for a store that can be used.
func refusal(endpoint string, lacks []store.Lack) error {
	var problems []error
	for _, lack := range lacks {
		if lack.Loses {
			problems = append(problems, api.InvalidOption("StoreEndpoint", "the store at %s would lose results: %s; %s", endpoint, lack.What, lack.Fix))
		}
	}
	return api.JoinInvalid(problems...)
}
