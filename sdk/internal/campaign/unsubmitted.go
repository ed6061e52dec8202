package campaign

import (
	"context"
	"errors"

	"github.com/kubevast/vast/internal/kube"
)

// Unsubmitted returns the ids of the namespace's campaigns, of all users, whose
// submission goes on or ended half-way: nobody has stopped them, and not all of
// their runs are known. Who makes such a campaign may be at work in the store
// without any Job. A store that cannot be read leaves it at what the Jobs tell.
func (c *Client) Unsubmitted(ctx context.Context) ([]string, error) {
	sel, err := c.selector(ctx, kube.KindCampaign, nil, true)
	if err != nil {
		return nil, err
	}
	var begun []*Record
	var ids, out []string
	err = c.eachRecord(ctx, sel, func(r *Record) {
		if !r.Complete && !r.Stopped {
			begun, ids = append(begun, r), append(ids, r.ID)
		}
	})
	if err != nil || len(begun) == 0 {
		return nil, err
	}
	jobs, err := c.jobRuns(ctx, ids, true)
	if err != nil {
		return nil, err
	}
	for _, r := range begun {
		runs, err := c.merged(ctx, r, jobs[r.ID])
		if unread := (*unreadIndex)(nil); err != nil && !errors.As(err, &unread) {
			return nil, err
		}
		if len(runs) < r.Total {
			out = append(out, r.ID)
		}
	}
	return out, nil
}
