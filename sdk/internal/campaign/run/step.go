package run

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/campaign/plan"
	"github.com/kubevast/vast/sdk/internal/campaign/record"
	"github.com/kubevast/vast/sdk/internal/task"
	"github.com/kubevast/vast/sdk/spec"
	"github.com/kubevast/vast/sdk/variation"
)

// Step is a campaign that is a task of a workflow's run, ready to be created. Its record and
// its Jobs are created by the driver of the run.
type Step struct {
	// ID is the id of the campaign, and Runs the number of its runs.
	ID   string
	Runs int
	// Record is the ConfigMap with its record. Its Jobs are not complete.
	Record *corev1.ConfigMap
	// Identity is a hash of what the campaign does, whatever its id is.
	Identity string

	draft *plan.Draft
	plan  *plan.Plan
	store store.Backend
}

// StepID returns the id of a campaign that is a task of a run which was submitted at a time.
func StepID(run, name string, at time.Time) string {
	return record.NewID(name+"-"+run, at.UTC(), 0)
}

// DraftStep checks a campaign that is a task of a run, as Run does, and computes its record and
// its Jobs. It creates nothing. at is when the run was submitted. Its Jobs have no TTL: they
// are deleted with the run. The values of its secrets go to step.Secret.
func (c *Runner) DraftStep(ctx context.Context, s *spec.Campaign, o api.SubmitOptions, step task.Step, at time.Time) (*Step, error) {
	types, err := variation.With("")
	if err != nil {
		return nil, err
	}
	configs, err := variation.Expand(ctx, s, types)
	if err != nil {
		return nil, err
	}
	options := api.CampaignOptions{ID: StepID(step.Run, step.Name, at), Name: step.Name, Queue: o.Queue, Priority: o.Priority, Profile: o.Profile,
		Force: o.Force, AgentImage: o.AgentImage, DryRun: o.DryRun, FieldManager: o.FieldManager}
	d, err := plan.NewDraft(ctx, plan.TargetOf(c.conn), s, configs, options, false)
	if err != nil {
		return nil, err
	}
	d.Record.Created = at.Truncate(time.Second)
	out := &Step{ID: d.Record.ID, Runs: d.Record.Total, draft: d}
	if out.store, err = c.prepare(ctx, d, options); err != nil {
		return nil, err
	}
	for _, w := range d.Warnings() {
		c.conn.Warn(w)
	}
	if out.plan, err = d.Plan(); err != nil {
		return nil, err
	}
	if _, err := c.meetLimitRanges(ctx, out.plan); err != nil {
		return nil, err
	}
	secret := ""
	if len(s.Execution.Secrets) > 0 {
		data := map[string][]byte{}
		for name, value := range secretsGiven(s, options) {
			data[name] = []byte(value)
		}
		secret = step.Secret(corev1.SecretTypeOpaque, data)
	}
	if err := out.plan.ChangeJobs(func(job *batchv1.Job) { belongTo(job, step, secret, d.Record.ID) }); err != nil {
		return nil, err
	}
	if out.Identity, err = identityOf(d); err != nil {
		return nil, err
	}
	out.Record = record.Object(d.Record)
	out.Record.Labels[kube.LabelWorkflow] = step.Run
	out.Record.Annotations[kube.AnnotationWorkflow], out.Record.Annotations[kube.AnnotationStep] = step.Workflow, step.Name
	// The store's copy counts when the cluster's is gone: then no more Jobs are created.
	d.Record.Complete = true
	return out, nil
}

// belongTo makes the Job that all Jobs of a campaign are copies of one of a workflow's run.
func belongTo(job *batchv1.Job, step task.Step, secret, id string) {
	job.Spec.TTLSecondsAfterFinished = nil
	job.Labels[kube.LabelWorkflow], job.Labels[kube.LabelStep] = step.Run, kube.LabelValue(step.Name)
	job.Annotations[kube.AnnotationWorkflow], job.Annotations[kube.AnnotationStep] = step.Workflow, step.Name
	pod := &job.Spec.Template.Spec
	for _, list := range [][]corev1.Container{pod.InitContainers, pod.Containers} {
		for i := range list {
			for _, e := range list[i].Env {
				if e.ValueFrom != nil && e.ValueFrom.SecretKeyRef != nil && e.ValueFrom.SecretKeyRef.Name == record.SecretName(id) {
					e.ValueFrom.SecretKeyRef.Name = secret
				}
			}
		}
	}
}

// identityOf returns a hash of what a campaign does.
func identityOf(d *plan.Draft) (string, error) {
	r := *d.Record
	r.ID, r.Name, r.Created, r.Versions = "", "", time.Time{}, nil
	execution, err := json.Marshal(&d.Spec.Execution)
	if err != nil {
		return "", err
	}
	return kube.Hash(string(r.Marshal()) + string(execution)), nil
}

// Jobs yields the Jobs of the campaign, without owners. One is in memory at a time.
func (s *Step) Jobs() iter.Seq2[*batchv1.Job, error] { return s.plan.Jobs() }

// Upload writes the inputs and the record of the campaign into the store, and that the run
// uses its results. It is idempotent.
func (s *Step) Upload(ctx context.Context, run string) error {
	if err := refer(ctx, s.store, s.ID, run); err != nil {
		return err
	}
	return upload(ctx, s.store, s.draft)
}

func refer(ctx context.Context, b store.Backend, id, run string) error {
	_, err := b.Put(ctx, layout.CampaignRefKey(id, run), strings.NewReader(""), 0, store.PutOptions{})
	return err
}

// CopyStep writes what the store has of the campaign from as that of the campaign to, which is a
// task of a run and of a user: without results. It is idempotent. If the store does not have it
// any more, the error is an *api.ConflictError.
func (c *Runner) CopyStep(ctx context.Context, from, to, run, user string) error {
	b, err := c.records.OpenStore(ctx)
	if err != nil {
		return err
	}
	r, err := c.records.Stored(ctx, b, from)
	if err == nil && r.Inputs != "" {
		_, err = b.Stat(ctx, layout.InputKey(r.Inputs))
	}
	if api.IsNotFound(err) {
		return &api.ConflictError{Message: fmt.Sprintf("the files of campaign %s are no longer in the store; submit the workflow again", from)}
	}
	if err != nil {
		return err
	}
	if err := refer(ctx, b, to, run); err != nil {
		return err
	}
	prefix := layout.CampaignPrefix(from)
	for object, err := range b.List(ctx, prefix+layout.ConfigDir, store.ListOptions{}) {
		if err != nil {
			return err
		}
		body, _, err := b.Get(ctx, object.Key, 0)
		if err != nil {
			return err
		}
		_, err = b.Put(ctx, layout.CampaignPrefix(to)+strings.TrimPrefix(object.Key, prefix), body, object.Size, store.PutOptions{})
		if err := errors.Join(err, body.Close()); err != nil {
			return err
		}
	}
	r.ID, r.User, r.Created, r.Stopped, r.StoppedBy, r.Held = to, user, time.Now().Truncate(time.Second), false, "", false
	return record.WriteObject(ctx, b, layout.RecordKey(to), r.Marshal())
}
