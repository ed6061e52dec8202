package sdk

import (
	"cmp"
	"context"
	"iter"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/kubevast/vast/internal/access"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/campaign"
	"github.com/kubevast/vast/sdk/internal/cluster"
	"github.com/kubevast/vast/sdk/spec"
	"github.com/kubevast/vast/sdk/variation"
)

// campaigns implements Campaign with the campaigns of the engine and the set-up that
// a prepared campaign contains.
type campaigns struct {
	*campaign.Client
	conn     *access.Conn
	clusters *cluster.Client
}

// anyCluster is the cluster type for a cluster of which nothing is known.
const anyCluster = "rke2"

// guessedQuota is the quota that is written where none was measured.
var guessedQuota = map[string]string{"cpu": "8", "memory": "32Gi"}

// pollCampaigns is the interval between two reads of Watch.
const pollCampaigns = 2 * time.Second

// Campaigns returns the interface to campaigns.
func (c *Client) Campaigns() Campaign { return campaigns{c.campaign, c.conn, c.cluster} }

// Get implements Campaign.
func (c campaigns) Get(ctx context.Context, ref string) (*api.Campaign, error) {
	list, err := c.List(ctx, api.CampaignListOptions{Refs: []string{ref}, Progress: true})
	if err != nil {
		return nil, err
	}
	return &list.Items[0], nil
}

// Watch implements Campaign.
func (c campaigns) Watch(ctx context.Context, o api.CampaignListOptions) iter.Seq2[*api.CampaignList, error] {
	return watch(ctx, c.conn.Warn, pollCampaigns, func(ctx context.Context) (*api.CampaignList, error) { return c.List(ctx, o) })
}

// watch yields what list returns, first and whenever it has changed. An
// UnavailableError after the first value is a warning, once for each interruption.
func watch[T any](ctx context.Context, warn func(string, ...api.Remedy), interval time.Duration, list func(context.Context) (*T, error)) iter.Seq2[*T, error] {
	return func(yield func(*T, error) bool) {
		tick := time.NewTicker(interval)
		defer tick.Stop()
		var last *T
		var interrupted bool
		for {
			now, err := list(ctx)
			switch {
			case ctx.Err() != nil:
				return
			case err != nil && last != nil && api.IsUnavailable(err):
				if !interrupted {
					warn(err.Error(), api.Remedies(err)...)
				}
				interrupted = true
			case err != nil:
				yield(now, err)
				return
			default:
				interrupted = false
				if last == nil || !equality.Semantic.DeepEqual(last, now) {
					last = now
					if !yield(now, nil) {
						return
					}
				}
			}
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	}
}

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
