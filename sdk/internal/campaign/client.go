// Package campaign composes the client for campaigns of the packages below it.
//
// record is at the bottom; plan and status use it; run uses all three, prepare
// uses plan, cleanup uses status.
package campaign

import (
	"context"

	"github.com/kubevast/vast/internal/access"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/campaign/cleanup"
	"github.com/kubevast/vast/sdk/internal/campaign/plan"
	"github.com/kubevast/vast/sdk/internal/campaign/prepare"
	"github.com/kubevast/vast/sdk/internal/campaign/record"
	"github.com/kubevast/vast/sdk/internal/campaign/run"
	"github.com/kubevast/vast/sdk/internal/campaign/status"
	"github.com/kubevast/vast/sdk/internal/queue"
	"github.com/kubevast/vast/sdk/internal/task"
	"github.com/kubevast/vast/sdk/spec"
	"github.com/kubevast/vast/sdk/variation"
)

// Client implements sdk.Campaign.
type Client struct {
	*status.Reader
	*run.Runner
	*cleanup.Cleaner
	*prepare.Preparer
	records *record.Client
}

// New returns a client over conn. It sends no request.
func New(conn *access.Conn, tasks *task.Client, queues *queue.Client) *Client {
	return compose(record.New(conn, tasks.Rights()), tasks, queues)
}

func compose(records *record.Client, tasks *task.Client, queues *queue.Client) *Client {
	status := status.New(records, tasks, queues)
	return &Client{Reader: status, Runner: run.New(records, status, tasks, queues),
		Cleaner: cleanup.New(records, status), Preparer: prepare.New(records.Conn), records: records}
}

// Render implements sdk.Campaign. The user and the queue are those of the
// options and the kubeconfig: no request is sent.
func (c *Client) Render(ctx context.Context, s *spec.Campaign, configs *variation.Configs, o api.CampaignOptions) (*api.RenderedCampaign, error) {
	return plan.Render(ctx, plan.TargetOf(c.records.Conn), s, configs, o)
}
