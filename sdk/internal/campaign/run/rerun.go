package run

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/campaign/plan"
	"github.com/kubevast/vast/sdk/internal/campaign/record"
	"github.com/kubevast/vast/sdk/internal/queue"
	"github.com/kubevast/vast/sdk/spec"
)

// Rerun implements sdk.Campaign. All inputs of the new campaign are in the
// store: neither the file nor the command line of the old one is needed.
func (c *Runner) Rerun(ctx context.Context, ref string, o api.CampaignRerunOptions) (*api.Campaign, error) {
	if err := api.JoinInvalid(plan.CheckOptions(o.CampaignOptions), checkRerun(o)); err != nil {
		return nil, err
	}
	old, err := c.records.FindForChange(ctx, ref, runRights...)
	if err != nil {
		return nil, err
	}
	b, err := c.records.OpenStore(ctx)
	if err != nil {
		return nil, err
	}
	have, stored, err := c.load(ctx, b, old)
	if api.IsNotFound(err) {
		return nil, &api.NotFoundError{Kind: "campaign", Name: old.ID, Namespace: old.Namespace, Hint: "the store has no copy of it any more; submit its file again"}
	}
	if err != nil {
		return nil, err
	}
	agent, err := c.agentOf(old, o.CampaignOptions, api.Remedy{Action: api.CampaignsRerun, Ref: old.ID, Options: []string{"Failed"}})
	if err != nil {
		return nil, err
	}
	r := *record.WithLists(old, stored)
	selected, err := c.toRepeat(ctx, &r, o)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	r.ID = record.NewID(cmp.Or(o.Name, r.Name), now, 0)
	r.Name, r.Created, r.Context = cmp.Or(o.Name, r.Name), now.Truncate(time.Second), c.conn.Context
	r.RerunOf, r.Selected, r.Total = old.ID, selected, len(selected)
	r.Configs = configsAmong(r.Configs, selected)
	r.ConfigCount = len(r.Configs)
	r.Jobs = (r.Total + r.RunsPerJob - 1) / r.RunsPerJob
	r.Complete, r.Held, r.Stopped, r.StoppedBy, r.ImageID = false, false, false, "", ""
	r.Priority, r.AgentImage, r.Namespace, r.UID = "", agent, c.conn.Namespace, ""
	if o.Version != "" {
		r.Versions = map[string]string{"kubevast": o.Version}
	}
	if o.Secrets, err = c.secretsOf(ctx, old, have.execution.Secrets, o.Secrets); err != nil {
		return nil, err
	}
	// The pack is in the store, and there is nothing else to bring.
	d := &plan.Draft{Spec: &spec.Campaign{Path: r.File, Execution: have.execution}, Configs: have.configs,
		Inputs: &plan.Inputs{Sum: r.Inputs, Scenario: r.Scenario}, Record: &r}
	if d.Spec.Data, err = record.ReadObject(ctx, b, record.FileKey(old)); err != nil && !api.IsNotFound(err) {
		return nil, err
	}
	// A campaign that joined no queue has none to its name.
	o.Queue, o.Priority = cmp.Or(o.Queue, old.Queue, queue.None), cmp.Or(o.Priority, old.Priority)
	return c.start(ctx, d, o.CampaignOptions)
}

// checkRerun refuses the options whose values follow from the old campaign.
func checkRerun(o api.CampaignRerunOptions) error {
	var errs []error
	if o.ID != "" {
		errs = append(errs, api.InvalidOption("ID", "a rerun is a new campaign, whose id is made of its name and the time"))
	}
	if len(o.Configs) > 0 {
		errs = append(errs, api.InvalidOption("Configs", "a rerun has the configurations of the runs that failed"))
	}
	if o.Runs != 0 {
		errs = append(errs, api.InvalidOption("Runs", "a rerun has the runs that failed"))
	}
	return api.JoinInvalid(errs...)
}

// toRepeat returns the runs that are to be run again, in the campaign's order.
func (c *Runner) toRepeat(ctx context.Context, r *layout.Record, o api.CampaignRerunOptions) ([]layout.RunRef, error) {
	jobs, err := c.status.JobRuns(ctx, []string{r.ID}, true)
	if err != nil {
		return nil, err
	}
	runs, err := c.status.Merge(ctx, r, jobs[r.ID])
	if err != nil {
		return nil, err
	}
	var out []layout.RunRef
	for ref := range r.All() {
		now, known := runs[ref]
		if now.State == api.Failed || o.Stopped && (now.State == api.Stopped || !known) {
			out = append(out, ref)
		}
	}
	if len(out) == 0 {
		which := "failed"
		if o.Stopped {
			which = "failed or stopped"
		}
		return nil, &api.ConflictError{Message: fmt.Sprintf("campaign %s has no %s runs to run again", r.ID, which)}
	}
	return out, nil
}

// configsAmong are those of the configurations that have some of the runs.
func configsAmong(configs []string, runs []layout.RunRef) []string {
	has := map[string]bool{}
	for _, ref := range runs {
		has[ref.Config] = true
	}
	return slices.DeleteFunc(slices.Clone(configs), func(name string) bool { return !has[name] })
}
