package run

import (
	"context"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"
	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/authz"
	"github.com/kubevast/vast/sdk/internal/campaign/record"
	"github.com/kubevast/vast/sdk/internal/campaign/status"
)

// Stop implements sdk.Campaign. It changes the record first, so that no more
// Jobs are created; see FollowRecord for a creation in progress.
func (c *Runner) Stop(ctx context.Context, ref string, o api.CampaignStopOptions) (*api.Campaign, error) {
	if err := o.DryRun.Check(); err != nil {
		return nil, err
	}
	r, err := c.records.FindForChange(ctx, ref, append(authz.Each(record.JobsResource, "list", "patch"), authz.Each("configmaps", "patch")...)...)
	if err != nil {
		return nil, err
	}
	user, err := c.conn.User(ctx)
	if err != nil {
		return nil, err
	}
	if !r.Stopped {
		done, err := c.settled(ctx, r, o.DryRun)
		if err != nil {
			return nil, err
		}
		if !done {
			if _, err := c.records.Change(ctx, c.records.StoreIfAny(ctx), r.ID, o.DryRun, o.FieldManager, func(r *layout.Record) { r.Stopped, r.StoppedBy = true, user }); err != nil {
				return nil, err
			}
		}
	}
	if o.DryRun.Sends() {
		if err := c.stopJobs(ctx, r, user, o); err != nil {
			return nil, err
		}
	}
	now, err := c.status.Current(ctx, r.ID, o.DryRun)
	if err == nil && !o.DryRun.Keeps() {
		status.WouldStop(now)
	}
	return now, err
}

// stopJobs stops all Jobs of a campaign that have not ended, first those that
// wait: otherwise the end of each running Job would admit another one.
func (c *Runner) stopJobs(ctx context.Context, r *layout.Record, user string, o api.CampaignStopOptions) error {
	var waiting, others []stoppable
	err := c.eachJob(ctx, r.ID, func(job *batchv1.Job, s *api.TaskStatus) {
		switch {
		case s.State.Ended():
		case ptr.Deref(job.Spec.Suspend, false):
			waiting = append(waiting, stoppableOf(job))
		default:
			others = append(others, stoppableOf(job))
		}
	})
	if err != nil {
		return err
	}
	// One that cannot be stopped is no reason to let the others run.
	var group errgroup.Group
	group.SetLimit(record.AtOnce)
	for _, job := range slices.Concat(waiting, others) {
		group.Go(func() error { return c.tasks.StopJob(ctx, job.in(c.conn.Namespace), user, api.TaskStopOptions(o)) })
	}
	if err := group.Wait(); err != nil {
		return fmt.Errorf("not all Jobs of campaign %s could be stopped, stop it again: %w", r.ID, err)
	}
	return nil
}

// stoppable is what has to be known of a Job to stop it. There may be very many
// of them, and an empty Job alone takes more than a kilobyte.
type stoppable struct {
	name, version string
	uid           types.UID
	suspend       *bool
	completions   *int32
}

func stoppableOf(job *batchv1.Job) stoppable {
	return stoppable{name: job.Name, version: job.ResourceVersion, uid: job.UID, suspend: job.Spec.Suspend, completions: job.Spec.Completions}
}

// in is the Job again, in its namespace.
func (s *stoppable) in(namespace string) *batchv1.Job {
	return &batchv1.Job{
		ObjectMeta: metav1.ObjectMeta{Name: s.name, Namespace: namespace, UID: s.uid, ResourceVersion: s.version},
		Spec:       batchv1.JobSpec{Suspend: s.suspend, Completions: s.completions},
	}
}

// settled reports that every run of a campaign has ended: there is nothing left
// to stop, and the campaign stays what it became.
func (c *Runner) settled(ctx context.Context, r *layout.Record, d api.DryRun) (bool, error) {
	now, err := c.status.Current(ctx, r.ID, d)
	return now != nil && now.State.Ended(), err
}
