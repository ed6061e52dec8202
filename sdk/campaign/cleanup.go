package campaign

import (
	"context"
	"fmt"
	"slices"

	batchv1 "k8s.io/api/batch/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/keep"
	"github.com/kubevast/vast/sdk/rights"
	"github.com/kubevast/vast/sdk/store"
)

// deleteBatch is how many objects of the store are deleted at a time.
const deleteBatch = 1000

// Cleanup implements sdk.Campaign. A campaign that goes on is refused when it
// was named, and passed over with a warning when all were meant.
func (c *Client) Cleanup(ctx context.Context, o api.CampaignCleanupOptions) (*api.CampaignCleanup, error) {
	needed := append(rights.Each(jobsResource, "list", "delete", "deletecollection"), rights.Each("configmaps", "list")...)
	if o.Data {
		needed = append(needed, rights.Each("configmaps", "delete")...)
	}
	if err := c.rights.Require(ctx, needed...); err != nil {
		return nil, err
	}
	records, absent, err := c.named(ctx, api.MonitorOptions{IDs: o.Campaigns})
	if err != nil {
		return nil, err
	}
	if absent != nil {
		return nil, absent
	}
	out := &api.CampaignCleanup{TypeMeta: api.TypeMeta(api.KindCampaignCleanup), Campaigns: []string{}}
	var going []*Record
	jobs := map[string]int{}
	for _, r := range records {
		all, active, err := c.countJobs(ctx, r)
		switch {
		case err != nil:
			return nil, err
		case (active > 0 || !r.Complete && !r.Stopped) && !o.Force && len(o.Campaigns) > 0:
			return nil, &api.Conflict{Message: fmt.Sprintf("campaign %s has not ended (%d of its Jobs wait or run); stop it first, or end it with --force", r.ID, active)}
		case (active > 0 || !r.Complete && !r.Stopped) && !o.Force:
			c.conn.Warn(fmt.Sprintf("campaign %s has not ended and is left alone; name it, with --force, to remove it", r.ID))
		case all > 0 || o.Data:
			going = append(going, r)
			jobs[r.ID] = all
		}
	}
	for _, r := range going {
		out.Jobs += jobs[r.ID]
		if err := c.remove(ctx, r, o, out); err != nil {
			return out, err
		}
		out.Campaigns = append(out.Campaigns, r.ID)
	}
	return out, nil
}

func (c *Client) countJobs(ctx context.Context, r *Record) (all, active int, err error) {
	err = c.eachJob(ctx, r.ID, func(_ *batchv1.Job, s *api.TaskStatus) {
		all++
		if !s.State.Ended() {
			active++
		}
	})
	return all, active, err
}

// remove removes the Jobs, and with them the pods and Leases that they own;
// then what lies in the store; the record last, so that what is left is found.
func (c *Client) remove(ctx context.Context, r *Record, o api.CampaignCleanupOptions, out *api.CampaignCleanup) error {
	if o.DryRun == api.DryRunNone {
		background := metav1.DeletePropagationBackground
		err := c.conn.Kube.BatchV1().Jobs(r.Namespace).DeleteCollection(ctx,
			metav1.DeleteOptions{PropagationPolicy: &background}, metav1.ListOptions{LabelSelector: jobSelector(r.ID)})
		if err != nil {
			return c.conn.Classify(err, "deletecollection", jobsResource)
		}
	}
	if !o.Data {
		return nil
	}
	b, err := c.openStore(ctx)
	if err != nil {
		return err
	}
	prefixes := []string{keep.CampaignPrefix(r.ID), keep.CampaignIndex(r.ID), keep.Archives + r.ID + ".tar."}
	if used, err := c.inputsUsed(ctx, r); err != nil {
		return err
	} else if !used && r.Inputs != "" {
		prefixes = append(prefixes, keep.InputKey(r.Inputs))
	}
	for _, prefix := range prefixes {
		if err := removeBelow(ctx, b, prefix, o.DryRun, out); err != nil {
			return err
		}
	}
	if o.DryRun != api.DryRunNone {
		return nil
	}
	err = c.conn.Kube.CoreV1().ConfigMaps(r.Namespace).Delete(ctx, ObjectName(r.ID), metav1.DeleteOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	return c.conn.Classify(err, "delete", "configmaps")
}

// inputsUsed reports whether another campaign has the same inputs.
func (c *Client) inputsUsed(ctx context.Context, r *Record) (bool, error) {
	all, _, err := c.named(ctx, api.MonitorOptions{AllUsers: true})
	return slices.ContainsFunc(all, func(other *Record) bool { return other.ID != r.ID && other.Inputs == r.Inputs }), err
}

func removeBelow(ctx context.Context, b store.Backend, prefix string, d api.DryRun, out *api.CampaignCleanup) error {
	var keys []string
	flush := func() error {
		if len(keys) == 0 || d != api.DryRunNone {
			keys = keys[:0]
			return nil
		}
		err := b.Delete(ctx, keys...)
		keys = keys[:0]
		return err
	}
	for object, err := range b.List(ctx, prefix, store.ListOptions{}) {
		if err != nil {
			return err
		}
		out.Objects++
		out.Bytes += object.Size
		if keys = append(keys, object.Key); len(keys) == deleteBatch {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}
