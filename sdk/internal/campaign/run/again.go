package run

import (
	"cmp"
	"fmt"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/sdk/api"
)

// resumeWith returns the remedy that completes the submission of a campaign: with
// its file, if that is not in the store, with the agent image that it was
// submitted with, which is never taken from a record alone, and with options.
func resumeWith(r *layout.Record, withFile bool, options ...string) []api.Remedy {
	remedy := api.Remedy{Action: api.CampaignsRun, Options: []string{"ID=" + r.ID}}
	if withFile {
		remedy.Ref = r.File
	}
	if r.AgentImage != "" && !kube.IsAgentImage(r.AgentImage) {
		remedy.Options = append(remedy.Options, "AgentImage="+r.AgentImage)
	}
	remedy.Options = append(remedy.Options, options...)
	return []api.Remedy{remedy}
}

// agentOf returns the image of our own containers for Jobs that are made from a
// record: that of the options, or that of this release. An image that only the
// record names is refused, since it would run with the store's credentials; the
// error's remedy is again with that image. The image of another release of ours
// only shows which release wrote the record.
func (c *Runner) agentOf(r *layout.Record, o api.CampaignOptions, again api.Remedy) (string, error) {
	own := kube.AgentImageFor(o.Version)
	now := o.AgentImage
	if now == "" {
		now = own
	}
	switch {
	case r.AgentImage == "" || r.AgentImage == now || kube.IsAgentImage(r.AgentImage):
		return now, nil
	case now != own: // the caller named it
		c.conn.Warn(fmt.Sprintf("the record of campaign %s names agent image %.200q; what is made now gets %s", r.ID, r.AgentImage, now))
		return now, nil
	}
	again.Options = append(again.Options, "AgentImage="+r.AgentImage)
	return "", &api.ConflictError{Message: fmt.Sprintf("the record of campaign %s names agent image %.200q, and this program's own is %s; name that image if you trust it",
		r.ID, r.AgentImage, cmp.Or(own, "none")), Remedies: []api.Remedy{again}}
}
