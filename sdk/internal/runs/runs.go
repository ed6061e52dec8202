// Package runs submits, reads, drives, stops and deletes runs of workflows. All state of a
// run is in the cluster; see package record. A Job of the agent drives it, or a client.
package runs

import (
	"context"
	"fmt"

	"k8s.io/client-go/rest"

	"github.com/kubevast/vast/internal/access"
	"github.com/kubevast/vast/internal/apiserver"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/authz"
	"github.com/kubevast/vast/sdk/internal/campaign"
	"github.com/kubevast/vast/sdk/internal/task"
)

// The actions of remedies.
const (
	WorkflowsGet       api.Action = "Workflows.Get"
	WorkflowsList      api.Action = "Workflows.List"
	WorkflowsStop      api.Action = "Workflows.Stop"
	WorkflowsDelete    api.Action = "Workflows.Delete"
	WorkflowsReconcile api.Action = "Workflows.Reconcile"
)

const (
	jobsResource = "jobs.batch"
	configMaps   = "configmaps"
	leases       = "leases.coordination.k8s.io"
)

// Client implements sdk.Workflow.
type Client struct {
	conn      *access.Conn
	tasks     *task.Client
	campaigns *campaign.Client
	rights    *authz.Checker
}

// New returns a client over conn. It sends no request.
func New(conn *access.Conn, tasks *task.Client, campaigns *campaign.Client) *Client {
	return &Client{conn: conn, tasks: tasks, campaigns: campaigns, rights: tasks.Rights()}
}

// server returns a client of the API server with the caller's credentials, for a driver.
func (c *Client) server() (*apiserver.Client, error) {
	cfg := rest.CopyConfig(c.conn.Config)
	cfg.ContentConfig = rest.ContentConfig{}
	http, err := rest.HTTPClientFor(cfg)
	if err != nil {
		return nil, api.Invalid("kubeconfig", "%v", err)
	}
	base, _, err := rest.DefaultServerUrlFor(cfg)
	if err != nil {
		return nil, api.Invalid("kubeconfig", "%v", err)
	}
	return apiserver.With(base.String(), http), nil
}

func (c *Client) notFound(ref string) error {
	return &api.NotFoundError{Kind: "run", Name: ref, Namespace: c.conn.Namespace, Remedies: []api.Remedy{
		{Action: WorkflowsList, Options: []string{"AllUsers"}}, {Options: []string{"Namespace"}, Purpose: "look in another namespace"}}}
}

// user returns the name under which the caller acts.
func (c *Client) user(ctx context.Context) (string, error) {
	user, err := c.conn.User(ctx)
	if err != nil {
		return "", fmt.Errorf("who you are: %w", err)
	}
	return user, nil
}
