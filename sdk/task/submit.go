package task

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/kube"
	"github.com/kubevast/vast/sdk/manifest"
	"github.com/kubevast/vast/sdk/queue"
	"github.com/kubevast/vast/sdk/rights"
	"github.com/kubevast/vast/sdk/spec"
)

// Render implements sdk.TaskWriter. Volumes stand in it by the names that the
// task gives them, since only a cluster knows their claims, and a queue only
// where one is named.
func (c *Client) Render(t *spec.Task, o api.SubmitOptions) ([]runtime.Object, []string, error) {
	if err := c.Check(t, o); err != nil {
		return nil, nil, err
	}
	in := c.input(t, o, c.conn.OfflineUser())
	for _, v := range t.Volumes {
		in.Mounts = append(in.Mounts, manifest.Mount{Path: v.Path, SubPath: v.SubPath, Claim: v.Volume, Ephemeral: v.Ephemeral})
	}
	if name := cmp.Or(o.Queue, t.Queue); name != queue.None {
		in.Queue = name
	}
	objects, err := manifest.Build(in)
	if err != nil {
		return nil, nil, err
	}
	return objects.All(), append(warnings(t), objects.Warnings...), nil
}

// Submit implements sdk.TaskWriter.
func (c *Client) Submit(ctx context.Context, t *spec.Task, o api.SubmitOptions) (*api.TaskStatus, error) {
	draft, err := c.draft(t, o)
	if err != nil {
		return nil, err
	}
	// What does not depend on who is asking is asked at the same time.
	var ahead sync.WaitGroup
	var choice queue.Choice
	var choiceErr, rightsErr error
	ahead.Go(func() { _, _ = c.namespaceProfile(ctx) }) // an error comes again in preflight
	ahead.Go(func() { choice, choiceErr = c.queues.Choose(ctx, c.conn.Namespace, cmp.Or(o.Queue, t.Queue)) })
	ahead.Go(func() { rightsErr = c.rights.Require(ctx, submitRights(draft)...) })
	user, err := c.conn.User(ctx)
	ahead.Wait()
	if err != nil {
		return nil, err
	}
	in := c.input(t, o, user)
	if o.RequestID != "" {
		found, err := c.findRequest(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		if found != nil && !submitting(found) {
			return c.adopt(found, in.Identity, o)
		}
	}
	if err := c.preflight(ctx, &in); err != nil {
		return nil, err
	}
	// Behind what says that there is no such namespace.
	if err := cmp.Or(rightsErr, choiceErr); err != nil {
		return nil, err
	}
	if err := c.joinQueue(ctx, &in, choice, o); err != nil {
		return nil, err
	}
	objects, err := manifest.Build(in)
	if err != nil {
		return nil, err
	}
	for _, w := range append(warnings(t), objects.Warnings...) {
		c.conn.Warn(w)
	}
	if err := c.fitsQuota(ctx, objects.Job); err != nil {
		return nil, err
	}
	if err := c.fitsQueue(ctx, objects.Job, choice, o); err != nil {
		return nil, err
	}
	status, err := c.create(ctx, objects, in.Identity, o)
	if err == nil && choice.Warning != "" {
		c.conn.Warn(choice.Warning)
	}
	return status, err
}

// submitRights are what creating these objects needs.
func submitRights(objects *manifest.Objects) []rights.Right {
	out := rights.Each(jobsResource, "create")
	if len(objects.Helpers) > 0 {
		out = append(out, rights.Each(jobsResource, "patch")...)
	}
	for _, helper := range objects.Helpers {
		if r := rights.Each(helperResource(helper), "create")[0]; !slices.Contains(out, r) {
			out = append(out, r)
		}
	}
	return out
}

// input gathers what the objects are made of, short of what only the cluster
// knows.
func (c *Client) input(t *spec.Task, o api.SubmitOptions, user string) manifest.Input {
	in := manifest.Input{Task: t, ID: kube.NewID(), Namespace: c.conn.Namespace, User: user, Identity: identityOf(t, o),
		Keep: o.Keep, Deadline: o.Deadline, Profile: manifest.Profile(o.Profile)}
	if o.RequestID != "" {
		in.ID = kube.DerivedID(user, o.RequestID)
	}
	if in.Keep == 0 {
		in.Keep = api.DefaultKeep
	}
	return in
}

// identityOf is a hash of what a task is to do: what its file says, wherever
// it lies, and the options that change it. The values of secrets are not in
// it; who can read the hash could guess them.
func identityOf(t *spec.Task, o api.SubmitOptions) string {
	same := *t
	same.Source, same.PodConfigAt = spec.Source{}, spec.Position{}
	same.Secrets = make([]spec.EnvVar, len(t.Secrets))
	for i, s := range t.Secrets {
		same.Secrets[i].Name = s.Name
	}
	same.Volumes = make([]spec.VolumeMount, len(t.Volumes))
	for i, v := range t.Volumes {
		v.Line, v.Column = 0, 0
		same.Volumes[i] = v
	}
	data, err := json.Marshal([]any{same, o.Deadline, o.Profile})
	if err != nil {
		panic("task: a validated task must have a JSON form: " + err.Error())
	}
	return kube.Hash(string(data))
}

// warnings are about the file itself.
func warnings(t *spec.Task) []string {
	if len(t.Ignored) == 0 {
		return nil
	}
	return []string{fmt.Sprintf("ignored fields, which have no effect here: %s", strings.Join(t.Ignored, ", "))}
}

// findRequest looks for the task of a request that was made before, under
// whatever name.
func (c *Client) findRequest(ctx context.Context, id string) (*batchv1.Job, error) {
	list, err := c.conn.Kube.BatchV1().Jobs(c.conn.Namespace).List(ctx,
		metav1.ListOptions{LabelSelector: selector(kindSelector, labels.Set{kube.LabelTaskID: id})})
	if err != nil || len(list.Items) == 0 {
		return nil, c.conn.Classify(err, "list", jobsResource)
	}
	return &list.Items[0], nil
}

// adopt takes a task that is there already for the one that was asked for, if
// it is to do the same.
func (c *Client) adopt(job *batchv1.Job, identity string, o api.SubmitOptions) (*api.TaskStatus, error) {
	if job.DeletionTimestamp != nil {
		return nil, &api.Conflict{Message: fmt.Sprintf("task %s of the same request is being deleted; try again when it is gone", job.Name)}
	}
	if job.Annotations[kube.AnnotationSpecHash] != identity {
		return nil, &api.Conflict{Message: fmt.Sprintf(
			"request %q was made before for another task (%s); choose another --request-id, or delete that task", o.RequestID, job.Name)}
	}
	s := fromJob(job)
	return &s, nil
}

// create makes the Job, then what its pods need, then lets it start. When it
// stops half-way the Job is left suspended, and the same request completes it;
// when the cluster says no for good, the Job is removed again.
func (c *Client) create(ctx context.Context, objects *manifest.Objects, identity string, o api.SubmitOptions) (*api.TaskStatus, error) {
	want := objects.Job
	if len(objects.Helpers) > 0 {
		want = objects.Unreleased()
	}
	job, mine, err := c.createJob(ctx, want, identity, o)
	if err != nil {
		return nil, err
	}
	if len(objects.Helpers) == 0 || !submitting(job) {
		s := fromJob(job)
		return &s, nil
	}
	for _, helper := range objects.Helpers {
		if err := c.createHelper(ctx, helper, job, o); err != nil {
			return nil, c.undo(ctx, job, mine, err, o)
		}
	}
	if o.DryRun == api.DryRunServer {
		s := fromJob(objects.Job) // nothing is left half-way
		s.ObjectMeta = publicMeta(job)
		return &s, nil
	}
	release, err := objects.Release()
	if err != nil {
		return nil, err
	}
	s, err := c.patch(ctx, job, release, metav1.PatchOptions{FieldManager: o.FieldManager})
	if err != nil {
		return nil, c.undo(ctx, job, mine, err, o)
	}
	return s, nil
}

// createAttempts bounds how often a creation is repeated whose answer was
// lost on the way.
const createAttempts = 4

// createJob creates the Job or finds the one that is there for the same
// request. mine reports whether this call made it.
func (c *Client) createJob(ctx context.Context, want *batchv1.Job, identity string, o api.SubmitOptions) (job *batchv1.Job, mine bool, err error) {
	jobs := c.conn.Kube.BatchV1().Jobs(want.Namespace)
	for attempt := 1; ; attempt++ {
		job, err = jobs.Create(ctx, want, metav1.CreateOptions{DryRun: dryRun(o.DryRun), FieldManager: o.FieldManager})
		switch {
		case err == nil:
			return job, true, nil
		case apierrors.IsAlreadyExists(err):
			job, err = jobs.Get(ctx, want.Name, metav1.GetOptions{})
			if err != nil {
				return nil, false, c.conn.Classify(err, "get", jobsResource)
			}
			// Either our own earlier attempt, or somebody made the same
			// request at the same moment.
			_, err = c.adopt(job, identity, o)
			return job, attempt > 1, err
		case attempt == createAttempts || !answerLost(err):
			return nil, false, c.conn.Classify(err, "create", jobsResource)
		}
		select {
		case <-ctx.Done():
			return nil, false, ctx.Err()
		case <-time.After(time.Duration(attempt) * 500 * time.Millisecond):
		}
	}
}

// answerLost reports a failure after which nobody knows whether the object was
// made. Its name is ours alone, so asking again is safe.
func answerLost(err error) bool {
	var status apierrors.APIStatus
	if errors.As(err, &status) {
		return apierrors.IsServerTimeout(err) || apierrors.IsTimeout(err) || apierrors.IsInternalError(err) ||
			apierrors.IsTooManyRequests(err) || apierrors.IsServiceUnavailable(err)
	}
	return isReset(err)
}

// undo removes a Job that this call made and that can never start. A passing
// failure leaves it, for the same request to complete.
func (c *Client) undo(ctx context.Context, job *batchv1.Job, mine bool, cause error, o api.SubmitOptions) error {
	if o.DryRun != api.DryRunNone {
		return cause // nothing was made
	}
	var passing *api.Unavailable
	if errors.As(cause, &passing) || ctx.Err() != nil {
		half := fmt.Sprintf("task %s was submitted only half; submit it again with the same --request-id, or remove it with `kubectl vast delete %s`",
			job.Name, job.Labels[kube.LabelTaskID])
		if ctx.Err() != nil {
			c.conn.Warn(half) // of somebody's Ctrl-C no error is shown
			return cause
		}
		return fmt.Errorf("%s: %w", half, cause)
	}
	if !mine {
		return cause
	}
	background := metav1.DeletePropagationBackground
	err := c.conn.Kube.BatchV1().Jobs(job.Namespace).Delete(ctx, job.Name,
		metav1.DeleteOptions{PropagationPolicy: &background, Preconditions: &metav1.Preconditions{UID: &job.UID}})
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("%w (Job %s is left, suspended, and could not be removed: %v)", cause, job.Name, c.conn.Classify(err, "delete", jobsResource))
	}
	return cause
}
