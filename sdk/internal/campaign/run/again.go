package run

import (
	"cmp"
	"fmt"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/sdk/api"
)

// goOn is the command line that finishes the submission of a campaign; with its
// file as long as that is not in the store, and with the agent image that it was
// begun with, which has to be said again.
func (c *Runner) goOn(r *layout.Record, withFile bool, flags ...string) string {
	command := []string{"campaign", "run"}
	if withFile {
		command = append(command, r.File)
	}
	command = append(command, "--resume="+r.ID)
	if r.AgentImage != "" && !kube.IsAgentImage(r.AgentImage) {
		command = append(command, "--agent-image="+r.AgentImage)
	}
	return c.conn.Hint().Vast(append(command, flags...)...)
}

// agentOf is the image of our own containers for Jobs that are made by a record:
// that of the options or this program's own. A record's own is used by nobody who
// has not said so: it would run with the store's credentials. One of another
// release of ours only tells which program made the record.
func (c *Runner) agentOf(r *layout.Record, o api.CampaignOptions, command ...string) (string, error) {
	own := kube.AgentImageFor(o.Version)
	now := o.AgentImage
	if now == "" {
		now = own
	}
	switch {
	case r.AgentImage == "" || r.AgentImage == now || kube.IsAgentImage(r.AgentImage):
		return now, nil
	case now != own: // it was typed
		c.conn.Warn(fmt.Sprintf("the record of campaign %s names agent image %.200q; what is made now gets %s", r.ID, r.AgentImage, now))
		return now, nil
	}
	return "", &api.ConflictError{Message: fmt.Sprintf("the record of campaign %s names agent image %.200q, and this program's own is %s; if you trust that image, say so: %s",
		r.ID, r.AgentImage, cmp.Or(own, "none"), c.conn.Hint().Vast(append(command, "--agent-image="+r.AgentImage)...))}
}
