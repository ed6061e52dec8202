package campaign

import (
	"github.com/kubevast/vast/internal/kube"
)

// goOn is the command line that finishes the submission of a campaign; with its
// file as long as that is not in the store, and with the agent image that it was
// begun with, which has to be said again.
func (c *Client) goOn(r *Record, withFile bool, flags ...string) string {
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
