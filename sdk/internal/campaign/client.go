package campaign

import (
	"context"
	"iter"

	batchv1 "k8s.io/api/batch/v1"

	"github.com/kubevast/vast/internal/access"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/queue"
	"github.com/kubevast/vast/sdk/internal/task"
	"github.com/kubevast/vast/sdk/spec"
	"github.com/kubevast/vast/sdk/variation"
)

// Client implements sdk.Campaign.
type Client struct {
	*statusClient
	*runClient
	*cleaner
	*preparer
	records *records
}

// New returns a client over conn. It sends no request.
func New(conn *access.Conn, tasks *task.Client, queues *queue.Client) *Client {
	return compose(newRecords(conn), tasks, queues)
}

func compose(records *records, tasks *task.Client, queues *queue.Client) *Client {
	status := newStatus(records, tasks, queues)
	return &Client{statusClient: status, runClient: newRunner(records, status, tasks, queues),
		cleaner: newCleaner(records, status), preparer: newPreparer(records.conn), records: records}
}

// Render implements sdk.Campaign. The user and the queue are those of the
// options and the kubeconfig: no request is sent.
func (c *Client) Render(ctx context.Context, s *spec.Campaign, configs *variation.Configs, o api.CampaignOptions) (iter.Seq2[*batchv1.Job, error], []string, error) {
	return render(ctx, targetOf(c.records.conn), s, configs, o)
}
