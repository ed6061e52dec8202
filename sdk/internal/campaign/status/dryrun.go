package status

import "github.com/kubevast/vast/sdk/api"

// WouldStop makes of a campaign what it would be, had it been stopped.
func WouldStop(c *api.Campaign) {
	if c.State.Ended() {
		return
	}
	n := &c.Runs
	n.Stopped += n.Running + n.Saving + n.Pending + n.Queued + n.Missing
	n.Running, n.Saving, n.Pending, n.Queued, n.Missing = 0, 0, 0, 0, 0
	c.State, c.RunsPerMinute, c.ETA, c.Waiting, c.Active = api.CampaignStopped, 0, nil, nil, nil
}

// WouldHold makes of a campaign what it would be, had it been held or resumed.
func WouldHold(c *api.Campaign, held bool) {
	switch {
	case held && (c.State == api.CampaignRunning || c.State == api.CampaignQueued):
		c.State, c.ETA = api.CampaignHeld, nil
	case !held && c.State == api.CampaignHeld:
		c.State = api.CampaignRunning
	}
}
