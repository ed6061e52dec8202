package run

import (
	"context"
	"fmt"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/campaign/plan"
	"github.com/kubevast/vast/sdk/internal/campaign/record"
	"github.com/kubevast/vast/sdk/spec"
)

// resume finishes the submission of a campaign, at any stage. d is what its
// file contains (nil: no file was given); it is needed only when the client
// died before the inputs were in the store. An unknown id is a new campaign's.
func (c *Runner) resume(ctx context.Context, d *plan.Draft, o api.CampaignOptions) (*api.Campaign, error) {
	if o.ID == "" {
		return nil, api.Invalid("", "a campaign needs its file, or the id of one to resume")
	}
	if record.CheckID(o.ID) != nil {
		return nil, &api.InvalidSpecError{Problems: []api.Problem{{Option: "ID", Message: fmt.Sprintf("%q is not an id of a campaign", o.ID), Remedies: []api.Remedy{{Action: api.CampaignsList}}}}}
	}
	r, object, err := c.records.Lookup(ctx, o.ID)
	switch {
	case api.IsNotFound(err) && d != nil:
		c.conn.Warn(fmt.Sprintf("there is no campaign %s in namespace %q: it begins now, as a new one", o.ID, c.conn.Namespace))
		return c.start(ctx, d, o)
	case err != nil:
		return nil, err
	}
	if object != nil && object.Labels[kube.LabelWorkflow] != "" && !r.Complete {
		return nil, &api.ConflictError{Message: fmt.Sprintf("campaign %s is a task of run %s, whose driver creates its Jobs", r.ID, object.Labels[kube.LabelWorkflow])}
	}
	if err := c.resumable(r, d, o); err != nil {
		return nil, err
	}
	if err := c.trusted(ctx, r, object, o); err != nil {
		return nil, err
	}
	if object == nil {
		c.conn.Warn(fmt.Sprintf("the cluster has lost the record of campaign %s; it continues with the store's copy", r.ID))
		if object, err = c.claim(ctx, &plan.Draft{Record: r}, o); err != nil {
			return nil, err
		}
	} else {
		c.notify(o, api.CampaignProgress{ID: r.ID})
	}
	if r.Complete {
		c.conn.Warn(fmt.Sprintf("all Jobs of campaign %s were made before; nothing was left to do", r.ID))
		now, err := c.status.Current(ctx, r.ID, o.DryRun)
		if now != nil {
			now.Unchanged = true
		}
		return now, err
	}
	b, err := c.records.OpenStore(ctx)
	if err != nil {
		return nil, err
	}
	there, err := c.jobsThere(ctx, r)
	if err != nil {
		return nil, err
	}
	return c.complete(ctx, b, r, object, d, o, there)
}

// Random implements sdk.Campaign.
func (c *Runner) Random(ctx context.Context, id string) (api.Random, error) {
	ref, err := kube.ParseRef(id, kube.RefCampaign)
	if err == nil {
		err = record.CheckID(ref.Name)
	}
	if err != nil {
		return "", err
	}
	r, _, err := c.records.Lookup(ctx, ref.Name)
	if err == nil {
		err = record.Check(r, nil)
	}
	if err != nil {
		return "", err
	}
	return r.Drawn(), nil
}

// trusted refuses, before anything is made, a record by which nothing may be made.
// object is its ConfigMap, nil if that is gone.
func (c *Runner) trusted(ctx context.Context, r *layout.Record, object *corev1.ConfigMap, o api.CampaignOptions) error {
	if err := record.Check(r, nil); err != nil {
		return err
	}
	if !r.Complete {
		if _, err := c.agentOf(r, o, api.Remedy{Action: api.CampaignsRun, Options: []string{"ID=" + r.ID}}); err != nil {
			return err
		}
	}
	if object != nil {
		return nil // the store's copy is looked at when it is needed
	}
	b, err := c.records.OpenStore(ctx)
	if err == nil {
		_, _, err = c.load(ctx, b, r)
	}
	if api.IsNotFound(err) {
		return nil
	}
	return err
}

// resumable refuses what cannot be gone on with, or not by this file and these
// options.
func (c *Runner) resumable(r *layout.Record, d *plan.Draft, o api.CampaignOptions) error {
	conflict := func(format string, args ...any) error {
		return &api.ConflictError{Message: fmt.Sprintf(format, args...)}
	}
	switch {
	case !o.DryRun.Keeps():
		// The rest cannot be tried: half of it exists, and the inputs and the
		// record have no dry run.
		return api.InvalidOption("DryRun", "campaign %s was submitted in part, and what is missing cannot be tried; omit the dry run to complete it", r.ID)
	case r.Stopped:
		return &api.ConflictError{Message: fmt.Sprintf("campaign %s was stopped by %s", r.ID, r.StoppedBy),
			Remedies: []api.Remedy{{Action: api.CampaignsRerun, Ref: r.ID, Options: []string{"Failed", "Stopped"}, Purpose: "run its failed and stopped runs again"}}}
	case d != nil && d.Record.FileSHA256 != r.FileSHA256:
		return conflict("campaign %s was submitted with another content of %s than %s has now; resume it without its file, or submit a new campaign", r.ID, r.File, d.Record.File)
	case d != nil && (d.Record.Total != r.Total || d.Record.ConfigCount != r.ConfigCount || d.Record.Runs != r.Runs):
		return conflict("campaign %s was submitted with %d runs of %d configurations, and this would be %d of %d; select the same configurations and runs, or resume it without its file", r.ID, r.Total, r.ConfigCount, d.Record.Total, d.Record.ConfigCount)
	case d != nil && d.Configs.Drawn() && r.Drawn().Known() && d.Record.Random != r.Drawn():
		return &api.ConflictError{Message: fmt.Sprintf("the random values of campaign %s were drawn as %s, and would now be drawn as %s; resume it without its file", r.ID, r.Drawn(), d.Record.Random),
			Remedies: []api.Remedy{{Options: []string{"Random=" + string(r.Drawn())}, Purpose: "draw them as before"}}}
	case o.Runs > 0 && o.Runs != r.Runs:
		return conflict("campaign %s was submitted with %d runs of each configuration, not %d; omit the number of runs", r.ID, r.Runs, o.Runs)
	case d == nil && len(o.Configs) > 0:
		return api.InvalidOption("Configs", "cannot change the configurations of campaign %s; omit it", r.ID)
	}
	return nil
}

// complete makes what is missing, from the store's copy of the campaign if it
// got there, else from its file.
func (c *Runner) complete(ctx context.Context, b store.Backend, r *layout.Record, object *corev1.ConfigMap, d *plan.Draft, o api.CampaignOptions, there map[string]bool) (*api.Campaign, error) {
	have, stored, err := c.load(ctx, b, r)
	switch {
	case api.IsNotFound(err) && d == nil:
		r.AgentImage = "" // its use is not confirmed yet
		return nil, &api.ConflictError{Message: fmt.Sprintf("the files of campaign %s had not reached the store when its submission ended; give its file", r.ID), Remedies: resumeWith(r, true)}
	case api.IsNotFound(err):
		if d.Record.Inputs != r.Inputs {
			return nil, &api.ConflictError{Message: fmt.Sprintf("the files beside %s have changed since campaign %s was submitted; submit a new campaign", r.File, r.ID)}
		}
		d.Record = record.WithLists(r, d.Record)
		if d.Agent, err = c.agentOf(r, o, api.Remedy{Action: api.CampaignsRun, Options: []string{"ID=" + r.ID}}); err != nil {
			return nil, err
		}
		return c.finish(ctx, d, b, object, o, there)
	case err != nil:
		return nil, err
	}
	planned := record.WithLists(r, stored)
	if planned.AgentImage, err = c.agentOf(r, o, api.Remedy{Action: api.CampaignsRun, Options: []string{"ID=" + r.ID}}); err != nil {
		return nil, err
	}
	p, err := plan.New(&have.execution, have.configs, planned)
	if err != nil {
		return nil, err
	}
	if err := p.Matches(); err != nil {
		return nil, err
	}
	var file *spec.Campaign
	if d != nil {
		file = d.Spec
	}
	given := secretsGiven(file, o)
	if err := checkSecrets(r.ID, have.execution.Secrets, given); err != nil {
		return nil, err
	}
	if err := c.makeSecret(ctx, r, object, have.execution.Secrets, given, o); err != nil {
		return nil, err
	}
	ended, err := c.records.EndedRuns(ctx, b, r.ID)
	if err != nil {
		return nil, err
	}
	p.MarkEnded(ended, there)
	return c.makeJobs(ctx, p, b, object, o, there)
}

// jobsThere returns the names of the campaign's Jobs. One that only has its labels
// is none: if it has the name of a run's Job, that one's creation finds it, and
// looks closer.
func (c *Runner) jobsThere(ctx context.Context, r *layout.Record) (map[string]bool, error) {
	there := map[string]bool{}
	err := c.eachJob(ctx, r.ID, func(job *batchv1.Job, _ *api.TaskStatus) {
		if job.Annotations[kube.AnnotationCampaign] == r.ID {
			there[job.Name] = true
		}
	})
	return there, err
}

// eachJob calls do for each of a campaign's Jobs, which it may not keep.
func (c *Runner) eachJob(ctx context.Context, id string, do func(*batchv1.Job, *api.TaskStatus)) error {
	return c.tasks.EachJob(ctx, c.conn.Namespace, record.JobSelector(id), do)
}
