// Package cleanup removes campaigns from the cluster and the store.
package cleanup

import (
	"cmp"
	"context"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubevast/vast/internal/access"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/authz"
	"github.com/kubevast/vast/sdk/internal/campaign/record"
	"github.com/kubevast/vast/sdk/internal/campaign/status"
)

// Cleaner removes campaigns.
type Cleaner struct {
	conn    *access.Conn
	records *record.Client
	status  *status.Reader
	rights  *authz.Checker
}

func New(records *record.Client, status *status.Reader) *Cleaner {
	return &Cleaner{conn: records.Conn, records: records, status: status, rights: records.Rights}
}

// Cleanup implements sdk.Campaign. An unfinished campaign is an error when it
// is named, and skipped with a warning when all campaigns are cleaned up.
func (c *Cleaner) Cleanup(ctx context.Context, o api.CampaignCleanupOptions) (*api.CampaignCleanup, error) {
	if err := o.DryRun.Check(); err != nil {
		return nil, err
	}
	needed := append(authz.Each(record.JobsResource, "list", "delete", "deletecollection"), authz.Each("configmaps", "list")...)
	if o.Data {
		needed = append(needed, authz.Each("configmaps", "delete")...)
	}
	if o.Force && !o.Data {
		needed = append(needed, authz.Each("configmaps", "patch")...)
	}
	if err := c.rights.Require(ctx, needed...); err != nil {
		return nil, err
	}
	records, jobs, absent, err := c.status.Read(ctx, api.CampaignListOptions{Refs: o.Campaigns}, true)
	if err := cmp.Or(err, absent); err != nil {
		return nil, err
	}
	var going []*leaving
	for _, r := range records {
		// By it is decided what is removed from the store.
		if err := record.Check(r, nil); err != nil && len(o.Campaigns) > 0 {
			return nil, err
		} else if err != nil {
			c.conn.Warn(err.Error())
			continue
		}
		l, err := c.removable(ctx, r, jobs[r.ID], o)
		if err != nil {
			return nil, err
		}
		if l != nil {
			going = append(going, l)
		}
	}
	out := &api.CampaignCleanup{TypeMeta: api.TypeMeta[api.CampaignCleanup](), Campaigns: []string{}}
	for _, l := range going {
		if err := c.remove(ctx, l, o, out); err != nil {
			return out, err
		}
		out.Campaigns = append(out.Campaigns, l.ID)
	}
	if o.Data {
		err = c.forget(ctx, going, o, out)
	}
	return out, err
}

// leaving is a campaign that is to be removed.
type leaving struct {
	*layout.Record
	jobs  status.JobRuns
	runs  map[layout.RunRef]status.Run // as they stand, with Jobs or without
	ended bool
}

// removable decides by the same count as everybody sees whether a campaign is over;
// nil: nothing of it is to be removed.
func (c *Cleaner) removable(ctx context.Context, r *layout.Record, jobs status.JobRuns, o api.CampaignCleanupOptions) (*leaving, error) {
	runs, err := c.status.Merge(ctx, r, jobs)
	switch {
	case err != nil && !o.Force:
		return nil, err
	case err != nil:
		c.conn.Warn(err.Error())
	}
	c.status.NoteComplete(ctx, r, len(runs), o.DryRun)
	now := status.Count(r, runs, time.Now())
	l := &leaving{Record: r, jobs: jobs, runs: runs, ended: now.State.Ended()}
	switch {
	case !l.ended && !o.Force && len(o.Campaigns) > 0:
		return nil, &api.ConflictError{Message: fmt.Sprintf("campaign %s has not ended (%d of its %d runs have); stop it first", r.ID, now.Runs.Done(), now.Runs.Total),
			Remedies: []api.Remedy{{Action: api.CampaignsStop, Ref: r.ID}, {Options: []string{"Force"}, Purpose: "end and remove it"}}}
	case !l.ended && !o.Force:
		c.conn.Warn(fmt.Sprintf("skipped campaign %s, which has not ended", r.ID),
			api.Remedy{Action: api.CampaignsCleanup, Ref: r.ID, Options: []string{"Force"}, Purpose: "remove it"})
		return nil, nil
	case len(jobs) == 0 && !o.Data:
		return nil, nil
	}
	return l, nil
}

// remove removes the Jobs, and with them the pods and Leases that they own,
// then the objects in the store.
func (c *Cleaner) remove(ctx context.Context, l *leaving, o api.CampaignCleanupOptions, out *api.CampaignCleanup) error {
	uids := map[types.UID]bool{}
	for _, run := range l.jobs {
		uids[run.Job] = true
	}
	out.Jobs += len(uids)
	if o.DryRun.Keeps() {
		if err := c.noteEnds(ctx, l, o); err != nil {
			return err
		}
	}
	if o.DryRun.Sends() {
		background := metav1.DeletePropagationBackground
		err := c.conn.Kube.BatchV1().Jobs(c.conn.Namespace).DeleteCollection(ctx,
			metav1.DeleteOptions{PropagationPolicy: &background, DryRun: o.DryRun.Param()}, metav1.ListOptions{LabelSelector: record.JobSelector(l.ID)})
		if err != nil {
			return c.conn.Classify(err, "deletecollection", record.JobsResource)
		}
	}
	if !o.Data {
		return nil
	}
	b, err := c.records.OpenStore(ctx)
	if err != nil {
		return err
	}
	prefixes := []string{layout.CampaignPrefix(l.ID), layout.CampaignIndex(l.ID), layout.Archives + l.ID + ".tar."}
	for _, prefix := range prefixes {
		if err := removeBelow(ctx, b, prefix, o.DryRun, out); err != nil {
			return err
		}
	}
	if !o.DryRun.Keeps() {
		return nil
	}
	return b.AbortUploads(ctx, prefixes[0], prefixes[2])
}

// forget removes what several campaigns may share, and then the records: as long
// as they are there, what is left is found by the next cleanup.
func (c *Cleaner) forget(ctx context.Context, gone []*leaving, o api.CampaignCleanupOptions, out *api.CampaignCleanup) error {
	b, err := c.records.OpenStore(ctx)
	if err != nil {
		return err
	}
	packs, err := c.unusedPacks(ctx, b, gone)
	if err != nil {
		return err
	}
	for _, key := range packs {
		if err := removeBelow(ctx, b, key, o.DryRun, out); err != nil {
			return err
		}
	}
	if !o.DryRun.Sends() {
		return nil
	}
	for _, l := range gone {
		if l.UID == "" {
			continue // only the store knew of it
		}
		err := c.conn.Kube.CoreV1().ConfigMaps(c.conn.Namespace).Delete(ctx, record.ObjectName(l.ID),
			access.Exactly(types.UID(l.UID), metav1.DeleteOptions{DryRun: o.DryRun.Param()}))
		if err := c.conn.Deleted(err, "configmaps", record.ObjectName(l.ID)); err != nil {
			return err
		}
	}
	return nil
}
