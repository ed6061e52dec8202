package sdk

import (
	"cmp"
	"context"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/campaign"
	"github.com/kubevast/vast/sdk/internal/cluster"
	"github.com/kubevast/vast/sdk/spec"
	"github.com/kubevast/vast/sdk/variation"
)

// CampaignPreparer knows how to write a campaign down for others to run.
type CampaignPreparer interface {
	// Prepare writes a campaign into a folder, with all that it takes to run
	// it by kubectl alone: its Jobs, its inputs, what a namespace needs, and
	// what to do in which order. No cluster is asked, and no credentials are
	// written. The folder is there as a whole or not at all; a folder with
	// something else in it is InvalidSpecError.
	Prepare(ctx context.Context, s *spec.Campaign, configs *variation.Configs, o api.PrepareOptions) (*api.PrepareReport, error)
}

// campaigns is the Campaign interface: the campaigns, and the setup that a
// prepared one brings along.
type campaigns struct {
	*campaign.Client
	clusters *cluster.Client
}

// anyCluster is the config that fits a cluster that nothing is known of, and
// guessedQuota what is written where nobody measured it.
const anyCluster = "rke2"

var guessedQuota = map[string]string{"cpu": "8", "memory": "32Gi"}

// Campaigns returns the interface to campaigns.
func (c *Client) Campaigns() Campaign { return campaigns{c.campaign, c.cluster} }

// Prepare implements Campaign.
func (c campaigns) Prepare(ctx context.Context, s *spec.Campaign, configs *variation.Configs, o api.PrepareOptions) (*api.PrepareReport, error) {
	o.Setup.Config = cmp.Or(o.Setup.Config, anyCluster)
	o.Setup.DryRun = api.DryRunClient
	quota := map[string]string{}
	for name, value := range guessedQuota {
		quota[name] = cmp.Or(o.Setup.Quota[name], value)
	}
	for name, value := range o.Setup.Quota {
		quota[name] = value
	}
	o.Setup.Quota = quota
	setup, err := c.clusters.Render(ctx, o.Setup)
	if err != nil {
		return nil, err
	}
	return c.Client.WritePrepared(ctx, s, configs, setup, o)
}
