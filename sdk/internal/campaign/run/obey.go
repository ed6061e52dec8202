package run

import (
	"context"
	"fmt"

	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/sdk/api"
)

// CheckEvery is the number of created Jobs after which their creator reads the
// record again.
const CheckEvery = 200

// stoppedError is a campaign that was stopped while its Jobs were made.
type stoppedError struct{ *layout.Record }

func (s *stoppedError) Error() string {
	return fmt.Sprintf("campaign %s was stopped by %s while it was being submitted", s.ID, s.StoppedBy)
}

// FollowRecord applies what a record requests to the Jobs made so far. A client
// that stops or holds a campaign writes the record and then changes the Jobs
// that exist; for Jobs that are created later their creator reads the record.
func (c *Runner) FollowRecord(ctx context.Context, r *layout.Record) error {
	switch {
	case r.Stopped:
		return &stoppedError{r}
	case r.Held:
		if err := c.setActive(ctx, r, false, api.CampaignHoldOptions{}); err != nil {
			return err
		}
		now, _, err := c.records.Get(ctx, r.ID)
		if err != nil || now.Held {
			return err
		}
		// It was let go on just now; that must not be undone.
		return c.setActive(ctx, r, true, api.CampaignHoldOptions{})
	}
	return nil
}

// stopMade stops the Jobs of a campaign that was stopped during its creation,
// after the creation has ended.
func (c *Runner) stopMade(ctx context.Context, s *stoppedError) error {
	if err := c.stopJobs(ctx, s.Record, s.StoppedBy, api.CampaignStopOptions{}); err != nil {
		return fmt.Errorf("%w; %w", s, err)
	}
	return &api.ConflictError{Message: s.Error() + "; all its Jobs are stopped"}
}
