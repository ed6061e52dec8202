package monitor

import (
	"fmt"
	"strings"

	"github.com/kubevast/vast/internal/text"
	"github.com/kubevast/vast/sdk/api"
)

// goingOn are the campaigns that have not ended, by their context and id.
func goingOn(views []*view) map[string]bool {
	out := map[string]bool{}
	for _, v := range views {
		if v.list == nil {
			continue
		}
		for i := range v.list.Items {
			if c := &v.list.Items[i]; !c.State.Ended() {
				out[v.context+"/"+c.ID] = true
			}
		}
	}
	return out
}

// reportEnds prints the outcomes of the campaigns that were watched until they
// ended, and the next commands.
func (o *Options) reportEnds(views []*view, watched map[string]bool) {
	if !o.Output.Human() {
		return
	}
	for _, v := range views {
		for i := range v.list.Items {
			if c := &v.list.Items[i]; o.follow || watched[v.context+"/"+c.ID] {
				o.Notef("%s", v.endReport(c))
			}
		}
	}
}

// endReport is one line about a campaign that has ended, and one with the next
// command.
func (v *view) endReport(c *api.Campaign) string {
	line := fmt.Sprintf("Campaign %s %s", c.ID, map[api.CampaignState]string{
		api.CampaignSucceeded: "succeeded", api.CampaignFailed: "failed", api.CampaignStopped: "was stopped"}[c.State])
	if created := c.CreationTimestamp; !created.IsZero() && c.EndTime != nil {
		line += " after " + v.Lasted(&created, c.EndTime)
	}
	n := c.Runs
	var parts []string
	for _, part := range []struct {
		count int
		word  string
	}{{n.Succeeded, "succeeded"}, {n.Rejected, "rejected"}, {n.Failed, "failed"}, {n.Stopped, "stopped"}, {n.Missing, "missing"}} {
		if part.count > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", part.count, part.word))
		}
	}
	line += fmt.Sprintf(": of %s %s", text.Count(n.Total, "run"), strings.Join(parts, ", "))
	next := "Fetch its results with: " + v.Hint().Vast("results", "download", c.ID)
	if c.State == api.CampaignFailed {
		next = "See which runs failed, and why, with: " + v.Hint().Vast("results", "list", c.ID, "--failed")
	}
	return line + "\n  " + next
}
