package campaign

import (
	"regexp"

	"github.com/kubevast/vast/sdk/kube"
)

// again is a command line that reaches this cluster and namespace from wherever
// it is typed.
func (c *Client) again(command string) string {
	line := "kubectl vast " + command
	if c.conn.Context != "" {
		line += " --context=" + word(c.conn.Context)
	}
	return line + " --namespace=" + word(c.conn.Namespace)
}

// goOn is the command line that finishes the submission of a campaign; with its
// file as long as that is not in the store, and with the agent image that it was
// begun with, which has to be said again.
func (c *Client) goOn(r *Record, withFile bool) string {
	command := "campaign run --resume=" + r.ID
	if withFile {
		command = "campaign run " + word(r.File) + " --resume=" + r.ID
	}
	if r.AgentImage != "" && !kube.IsAgentImage(r.AgentImage) {
		command += " --agent-image=" + word(r.AgentImage)
	}
	return c.again(command)
}

var plainWord = regexp.MustCompile(`^[A-Za-z0-9@%+=:,./_-]+$`)

// word makes a text one word of a shell's command line.
func word(s string) string {
	if plainWord.MatchString(s) {
		return s
	}
	return quote(s)
}
