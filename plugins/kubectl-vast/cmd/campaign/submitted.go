package campaign

import (
	"context"
	"errors"
	"fmt"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/internal/text"
	"github.com/kubevast/vast/plugins/kubectl-vast/cmd/monitor"
	"github.com/kubevast/vast/plugins/kubectl-vast/cmd/submission"
	"github.com/kubevast/vast/sdk/api"
)

// submitted prints a campaign that was just made, or follows it.
func submitted(ctx context.Context, f *cli.Factory, output *cli.DoneFlags, made *api.Campaign, d api.DryRun, follow bool) error {
	switch {
	case follow && output.Given():
		return printEnded(ctx, f, output, made.ID)
	case follow:
		return monitor.Follow(ctx, f, made.ID)
	}
	done := "submitted" + submission.ToQueue(made.Queue)
	if made.Unchanged {
		done = submission.Unchanged
	}
	p, err := output.Printer(cli.Operation(d, done))
	if err != nil {
		return err
	}
	if err := p.PrintObj(made, f.Out); err != nil {
		return err
	}
	if output.Given() {
		return nil
	}
	what := fmt.Sprintf("%s of %s.", text.Count(made.Runs.Total, "run"), text.Count(made.Configs, "configuration"))
	if d == api.DryRunNone {
		what += " Look at it with: " + f.Hint().Vast("monitor", made.ID)
	}
	f.Notef("%s", what)
	return nil
}

// printEnded prints a campaign as it ended. What people follow until then goes
// to stderr: stdout is for the program that asked for an output.
func printEnded(ctx context.Context, f *cli.Factory, output *cli.DoneFlags, id string) error {
	out := f.Out
	f.Out = f.ErrOut
	ended := monitor.Follow(ctx, f, id)
	f.Out = out
	var code *cli.ExitError
	if ctx.Err() != nil || ended != nil && !errors.As(ended, &code) {
		return ended // it is unfinished, or its state is unknown
	}
	client, err := f.Client()
	if err != nil {
		return err
	}
	list, err := client.Campaigns().List(ctx, api.CampaignListOptions{Refs: []string{id}})
	if err != nil {
		return err
	}
	p, err := output.Printer("ended")
	if err != nil {
		return err
	}
	if err := p.PrintObj(&list.Items[0], f.Out); err != nil {
		return err
	}
	return ended
}
