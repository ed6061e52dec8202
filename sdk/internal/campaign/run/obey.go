package run

import (
	"context"
	"fmt"

	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/sdk/api"
)

// lookEvery is after how many Jobs their maker looks whether somebody has asked
// for something else meanwhile.
const CheckEvery = 200

// stoppedError is a campaign that was stopped while its Jobs were made.
type stoppedError struct{ *layout.Record }

func (s *stoppedError) Error() string {
	return fmt.Sprintf("campaign %s was stopped by %s while it was being submitted", s.ID, s.StoppedBy)
}

// obey does to the Jobs made so far what a record asks for. Whoever stops or
// holds a campaign writes it down and then does it to the Jobs that are there;
// for those that are made after that their maker has to look.
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

// stopMade stops what was made of a campaign that was stopped meanwhile, once
// nobody makes more of it.
func (c *Runner) stopMade(ctx context.Context, s *stoppedError) error {
	if err := c.stopJobs(ctx, s.Record, s.StoppedBy, api.CampaignStopOptions{}); err != nil {
		return fmt.Errorf("%w; %w", s, err)
	}
	return &api.ConflictError{Message: s.Error() + "; all its Jobs are stopped"}
}
