package campaign

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/internal/cli/command"
	"github.com/kubevast/vast/plugins/kubectl-vast/cmd/submission"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/spec"
	"github.com/kubevast/vast/sdk/variation"
)

// RunFlags are what a campaign's submission has besides a task's.
type RunFlags struct {
	campaignFile
	runs   int
	Resume string
	Follow bool
}

// Add binds them; followShort is -f where that is free.
func (r *RunFlags) Add(c *cobra.Command, f *cli.Factory, followShort string) {
	r.addFlags(c)
	p := c.Flags()
	p.IntVar(&r.runs, "runs", 0, "Runs of each configuration of a campaign, instead of the file's.")
	p.StringVar(&r.Resume, "resume", "", "Finish the interrupted submission of the campaign with this id. The file is needed only if the submission stopped before the campaign was recorded.")
	p.BoolVarP(&r.Follow, "follow", followShort, false, "Show the progress of the campaign until it ends, and exit with its exit code.")
	_ = c.RegisterFlagCompletionFunc("resume", f.Complete(-1, cli.CampaignIDs))
}

// runOptions is the submission of one campaign.
type runOptions struct {
	*cli.Factory
	flags  *RunFlags
	path   string // empty with --resume alone
	data   []byte // the file, when it was read already
	inputs spec.Inputs
	dryRun api.DryRun
	// asBegun: values are drawn as when the campaign was begun.
	asBegun bool
	api     api.CampaignOptions
	output  *cli.DoneFlags
}

func newRun(f *cli.Factory) *cobra.Command {
	flags, extra := submission.NewFlags(f), &RunFlags{}
	c := &cobra.Command{
		Use:     "run (FILE | --resume CAMPAIGN)",
		Aliases: []string{"submit", "launch"},
		Short:   "Submit a campaign",
		Long: templates.LongDesc(`
			Submit a campaign: each run of each configuration becomes a Job in the queue. The
			command returns when all Jobs are created; with --follow, when they have finished.

			Everything is validated before anything is created. An interrupted submission is
			finished with --resume; no run is created twice.

			"kubectl vast submit FILE.vast" does the same.`),
		Example: templates.Examples(`
			# Submit a campaign, and watch it
			kubectl vast campaign run sweep.vast
			kubectl vast monitor

			# Submit two runs of some configurations, and follow them
			kubectl vast campaign run sweep.vast --config='test-1-*' --runs=2 --follow

			# Count the Jobs that would be created; no cluster is contacted
			kubectl vast campaign run sweep.vast --dry-run=client -o name | wc -l

			# Finish a submission that was interrupted
			kubectl vast campaign run --resume=sweep-2026-06-17-101500`),
		Args:              cli.Args(0, 1, ""),
		ValidArgsFunction: completeCampaignFile,
		RunE: func(c *cobra.Command, args []string) error {
			path := append(args, "")[0]
			if err := flags.StdinOnce(path); err != nil {
				return err
			}
			return Submit(c, f, flags, extra, path, nil)
		},
	}
	p := c.Flags()
	flags.Add(f, c, "campaign")
	submission.AddRunResources(p, &flags.Inputs)
	p.BoolVarP(&flags.Detach, "detach", "d", false, "Return as soon as all Jobs are created. This is the default without --follow.")
	extra.Add(c, f, "f")
	return c
}

// Submit submits a campaign by the flags of a submission; data is its
// file's content, if that was read already.
func Submit(c *cobra.Command, f *cli.Factory, s *submission.Flags, extra *RunFlags, path string, data []byte) error {
	r := &runOptions{Factory: f, flags: extra, path: path, data: data, dryRun: s.DryRun.Value, output: s.Output}
	var err error
	if r.inputs, err = s.ReadInputs(c.Context(), f); err != nil {
		return err
	}
	r.inputs.Context = f.GivenContext()
	r.api = api.CampaignOptions{ID: extra.Resume, Name: s.Inputs.Name, Runs: extra.runs, Queue: s.Queue, Priority: s.Priority,
		Profile: s.Profile, Force: s.Force, TTL: time.Duration(s.Keep), AgentImage: s.AgentImage, Version: cli.Version().GitVersion,
		DryRun: s.DryRun.Value, FieldManager: s.Manager}
	if path == "" {
		r.api.Secrets = r.inputs.Secrets
	}
	switch follow := extra.Follow || s.Wait; {
	case path == "" && extra.Resume == "":
		return cli.Usagef("a campaign file is missing: %s", command.Target{}.Vast("campaign", "run", "FILE"))
	case path == "" && (len(extra.configs) > 0 || c.Flags().Changed("runs") || c.Flags().Changed("random")):
		return cli.Usagef("--config, --runs and --random go with a file: without one the campaign continues unchanged")
	case path == "" && s.DryRun.Value != api.DryRunNone:
		return cli.Usagef("--dry-run needs a file")
	case s.Keep == 0:
		return cli.Usagef("--keep must be more than 0")
	case c.Flags().Changed("runs") && extra.runs < 1:
		return cli.Usagef("--runs must be at least 1")
	case follow && s.Detach:
		return cli.Usagef("--follow and --detach exclude each other")
	case follow && s.DryRun.Value != api.DryRunNone:
		return cli.Usagef("--follow and --dry-run exclude each other")
	}
	extra.Follow = extra.Follow || s.Wait
	r.asBegun = extra.Resume != "" && !c.Flags().Changed("random") && s.DryRun.Value != api.DryRunClient
	extra.look = r.dryRun == api.DryRunClient
	if err := s.Output.Check(); err != nil {
		return err
	}
	return r.Run(c.Context())
}

// Run reads the file, submits the campaign, and follows it if that was asked for.
func (r *runOptions) Run(ctx context.Context) error {
	campaign, configs, err := r.read(ctx)
	if err != nil {
		return err
	}
	if r.dryRun == api.DryRunClient {
		return r.render(ctx, campaign, configs)
	}
	client, err := r.Client()
	if err != nil {
		return err
	}
	r.ShowTarget(client.Namespace())
	progress := &submitProgress{Factory: r.Factory}
	r.api.Notify = progress.notify
	made, err := client.Campaigns().Run(ctx, campaign, configs, r.api)
	progress.end()
	if err != nil {
		return err
	}
	return submitted(ctx, r.Factory, r.output, made, r.dryRun, r.flags.Follow)
}

func (r *runOptions) read(ctx context.Context) (*spec.Campaign, *variation.Configs, error) {
	if r.path == "" {
		return nil, nil, nil
	}
	if r.asBegun {
		if err := r.drawAsBegun(ctx); err != nil {
			return nil, nil, err
		}
	}
	switch {
	case r.data != nil:
		return r.flags.parse(ctx, r.path, r.data, r.inputs)
	}
	return r.flags.read(ctx, r.Factory, r.path, r.inputs)
}

// drawAsBegun chooses what drew the values of the campaign that is resumed.
func (r *runOptions) drawAsBegun(ctx context.Context) error {
	client, err := r.Client()
	if err != nil {
		return err
	}
	random, err := client.Campaigns().Random(ctx, r.flags.Resume)
	var none *api.NotFoundError
	if errors.As(err, &none) { // then it is a new one
		return nil
	}
	r.flags.random = string(random)
	return err
}

// render uses no cluster. With -o it prints all Jobs, each as soon as it is made, and
// else what a submission would print.
func (r *runOptions) render(ctx context.Context, campaign *spec.Campaign, configs *variation.Configs) error {
	client, err := r.OfflineClient()
	if err != nil {
		return err
	}
	rendered, err := client.Campaigns().Render(ctx, campaign, configs, r.api)
	if err != nil {
		return err
	}
	for _, w := range rendered.Warnings {
		r.WarnOf(w)
	}
	if !r.output.Given() {
		return r.sayRendered(ctx, rendered)
	}
	return cli.PrintObjects(r.Factory, r.output, cli.Operation(r.dryRun, "created"), func(yield func(runtime.Object, error) bool) {
		for job, err := range rendered.Jobs {
			if !yield(job, cmp.Or(err, ctx.Err())) {
				return
			}
		}
	}, true)
}

// sayRendered makes all Jobs, which checks them, and prints what a submission would.
func (r *runOptions) sayRendered(ctx context.Context, rendered *api.RenderedCampaign) error {
	for _, err := range rendered.Jobs {
		if err = cmp.Or(err, ctx.Err()); err != nil {
			return err
		}
	}
	return submitted(ctx, r.Factory, r.output, rendered.Campaign, r.dryRun, false)
}

// submitProgress reports how many Jobs of a submission are created.
type submitProgress struct {
	*cli.Factory
	id    string
	phase string
	drawn time.Time
}

// redraw is how often the count of Jobs changes on a terminal.
const redraw = 100 * time.Millisecond

func (p *submitProgress) notify(now api.CampaignProgress) {
	if now.ID != "" && now.ID != p.id {
		p.id = now.ID
		p.Notef("Campaign %s", p.id)
	}
	if now.Phase == "" {
		return
	}
	if now.Phase != p.phase {
		p.end()
		p.phase = now.Phase
		if now.Phase == "inputs" {
			p.Notef("Uploading its inputs")
		}
	}
	if now.Phase != "jobs" {
		return
	}
	last := now.Done == now.Total
	if p.IsTerminal(p.ErrOut) {
		if last || p.Now().Sub(p.drawn) >= redraw {
			p.drawn = p.Now()
			fmt.Fprintf(p.ErrOut, "\rJobs: %d of %d", now.Done, now.Total)
		}
	} else if last {
		p.Notef("Jobs: %d of %d", now.Done, now.Total)
	}
}

// end leaves a line that was being drawn.
func (p *submitProgress) end() {
	if p.phase == "jobs" && p.IsTerminal(p.ErrOut) {
		fmt.Fprintln(p.ErrOut)
	}
	p.phase = ""
}
