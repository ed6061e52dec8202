package task

import (
	"context"
	"errors"
	"fmt"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/internal/access"
	"github.com/kubevast/vast/internal/diagnose"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/manifest"
)

// create creates the Job, then the helpers that its pods need, then lets it start. If it
// is interrupted the Job stays suspended, and the same request completes it; if the API
// server permanently refuses a helper, the Job is deleted again.
func (c *Client) create(ctx context.Context, objects *manifest.Objects, o api.SubmitOptions) (*api.TaskStatus, error) {
	if !o.DryRun.Sends() {
		s := fromJob(objects.Job)
		return &s, nil
	}
	want := objects.Job
	if len(objects.Helpers) > 0 {
		want = objects.Unreleased()
	}
	job, mine, err := c.createJob(ctx, want, o)
	if err != nil {
		return nil, objects.Located(err)
	}
	if len(objects.Helpers) == 0 || !diagnose.Submitting(job) {
		s := fromJob(job)
		return &s, nil
	}
	for _, helper := range objects.Helpers {
		if err := c.createHelper(ctx, helper, job, o); err != nil {
			return nil, c.undo(ctx, job, mine, err, o)
		}
	}
	if !o.DryRun.Keeps() {
		s := fromJob(objects.Job) // a dry run completes it
		s.ObjectMeta = publicMeta(job)
		return &s, nil
	}
	release, err := objects.Release(job.UID)
	if err != nil {
		return nil, err
	}
	s, err := c.patch(ctx, job, release, metav1.PatchOptions{FieldManager: o.FieldManager})
	if err != nil {
		return nil, c.undo(ctx, job, mine, err, o)
	}
	return s, nil
}

// createAttempts bounds the attempts to create a Job while responses are lost.
const createAttempts = 4

// createJob creates the Job or finds the existing one of the same request. mine reports
// whether this call created it.
func (c *Client) createJob(ctx context.Context, want *batchv1.Job, o api.SubmitOptions) (job *batchv1.Job, mine bool, err error) {
	jobs := c.conn.Kube.BatchV1().Jobs(want.Namespace)
	for attempt := 1; ; attempt++ {
		job, err = jobs.Create(ctx, want, metav1.CreateOptions{DryRun: o.DryRun.Param(), FieldManager: o.FieldManager})
		switch {
		case err == nil:
			return job, true, nil
		case apierrors.IsAlreadyExists(err):
			job, err = jobs.Get(ctx, want.Name, metav1.GetOptions{})
			if err != nil {
				return nil, false, c.conn.Classify(err, "get", jobsResource)
			}
			// Created by an earlier attempt, or by a concurrent call with the
			// same request ID.
			return job, attempt > 1, adoptable(job, want, o)
		case attempt == createAttempts || !access.AnswerLost(err):
			return nil, false, c.conn.Classify(err, "create", jobsResource)
		}
		select {
		case <-ctx.Done():
			return nil, false, ctx.Err()
		case <-time.After(time.Duration(attempt) * 500 * time.Millisecond):
		}
	}
}

// undo deletes a Job that this call created and that can never start. After a temporary
// error it keeps the Job, so that the same request can complete it.
func (c *Client) undo(ctx context.Context, job *batchv1.Job, mine bool, cause error, o api.SubmitOptions) error {
	if !o.DryRun.Keeps() {
		return cause // nothing was created
	}
	var passing *api.UnavailableError
	if errors.As(cause, &passing) || ctx.Err() != nil {
		message := fmt.Sprintf("the submission of task %s was not completed; submit it again with the same request id, or delete it", job.Name)
		remedies := []api.Remedy{{Action: api.TasksDelete, Ref: job.Labels[kube.LabelTaskID], Purpose: "delete it"}}
		if ctx.Err() != nil {
			c.conn.Warn(message, remedies...) // no error is shown after Ctrl-C
			return cause
		}
		return &api.UnavailableError{Message: message + ": " + passing.Message, Cause: cause, Remedies: remedies}
	}
	if !mine {
		return cause
	}
	background := metav1.DeletePropagationBackground
	err := c.conn.Kube.BatchV1().Jobs(job.Namespace).Delete(ctx, job.Name,
		access.Exactly(job.UID, metav1.DeleteOptions{PropagationPolicy: &background}))
	if err := c.conn.Deleted(err, jobsResource, job.Name); err != nil {
		return fmt.Errorf("%w (Job %s is left, suspended, and could not be removed: %v)", cause, job.Name, err) //nolint:errorlint // only the cause decides the exit code
	}
	return cause
}

// createHelper creates an object that the pods need, owned by the Job. An existing one
// must be of an earlier, unfinished attempt of the same request.
func (c *Client) createHelper(ctx context.Context, obj runtime.Object, job *batchv1.Job, o api.SubmitOptions) error {
	core, create := c.conn.Kube.CoreV1(), metav1.CreateOptions{DryRun: o.DryRun.Param(), FieldManager: o.FieldManager}
	kind := helperResource(obj)
	var err error
	var there func(string) (metav1.Object, error)
	get := metav1.GetOptions{}
	switch helper := obj.(type) {
	case *corev1.Service:
		helper.OwnerReferences = ownedBy(job)
		_, err = core.Services(job.Namespace).Create(ctx, helper, create)
		there = func(name string) (metav1.Object, error) { return core.Services(job.Namespace).Get(ctx, name, get) }
	case *corev1.Secret:
		helper.OwnerReferences = ownedBy(job)
		_, err = core.Secrets(job.Namespace).Create(ctx, helper, create)
		there = func(name string) (metav1.Object, error) { return core.Secrets(job.Namespace).Get(ctx, name, get) }
	case *corev1.ConfigMap:
		helper.OwnerReferences = ownedBy(job)
		_, err = core.ConfigMaps(job.Namespace).Create(ctx, helper, create)
		there = func(name string) (metav1.Object, error) { return core.ConfigMaps(job.Namespace).Get(ctx, name, get) }
	case *networkingv1.NetworkPolicy:
		policies := c.conn.Kube.NetworkingV1().NetworkPolicies(job.Namespace)
		helper.OwnerReferences = ownedBy(job)
		_, err = policies.Create(ctx, helper, create)
		there = func(name string) (metav1.Object, error) { return policies.Get(ctx, name, get) }
	}
	if apierrors.IsAlreadyExists(err) && o.DryRun.Keeps() {
		return c.foreign(kind, obj.(metav1.Object).GetName(), job, there)
	}
	return c.conn.Classify(err, "create", kind)
}

// helperResource returns the resource of a helper.
func helperResource(obj runtime.Object) string {
	switch obj.(type) {
	case *corev1.Service:
		return "services"
	case *corev1.Secret:
		return "secrets"
	case *corev1.ConfigMap:
		return "configmaps"
	case *networkingv1.NetworkPolicy:
		return "networkpolicies.networking.k8s.io"
	}
	panic(fmt.Sprintf("task: a %T is no helper", obj))
}

// foreign returns an error for a helper that belongs to another Job: one of the same
// request that was just deleted, whose helpers are still to be garbage-collected. It
// returns nil if the caller may not read the helper.
func (c *Client) foreign(kind, name string, job *batchv1.Job, there func(string) (metav1.Object, error)) error {
	have, err := there(name)
	if apierrors.IsForbidden(err) || err == nil && metav1.IsControlledBy(have, job) {
		return nil
	}
	return &api.UnavailableError{Message: fmt.Sprintf("%s %s of an earlier task is still being removed; try again in a moment", kind, name)}
}

func ownedBy(job *batchv1.Job) []metav1.OwnerReference {
	return []metav1.OwnerReference{{APIVersion: "batch/v1", Kind: "Job", Name: job.Name, UID: job.UID,
		Controller: ptr.To(true)}}
}
