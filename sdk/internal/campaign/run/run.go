// Package run submits campaigns, completes submissions that were interrupted,
// runs failed runs again, and stops, holds and resumes campaigns.
package run

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/access"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/authz"
	"github.com/kubevast/vast/sdk/internal/campaign/plan"
	"github.com/kubevast/vast/sdk/internal/campaign/record"
	"github.com/kubevast/vast/sdk/internal/campaign/status"
	"github.com/kubevast/vast/sdk/internal/queue"
	"github.com/kubevast/vast/sdk/internal/task"
	"github.com/kubevast/vast/sdk/spec"
	"github.com/kubevast/vast/sdk/variation"
)

// runRights are the rights that a submission needs. The store checks its own.
var runRights = append(authz.Each(record.JobsResource, "create", "list"), authz.Each("configmaps", "create", "get", "patch")...)

// tidying bounds what is still done after a Ctrl-C.
const tidying = 5 * time.Second

// runClient submits, resumes, stops and holds campaigns.
type Runner struct {
	conn    *access.Conn
	records *record.Client
	status  *status.Reader
	tasks   *task.Client
	queues  *queue.Client
	rights  *authz.Checker
}

func New(records *record.Client, status *status.Reader, tasks *task.Client, queues *queue.Client) *Runner {
	return &Runner{conn: records.Conn, records: records, status: status, tasks: tasks, queues: queues, rights: records.Rights}
}

// Run implements sdk.Campaign. The order makes it safe to be killed at any
// moment: first the record, which states the goal, then the inputs, then the
// Jobs, each under the name that follows from its run. Resume completes the
// rest.
func (c *Runner) Run(ctx context.Context, s *spec.Campaign, configs *variation.Configs, o api.CampaignOptions) (*api.Campaign, error) {
	id, err := kube.ParseRef(o.ID, kube.RefCampaign)
	if err != nil {
		return nil, err
	}
	if o.ID = id.Name; s == nil {
		return c.resume(ctx, nil, o)
	}
	d, err := plan.NewDraft(ctx, plan.TargetOf(c.conn), s, configs, o, false)
	if err != nil {
		return nil, err
	}
	if o.ID != "" {
		return c.resume(ctx, d, o)
	}
	return c.start(ctx, d, o)
}

// start begins a new campaign.
func (c *Runner) start(ctx context.Context, d *plan.Draft, o api.CampaignOptions) (*api.Campaign, error) {
	b, err := c.prepare(ctx, d, o)
	if err != nil {
		return nil, err
	}
	for _, w := range d.Warnings() {
		c.conn.Warn(w)
	}
	if !o.DryRun.Sends() {
		return submitted(d.Record, record.Object(d.Record)), nil
	}
	object, err := c.claim(ctx, d, o)
	if err != nil {
		return nil, err
	}
	if !o.DryRun.Keeps() {
		return c.tried(ctx, d, object, o)
	}
	return c.finish(ctx, d, b, object, o, nil)
}

// prepare reads all that the campaign depends on from the cluster,
// concurrently, and refuses what cannot run before anything is created.
func (c *Runner) prepare(ctx context.Context, d *plan.Draft, o api.CampaignOptions) (store.Backend, error) {
	if _, err := d.Plan(); err != nil {
		return nil, err
	}
	var asked sync.WaitGroup
	var (
		b                                         store.Backend
		choice                                    queue.Choice
		profile, user, server                     string
		profileErr, choiceErr, rightsErr, openErr error
	)
	asked.Go(func() { profile, profileErr = c.tasks.Profile(ctx) })
	asked.Go(func() { choice, choiceErr = c.queues.Choose(ctx, c.conn.Namespace, o.Queue) })
	needed := runRights
	if len(d.Spec.Execution.Secrets) > 0 {
		needed = slices.Concat(runRights, secretRights)
	}
	asked.Go(func() { rightsErr = c.rights.Require(ctx, needed...) })
	asked.Go(func() { b, openErr = c.records.OpenStore(ctx) })
	asked.Go(func() {
		if v, err := c.conn.ServerVersion(ctx); err == nil { // it is only for the record
			server = v.GitVersion
		}
	})
	user, err := c.conn.User(ctx)
	asked.Wait()
	if err := cmp.Or(err, profileErr, rightsErr, choiceErr, openErr); err != nil {
		return nil, err
	}
	r := d.Record
	r.User, r.Profile = user, cmp.Or(r.Profile, profile)
	if server != "" {
		if r.Versions == nil {
			r.Versions = map[string]string{}
		}
		r.Versions["kubernetes"] = server
	}
	if n := choice.Notice("the runs join none"); n.Message != "" {
		c.conn.Warn(n.Message, n.Remedies...)
	}
	if r.Queue = choice.Queue; r.Queue != "" {
		class, warning, err := c.queues.Priority(ctx, o.Priority)
		if err != nil {
			return nil, err
		}
		if warning != "" {
			c.conn.Warn(warning)
		}
		r.Priority = class
	}
	p, err := d.Plan()
	if err != nil {
		return nil, err
	}
	for _, w := range p.Warnings {
		c.conn.Warn(w)
	}
	if warning, err := c.meetLimitRanges(ctx, p); err != nil {
		return nil, err
	} else if warning != "" {
		c.conn.Warn(warning)
	}
	for job, err := range p.Jobs() {
		if err != nil {
			return nil, err
		}
		// All Jobs are alike.
		return b, c.tasks.Fits(ctx, job, choice, o.Force)
	}
	return b, nil
}

// meetLimitRanges sets the requests of our own containers in the Jobs that the
// namespace's LimitRanges require, and returns a warning where that has a cost.
func (c *Runner) meetLimitRanges(ctx context.Context, p *plan.Plan) (warning string, err error) {
	changed := p.ChangeJobs(func(job *batchv1.Job) { warning, err = c.tasks.MeetLimitRanges(ctx, job) })
	return warning, cmp.Or(err, changed)
}

// claim creates the campaign's record under an id that no other one has. Its
// ConfigMap is the lock: who creates it has the id.
func (c *Runner) claim(ctx context.Context, d *plan.Draft, o api.CampaignOptions) (*corev1.ConfigMap, error) {
	r := d.Record
	maps := c.conn.Kube.CoreV1().ConfigMaps(c.conn.Namespace)
	for attempt := 0; ; attempt++ {
		if o.ID == "" {
			now := time.Now()
			r.Created = now.Truncate(time.Second)
			r.ID = record.NewID(r.Name, now, attempt)
		}
		c.notify(o, api.CampaignProgress{ID: r.ID})
		made, err := maps.Create(ctx, record.Object(r), metav1.CreateOptions{DryRun: o.DryRun.Param(), FieldManager: o.FieldManager})
		switch {
		case err == nil:
			return made, nil
		case apierrors.IsAlreadyExists(err) && o.ID != "":
			return nil, &api.ConflictError{Message: fmt.Sprintf("campaign %s is being submitted by someone else at the moment", r.ID)}
		case !apierrors.IsAlreadyExists(err) || attempt == record.MaxIDsPerSecond-1:
			return nil, c.conn.Classify(err, "create", "configmaps")
		}
	}
}

// finish brings the inputs and the Jobs of a campaign that has its record.
// there are the Jobs that need not be made.
func (c *Runner) finish(ctx context.Context, d *plan.Draft, b store.Backend, object *corev1.ConfigMap, o api.CampaignOptions, there map[string]bool) (*api.Campaign, error) {
	r := d.Record
	c.notify(o, api.CampaignProgress{Phase: "inputs"})
	if err := upload(ctx, b, d); err != nil {
		return nil, c.leave(ctx, r, object, err)
	}
	p, err := d.Plan()
	if err != nil {
		return nil, c.leave(ctx, r, object, err)
	}
	if err := c.makeSecret(ctx, r, object, p.Execution.Secrets, secretsGiven(d.Spec, o), o); err != nil {
		return nil, c.halfway(ctx, "its secrets are not in the cluster", resumeWith(r, false, secretOptions(p.Execution.Secrets)...), r, err)
	}
	return c.makeJobs(ctx, p, b, object, o, there)
}

// makeJobs creates the Jobs, and records that all exist. That is one change
// with a check of what was requested meanwhile: a client that stops or holds
// the campaign later finds all its Jobs.
func (c *Runner) makeJobs(ctx context.Context, p *plan.Plan, b store.Backend, object *corev1.ConfigMap, o api.CampaignOptions, there map[string]bool) (*api.Campaign, error) {
	r := p.Record
	m := &creation{c: c, o: o, id: r.ID, total: r.Jobs}
	_, err := c.meetLimitRanges(ctx, p)
	if err == nil {
		err = m.all(ctx, p.Jobs(), there)
	}
	if err == nil {
		c.notify(o, api.CampaignProgress{Phase: "record"})
		if r, err = c.records.Change(ctx, b, r.ID, api.DryRunNone, "", func(r *layout.Record) { r.Complete = true }); err == nil {
			err = c.FollowRecord(ctx, r)
		}
	}
	stopped := (*stoppedError)(nil)
	switch {
	case errors.As(err, &stopped):
		return nil, c.stopMade(ctx, stopped)
	case err != nil:
		return nil, c.halfway(ctx, fmt.Sprintf("%d of %d Jobs were made", m.done, m.total), resumeWith(p.Record, false), p.Record, err)
	}
	return submitted(r, object), nil
}

// leave takes the record back when nothing else was made and nothing can come
// of it. What may pass is left for Resume, but for a rerun: that has no file to
// resume it with, and is as easily begun anew.
func (c *Runner) leave(ctx context.Context, r *layout.Record, object *corev1.ConfigMap, cause error) error {
	var passing *api.UnavailableError
	mayPass := errors.As(cause, &passing) || ctx.Err() != nil || object.DeletionTimestamp != nil
	if mayPass && r.RerunOf == "" {
		return c.halfway(ctx, "its inputs are not all in the store", resumeWith(r, true), r, cause)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), tidying) // also after a Ctrl-C
	defer cancel()
	err := c.conn.Kube.CoreV1().ConfigMaps(c.conn.Namespace).Delete(ctx, object.Name,
		access.Exactly(object.UID, metav1.DeleteOptions{}))
	if err := c.conn.Deleted(err, "configmaps", object.Name); err != nil {
		return fmt.Errorf("%w (the record of campaign %s is left: %v)", cause, r.ID, err) //nolint:errorlint // only the cause decides the exit code
	}
	return cause
}

// halfway returns the error of a submission that ended early, with the remedies
// that complete it. After Ctrl-C, of which no error is shown, it is a warning.
func (c *Runner) halfway(ctx context.Context, how string, remedies []api.Remedy, r *layout.Record, cause error) error {
	message := fmt.Sprintf("campaign %s was submitted only in part (%s)", r.ID, how)
	if ctx.Err() != nil {
		c.conn.Warn(message, remedies...)
		return cause
	}
	return api.WithRemedies(fmt.Errorf("%s: %w", message, cause), remedies...)
}

// tried sends all Jobs for the API server to look at.
func (c *Runner) tried(ctx context.Context, d *plan.Draft, object *corev1.ConfigMap, o api.CampaignOptions) (*api.Campaign, error) {
	p, err := d.Plan()
	if err != nil {
		return nil, err
	}
	if err := c.makeSecret(ctx, d.Record, object, p.Execution.Secrets, secretsGiven(d.Spec, o), o); err != nil {
		return nil, err
	}
	if _, err := c.meetLimitRanges(ctx, p); err != nil {
		return nil, err
	}
	m := &creation{c: c, o: o, total: d.Record.Jobs}
	if err := m.all(ctx, p.Jobs(), nil); err != nil {
		return nil, err
	}
	return submitted(d.Record, object), nil
}

func (c *Runner) notify(o api.CampaignOptions, p api.CampaignProgress) {
	if o.Notify != nil {
		o.Notify(p)
	}
}

// submitted is a campaign of which only the submission is known.
func submitted(r *layout.Record, object *corev1.ConfigMap) *api.Campaign {
	out := &api.Campaign{TypeMeta: api.TypeMeta[api.Campaign](), ID: r.ID, User: r.User, Context: r.Context,
		RerunOf: r.RerunOf, Image: r.Image, Queue: r.Queue, Configs: r.ConfigCount}
	if !r.Stopped {
		out.Runs.Queued = r.Total
	}
	out.State = r.Stand(&out.Runs)
	out.Name = r.ID
	if object != nil {
		out.Namespace, out.UID, out.CreationTimestamp = object.Namespace, object.UID, object.CreationTimestamp
		out.Labels, out.Annotations = object.Labels, object.Annotations
	}
	return out
}
