package layout

import "github.com/kubevast/vast/sdk/api"

// Note counts one more run in this state. saving: it has ended, and what it left
// is being saved.
func Note(n *api.RunCounts, state api.State, saving bool) {
	switch state {
	case api.Succeeded:
		n.Succeeded++
	case api.Rejected:
		n.Rejected++
	case api.Failed:
		n.Failed++
	case api.Stopped:
		n.Stopped++
	case api.Running:
		if saving {
			n.Saving++
		} else {
			n.Running++
		}
	case api.Pending:
		n.Pending++
	default:
		n.Queued++
	}
}

// Stand completes the counts of a campaign's runs by its record, and returns
// its state: it is the only place that decides it. Runs of which nothing is
// known are missing; in a stopped campaign they are runs that were stopped
// before they began.
func (r *Record) Stand(n *api.RunCounts) api.CampaignState {
	active := n.Running + n.Saving + n.Pending + n.Queued
	known := n.Done() + active
	n.Total = max(r.Total, known)
	n.Missing = n.Total - known
	if r.Stopped {
		n.Stopped, n.Missing = n.Stopped+n.Missing, 0
	}
	over := active == 0 && (n.Missing == 0 || r.Complete || r.Stopped)
	switch {
	case over && n.Succeeded+n.Rejected == n.Total:
		return api.CampaignSucceeded
	case over && (r.Stopped || n.Failed+n.Missing == 0):
		return api.CampaignStopped
	case over:
		return api.CampaignFailed
	case n.Missing > 0 && !r.Complete:
		return api.CampaignSubmitting
	case r.Held:
		return api.CampaignHeld
	case active > 0 && active == n.Queued:
		return api.CampaignQueued
	}
	return api.CampaignRunning
}
