package run

import (
	"context"
	"fmt"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/authz"
	"github.com/kubevast/vast/sdk/internal/campaign/status"
)

const workloadsResource = "workloads.kueue.x-k8s.io"

// Hold implements sdk.Campaign.
func (c *Runner) Hold(ctx context.Context, ref string, o api.CampaignHoldOptions) (*api.Campaign, error) {
	return c.setHeld(ctx, ref, true, o)
}

// Resume implements sdk.Campaign.
func (c *Runner) Resume(ctx context.Context, ref string, o api.CampaignHoldOptions) (*api.Campaign, error) {
	return c.setHeld(ctx, ref, false, o)
}

func (c *Runner) setHeld(ctx context.Context, ref string, held bool, o api.CampaignHoldOptions) (*api.Campaign, error) {
	if err := o.DryRun.Check(); err != nil {
		return nil, err
	}
	r, err := c.records.FindForChange(ctx, ref, append(authz.Each(workloadsResource, "list", "patch"), authz.Each("configmaps", "patch")...)...)
	if err != nil {
		return nil, err
	}
	now, err := c.status.Current(ctx, r.ID, o.DryRun)
	switch {
	case err != nil:
		return nil, err
	case now.State.Ended():
		return nil, &api.ConflictError{Message: fmt.Sprintf("campaign %s is over; there is nothing left to hold or resume", r.ID)}
	case r.Queue == "":
		return nil, &api.ConflictError{Message: fmt.Sprintf("campaign %s waits in no queue: its runs start as soon as they are made, and cannot be held", r.ID)}
	}
	if _, err := c.records.Change(ctx, c.records.StoreIfAny(ctx), r.ID, o.DryRun, o.FieldManager, func(r *layout.Record) { r.Held = held }); err != nil {
		return nil, err
	}
	if o.DryRun.Sends() {
		if err := c.setActive(ctx, r, !held, o); err != nil {
			return nil, err
		}
	}
	if !o.DryRun.Keeps() {
		status.WouldHold(now, held)
		return now, nil
	}
	return c.status.Current(ctx, r.ID, o.DryRun)
}

// setActive changes the Workloads of all runs that wait. Kueue makes them a
// moment after their Jobs: with as many looks as there may be new ones none is
// missed.
func (c *Runner) setActive(ctx context.Context, r *layout.Record, active bool, o api.CampaignHoldOptions) error {
	labels := map[string]string{kube.LabelCampaign: kube.LabelValue(r.ID), kube.LabelKind: kube.KindRun}
	for before := -1; ; {
		n, err := c.queues.SetActive(ctx, labels, active, o.DryRun, o.FieldManager)
		if err != nil || n <= before {
			return err
		}
		before = n
	}
}
