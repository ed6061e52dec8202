package runs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/apiserver"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/workflow/driver"
	"github.com/kubevast/vast/internal/workflow/record"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/authz"
)

// driving are the rights of a driver.
var driving = slices.Concat(authz.Each(configMaps, "get", "list", "watch", "create", "patch"), authz.Each("pods", "get", "list"),
	authz.Each(jobsResource, "get", "list", "watch", "create", "patch"), authz.Each("services", "create"), authz.Each(leases, "get", "create", "update"))

// redelivering are the rights of who has events delivered again.
var redelivering = slices.Concat(authz.Each(configMaps, "get", "patch"), authz.Each(jobsResource, "create"))

// Reconcile implements sdk.Workflow.
func (c *Client) Reconcile(ctx context.Context, ref string, wait bool) (*api.WorkflowRun, error) {
	if err := c.rights.Require(ctx, driving...); err != nil {
		return nil, err
	}
	id, err := c.resolve(ctx, ref, true)
	if err != nil {
		return nil, err
	}
	server, err := c.server()
	if err != nil {
		return nil, err
	}
	o := driver.Options{API: server, Namespace: c.conn.Namespace, Run: id, Holder: holder(), Once: !wait,
		WebhookSecret: c.webhookSecret, Linger: lingering}
	for {
		run, err := driver.Drive(ctx, o)
		held := (*driver.HeldError)(nil)
		switch {
		case err == nil && run.State.Phase.Final():
			c.keep(ctx, server, id)
			return c.Get(ctx, id)
		case err == nil:
			return c.handOver(ctx, run)
		case errors.Is(err, driver.ErrDeleted):
			return c.Get(ctx, id) // it may be in the history
		case errors.Is(err, driver.ErrIncomplete):
			return nil, &api.ConflictError{Message: fmt.Sprintf("the submission of run %s was not completed; submit it again with the same request id, or delete it", id),
				Remedies: []api.Remedy{{Action: WorkflowsDelete, Ref: id, Purpose: "delete it"}}}
		case errors.As(err, &held) && !wait:
			return c.Get(ctx, id) // a driver is at it
		case errors.As(err, &held):
			if err := pause(ctx, min(held.In, heldPause)); err != nil {
				return nil, err
			}
		case driver.IsLost(err) && ctx.Err() == nil:
			if !wait {
				return c.Get(ctx, id)
			}
		default:
			return nil, c.classify(err)
		}
	}
}

// heldPause is how often a driver that waits looks whether the Lease is free.
const heldPause = 2 * time.Second

// lingering is how long a driver in this process delivers events after the end of the run.
const lingering = 30 * time.Second

// handOver creates the driver's Job again, if it is gone and the namespace has an account for
// it, and returns the run.
func (c *Client) handOver(ctx context.Context, run *record.Run) (*api.WorkflowRun, error) {
	if c.needsDriver(ctx) == nil && kube.CheckAgentImage(kube.DefaultAgentImage()) == nil {
		if err := c.driveAgain(ctx, run, kube.RunDriver(run.ID), api.SubmitOptions{}); err != nil {
			return nil, err
		}
	}
	return c.Get(ctx, run.ID)
}

// driveAgain creates a Job that drives a run which was submitted before.
func (c *Client) driveAgain(ctx context.Context, run *record.Run, name string, o api.SubmitOptions) error {
	s, err := c.header(ctx, run)
	if err != nil {
		return err
	}
	n := record.New{ID: run.ID, Namespace: run.Namespace, Workflow: run.Workflow, User: run.User, Webhooks: s.Webhooks}
	return c.createDriver(ctx, n, name, run.UID, o)
}

// webhookSecret reads the secret of a webhook for a driver in this process.
func (c *Client) webhookSecret(ctx context.Context, _ int, w record.Webhook) ([]byte, error) {
	secret, err := c.conn.Kube.CoreV1().Secrets(c.conn.Namespace).Get(ctx, w.Secret, metav1.GetOptions{})
	if err != nil {
		return nil, c.conn.Classify(err, "get", "secrets")
	}
	if len(secret.Data[w.Key]) == 0 {
		return nil, fmt.Errorf("secret %q has no key %q", w.Secret, w.Key)
	}
	return secret.Data[w.Key], nil
}

// classify returns the error of a driver as one of the API.
func (c *Client) classify(err error) error {
	var status *apiserver.StatusError
	if errors.As(err, &status) && (status.Code == 401 || status.Code == 403) {
		return &api.ForbiddenError{Message: err.Error(), Cause: err}
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return &api.UnavailableError{Message: err.Error(), Cause: err}
}

// holder identifies this process as a driver.
func holder() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return fmt.Sprintf("client/%s/%d-%s", host, os.Getpid(), kube.NewID())
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(max(d, 10*time.Millisecond)):
		return nil
	}
}
