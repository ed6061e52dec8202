package results

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

type downloadOptions struct {
	*cli.Factory
	ref      string
	download api.DownloadOptions
	output   *cli.DoneFlags
}

func newDownload(f *cli.Factory) *cobra.Command {
	o := &downloadOptions{Factory: f, output: cli.NewDoneFlags(f)}
	c := &cobra.Command{
		Use:     "download (ID | --all)",
		Aliases: []string{"get"},
		Short:   "Download results to a folder or an archive",
		Long: templates.LongDesc(`
			Download results to a folder or an archive, and check the SHA-256 of each file.

			A task becomes NAME-ID/NODE, a campaign CAMPAIGN/CONFIG/RUN, below the folder. Logs
			are in _vast/logs, the outcome is in _vast/manifest.json. Existing files are not
			downloaded again; one with different content is overwritten with --force only. After
			Ctrl-C the same command continues.

			Files keep their names. One that is invalid on this system, or that would be outside
			the folder, is renamed with a warning: invalid characters become % and two hex
			digits, and ~2 is appended to a name that exists.

			Incomplete results are downloaded as far as they were uploaded, with a warning. A
			later download updates unchanged files without --force.`),
		Example: templates.Examples(`
			# Download the results of your newest task or campaign to the current folder
			kubectl vast results download @latest

			# Download some configurations of a campaign to folder out
			kubectl vast results download @latest --config='fast-*' --dir=out

			# Download all results of your tasks and campaigns
			kubectl vast results download --all --dir=saved

			# Download failed results as an archive
			kubectl vast results download @latest --failed --archive=failed.tar.zst`),
		Args:              cli.Args(0, 1, ""),
		ValidArgsFunction: f.Complete(1, cli.ResultNames),
		RunE: func(c *cobra.Command, args []string) error {
			switch {
			case len(args) == 0 && !o.download.All:
				return cli.Usagef("the id of a task or a campaign is missing: %s", c.UseLine())
			case len(args) > 0 && o.download.All:
				return cli.Usagef("name a task or a campaign, or give --all, not both")
			case o.download.AllUsers && !o.download.All:
				return cli.Usagef("--all-users goes with --all")
			case len(args) > 0:
				o.ref = args[0]
			}
			if err := o.Validate(); err != nil {
				return err
			}
			return o.Run(c.Context())
		},
	}
	addSelector(c, &o.download.ResultSelector)
	p := c.Flags()
	p.BoolVar(&o.download.All, "all", false, "Download all results of your tasks and campaigns.")
	p.BoolVar(&o.download.AllUsers, "all-users", false, "With --all: the results of all users, not only yours.")
	p.StringVarP(&o.download.Dir, "dir", "d", "", "Folder to write to. (default the current one)")
	p.StringVar(&o.download.Archive, "archive", "", "Archive to write instead of a folder; its name ends in .tar.gz or .tar.zst.")
	p.BoolVar(&o.download.Force, "force", false, "Overwrite files with different content.")
	p.BoolVar(&o.download.NoLogs, "no-logs", false, "Omit the logs.")
	p.BoolVar(&o.download.PreserveModes, "preserve-modes", false, "Set the permissions that files and folders had in the pod, instead of those of your umask and the executable bit.")
	p.IntVar(&o.download.Parallel, "parallel", 0, "Number of files to download at a time. (default 32)")
	_ = c.MarkFlagDirname("dir")
	o.output.AddFlags(c)
	return c
}

// Validate reports wrong values of flags.
func (o *downloadOptions) Validate() error {
	if o.download.PreserveModes && o.download.Archive != "" {
		return cli.Usagef("--preserve-modes goes with a folder: an archive always has the permissions of the pod")
	}
	if o.download.All && (len(o.download.Configs) > 0 || len(o.download.Runs) > 0) {
		return cli.Usagef("--config and --run choose of one campaign, and --all means all")
	}
	if o.download.Parallel < 0 {
		return cli.Usagef("--parallel must be 1 or more, or 0 for the default")
	}
	return o.output.CheckBesideDir()
}

// Run fetches them, and prints what is unexpected.
func (o *downloadOptions) Run(ctx context.Context) error {
	client, err := o.Client()
	if err != nil {
		return err
	}
	notify, done := o.Transfer("Downloading")
	o.download.Notify = notify
	report, err := client.Results().Download(ctx, o.ref, o.download)
	done()
	if err != nil {
		if ctx.Err() != nil && o.download.Archive == "" {
			o.Notef("\nInterrupted; the same command continues the download.")
		}
		return err
	}
	incompleteNote(o.Factory, report.Incomplete)
	if report.Missing > 0 {
		where := o.Hint().Vast("results", "show", o.ref)
		if o.download.All {
			where = o.Hint().Vast("results", "show", "ID")
		}
		o.Warn(fmt.Sprintf("%d files could not be kept when they were made; see: %s", report.Missing, where))
	}
	if len(report.LeftOut) > 0 {
		o.Warn(fmt.Sprintf("what would lead out of the folder was left out: %s", cli.AFew(report.LeftOut)))
	}
	renamedNote(o.Factory, report.Renamed)
	if o.output.Given() {
		p, err := o.output.Printer("")
		if err != nil {
			return err
		}
		return p.PrintObj(report, o.Out)
	}
	fmt.Fprintln(o.Out, downloadWords(report))
	return nil
}

// renamedNote prints which files have other names here than in their results.
func renamedNote(f *cli.Factory, files []api.RenamedFile) {
	if len(files) == 0 {
		return
	}
	var names []string
	for _, r := range files[:min(len(files), 10)] {
		names = append(names, fmt.Sprintf("%s/%s is %s", r.Result, term.Cell(r.Path), term.Cell(r.To)))
	}
	names = append(names, make([]string, len(files)-len(names))...)
	f.Warn(fmt.Sprintf("%s cannot have their names here and have others: %s", text.Count(len(files), "file"), cli.AFew(names)))
}

// downloadWords is "2 results in out: 12 files, 3.4 MiB fetched; 5 were there".
func downloadWords(r *api.DownloadReport) string {
	words := fmt.Sprintf("%s in %s: %s, %s fetched", text.Count(r.Results, "result"), r.Path, text.Count(r.Files, "file"), cli.Bytes(r.Bytes))
	if r.Skipped > 0 {
		words += fmt.Sprintf("; %d were there already", r.Skipped)
	}
	return words
}
