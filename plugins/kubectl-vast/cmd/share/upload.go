package share

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/internal/cli/term"
	"github.com/kubevast/vast/internal/text"
	"github.com/kubevast/vast/sdk/api"
)

type uploadOptions struct {
	*cli.Factory
	upload api.ShareUploadOptions
	wait   bool
	dryRun cli.DryRunFlag
	output *cli.DoneFlags
}

func newUpload(f *cli.Factory) *cobra.Command {
	o := &uploadOptions{Factory: f, output: cli.NewDoneFlags(f)}
	c := &cobra.Command{
		Use:   "upload [CAMPAIGN|TASK...]",
		Short: "Upload archives of campaigns and tasks to the share",
		Long: templates.LongDesc(`
			Upload an archive of each campaign and task to the share. Without arguments, upload
			all your finished campaigns. A campaign can be given as a pattern. Campaigns and tasks
			that have not ended are excluded.

			A Job in the cluster builds each archive in the store, uploads it and verifies it; no
			data passes through this machine. An archive that the share has already is skipped. If
			an upload fails, the archive and the results are kept, and the same command continues.
			After Ctrl-C the Job continues; the same command, or "kubectl vast share status",
			finds it again.`),
		Example: templates.Examples(`
			# Upload all your finished campaigns
			kubectl vast share upload

			# Upload the newest campaign, and do not wait
			kubectl vast share upload @latest --wait=false

			# Replace the archives of some campaigns on the share
			kubectl vast share upload 'sweep-2026-11-*' --force

			# Upload a campaign, and delete its results from the store
			kubectl vast share upload sweep-2026-11-21-101500 --remove-from-store`),
		ValidArgsFunction: f.Complete(-1, cli.ResultNames),
		RunE: func(c *cobra.Command, args []string) error {
			o.upload.Refs = args
			if err := o.output.Check(); err != nil {
				return err
			}
			return o.Run(c.Context())
		},
	}
	p := c.Flags()
	p.BoolVar(&o.upload.Force, "force", false, "Build archives again, and replace those on the share.")
	p.BoolVar(&o.upload.KeepArchive, "keep-archive", false, "Keep the archives in the store after the upload.")
	p.BoolVar(&o.upload.RemoveFromStore, "remove-from-store", false, "Delete the results from the store after the upload, if the archive on the share is verified.")
	p.StringVar(&o.upload.Format, "format", "tar.gz", `Format of the archives: "tar.gz" or "tar.zst".`)
	p.BoolVar(&o.wait, "wait", true, "If true, show the progress and wait for the end of the upload.")
	p.StringVar(&o.upload.AgentImage, "agent-image", "", "Image of the agent that the Job runs. (default $VAST_AGENT_IMAGE, or the image of this release by its digest)")
	_ = c.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{"tar.gz", "tar.zst"}, cobra.ShellCompDirectiveNoFileComp))
	o.dryRun.Add(c)
	o.output.AddFlags(c)
	return c
}

// Run starts the upload and follows it.
func (o *uploadOptions) Run(ctx context.Context) error {
	definition, settings, err := load(ctx, true)
	if err != nil {
		return err
	}
	o.upload.Type, o.upload.Settings, o.upload.Secret = definition.Type, settings, secretNames(definition, settings)
	o.upload.DryRun, o.upload.FieldManager = o.dryRun.Value, cli.FieldManager
	client, err := o.Client()
	if err != nil {
		return err
	}
	o.ShowTarget(client.Namespace())
	upload, err := client.Shares().Upload(ctx, o.upload)
	if err != nil {
		return err
	}
	o.notes(upload)
	if o.dryRun.Value != api.DryRunNone || !o.wait {
		return o.print(upload, o.dryRun.Operation("created"))
	}
	last, err := follow(ctx, o.Factory, client, upload, !o.output.Given())
	if err != nil {
		if ctx.Err() != nil {
			o.Notef("\nInterrupted; the upload continues in the cluster. Follow it with: %s", o.Hint().Vast("share", "status", upload.Name, "--watch"))
		}
		return err
	}
	last.Excluded, last.Attached = upload.Excluded, upload.Attached
	if o.output.Given() {
		if err := o.print(last, ""); err != nil {
			return err
		}
		return failed(o.Factory, last.Archives)
	}
	return end(o.Factory, last)
}

// notes prints what is excluded, and whether the upload was running already.
func (o *uploadOptions) notes(u *api.ShareUpload) {
	if u.Attached {
		o.Notef("Upload %s is running already.", u.Name)
	}
	if n := len(u.Excluded); n > 0 {
		o.Notef("Excluded, not ended (%d):", n)
		for _, e := range u.Excluded {
			o.Notef("  %s (%s)", e.Name, e.Reason)
		}
	}
}

func (o *uploadOptions) print(u *api.ShareUpload, operation string) error {
	p, err := o.output.Printer(operation)
	if err != nil {
		return err
	}
	if err := p.PrintObj(u, o.Out); err != nil {
		return err
	}
	if !o.output.Given() && o.dryRun.Value == api.DryRunNone {
		o.Notef("Follow it with: %s", o.Hint().Vast("share", "status", u.Name, "--watch"))
	}
	return nil
}

// follow shows an upload until it has ended, and returns its last status.
func follow(ctx context.Context, f *cli.Factory, client cli.Client, u *api.ShareUpload, show bool) (*api.ShareUpload, error) {
	var display *progress
	if show {
		display = newProgress(f)
		defer display.done()
	}
	last := u
	for now, err := range client.Shares().Watch(ctx, u.Name) {
		if err != nil {
			return nil, err
		}
		last = now
		if display != nil {
			display.show(now)
		}
	}
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	return last, nil
}

// end prints what came of an upload, and returns the error of the command.
func end(f *cli.Factory, u *api.ShareUpload) error {
	if err := failed(f, u.Archives); err != nil {
		return err
	}
	if u.State != api.Succeeded {
		reason := u.Reason
		if reason == "" {
			reason = "it has not ended"
		}
		return &cli.ExitError{Code: cli.CodeFailed, Message: fmt.Sprintf("upload %s failed: %s%s", u.Name, term.Words(reason), again(f))}
	}
	campaigns, tasks, skipped := 0, 0, 0
	for _, i := range u.Archives {
		switch {
		case i.Phase == "Skipped":
			skipped++
		case i.Task:
			tasks++
		default:
			campaigns++
		}
	}
	words := ""
	if campaigns > 0 || tasks == 0 {
		words = fmt.Sprintf("%d campaign(s)", campaigns)
	}
	if tasks > 0 {
		if words != "" {
			words += " and "
		}
		words += fmt.Sprintf("%d task(s)", tasks)
	}
	if skipped > 0 && campaigns+tasks == 0 {
		fmt.Fprintf(f.Out, "✓ %s on %s already\n", text.Count(skipped, "archive"), u.ShareType)
		return nil
	}
	if skipped > 0 {
		f.Notef("Skipped %s that the share has already.", text.Count(skipped, "archive"))
	}
	fmt.Fprintf(f.Out, "✓ Uploaded %s to %s successfully!\n", words, u.ShareType)
	return nil
}

func again(f *cli.Factory) string {
	return "; run " + f.Hint().Vast("share", "upload") + " to continue"
}
