package e2e_test

import (
	"errors"
	"strings"

	"github.com/kubevast/vast/sdk"
	"github.com/kubevast/vast/sdk/api"
)

// errNotDirect is returned where the person's commands see the cluster in another way than
// an administrator: with fewer rights, through a proxy, or by settings of their own.
var errNotDirect = errors.New("not an administrator's direct connection")

// sdk returns a client to look at the person's namespace within this process. A wait looks
// after each change of a pod, Job or Workload: a command for each look took ten times
// the CPU time. What a test asserts is what the command prints, once there is something to
// be seen.
func (p *person) sdk() (*sdk.Client, error) {
	if p.kubeconfig != cluster.Kubeconfig() || p.namespace == "" || len(p.env) > 0 {
		return nil, errNotDirect
	}
	return sdk.NewForConfig(config, sdk.WithNamespace(p.namespace))
}

// peek returns the status of a task without starting a command, or an error where only a
// command can look.
func (p *person) peek(ref string) (*api.TaskStatus, error) {
	if strings.HasPrefix(ref, "@") {
		return nil, errNotDirect // depends on who asks
	}
	c, err := p.sdk()
	if err != nil {
		return nil, err
	}
	return c.Tasks().Get(p.Context(), ref)
}

// peekCampaign is peek for a campaign.
func (p *person) peekCampaign(id string) (*api.Campaign, error) {
	c, err := p.sdk()
	if err != nil {
		return nil, err
	}
	return c.Campaigns().Get(p.Context(), id)
}
