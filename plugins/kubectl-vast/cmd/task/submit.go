// Package task has the commands of kubectl vast for tasks: submit, list, status, logs,
// wait, stop and delete.
package task

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/internal/cli/command"
	"github.com/kubevast/vast/internal/files"
	"github.com/kubevast/vast/plugins/kubectl-vast/cmd/campaign"
	"github.com/kubevast/vast/plugins/kubectl-vast/cmd/run"
	"github.com/kubevast/vast/plugins/kubectl-vast/cmd/submission"
	"github.com/kubevast/vast/sdk"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/contexts"
	"github.com/kubevast/vast/sdk/spec"
)

// taskExtensions are the suffixes of a folder's files: kubectl's, and a
// campaign's.
var taskExtensions = []string{".json", ".yaml", ".yml", ".vast"}

type submitFlags struct {
	*submission.Flags
	files     []string
	recursive bool
	deadline  cli.Timeout
	requestID string
	noResults bool
	network   string
}

// NewSubmit returns kubectl vast submit.
func NewSubmit(f *cli.Factory) *cobra.Command {
	flags := &submitFlags{Flags: submission.NewFlags(f)}
	extra := &campaign.RunFlags{}
	localDriver, record := false, false
	c := &cobra.Command{
		Use:     "submit FILE...",
		Aliases: []string{"launch"},
		Short:   "Submit tasks and follow their logs, a workflow, or a campaign",
		Long: templates.LongDesc(`
			Submit tasks and follow their logs.

			All files are validated before anything is created. The logs of a single task are then
			printed until it ends, and the exit code is that of the task. Ctrl-C detaches; the
			task continues. Several tasks are submitted without following their logs.

			A file of kind Workflow, a pipeline or a job group of SkyPilot is a workflow: a driver
			in the cluster starts its tasks when those that they depend on have ended; see
			"kubectl vast run".

			A .vast file is a campaign: all its runs are submitted, without following them; see
			"kubectl vast campaign run".

			A FILE may be "-" for standard input, a pipe such as <(command), a URL, or a folder
			with task files. A file from a URL must not refer to local files.`),
		Example: templates.Examples(`
			# Submit a task and follow its logs
			kubectl vast submit task.yaml

			# Submit a task on 4 nodes, with a variable, and return at once
			kubectl vast submit task.yaml --num-nodes=4 --env=EPOCHS=10 --detach

			# Submit a file with values for several clusters to one of them
			kubectl vast submit task.yaml --context=gke_lab_europe-west1_big

			# Submit all tasks of a folder recursively, and print their names
			kubectl vast submit -f tasks/ -R -o name

			# Submit a file from a URL
			kubectl vast submit https://example.com/tasks/train.yaml

			# Submit the output of a program, with variables from another one
			kubectl vast submit <(./make-task) --env-file <(./decrypt .env)

			# Print the objects that would be created; no cluster is contacted
			kubectl vast submit task.yaml --dry-run=client -o yaml

			# Submit from a script: print the id, and do not submit twice if run again
			kubectl vast submit task.yaml --request-id=nightly-42 -o jsonpath='{.id}'

			# Keep a workflow that fails its checks as a run with the errors
			kubectl vast submit nightly.yaml --record

			# Run code that you do not trust, without a network
			kubectl vast submit task.yaml --network=none --no-results --security-profile=restricted`),
		Args: cli.Args(0, -1, ""),
		RunE: func(c *cobra.Command, args []string) error {
			if c.Flags().Changed("num-nodes") && flags.Inputs.NumNodes < 1 {
				return cli.Usagef("--num-nodes must be at least 1")
			}
			paths := slices.Concat(flags.files, args)
			if err := flags.StdinOnce(paths...); err != nil {
				return err
			}
			paths, err := files.Expand(paths, flags.recursive, taskExtensions...)
			if err != nil {
				return err
			}
			files, err := readFiles(c.Context(), f, paths)
			if err != nil {
				return err
			}
			file, err := campaignAmong(files, extra.Resume != "")
			if err != nil {
				return err
			}
			if file.path != "" || extra.Resume != "" {
				if err := refuse(c, onlyForTasks, "campaign"); err != nil {
					return err
				}
				return campaign.Submit(c, f, flags.Flags, extra, file.path, file.data)
			}
			if err := refuse(c, onlyForCampaigns, "task"); err != nil {
				return err
			}
			workflow, err := workflowAmong(files)
			if err != nil {
				return err
			}
			if workflow.path != "" {
				if err := refuse(c, notForWorkflows, "workflow"); err != nil {
					return err
				}
				o := flags.options()
				o.LocalDriver, o.Record = localDriver, record
				return run.Submit(c.Context(), f, flags.Flags, o, workflow.path, workflow.data)
			}
			if err := refuse(c, onlyForWorkflows, "task"); err != nil {
				return err
			}
			o, err := flags.toOptions(c.Context(), f, files)
			if err != nil {
				return err
			}
			return o.Run(c.Context())
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return []string{"yaml", "yml", "vast"}, cobra.ShellCompDirectiveFilterFileExt
		},
	}
	flags.add(f, c)
	extra.Add(c, f, "")
	c.Flags().BoolVar(&localDriver, "local-driver", false, "Drive the run of a workflow from here, in place of a driver in the cluster. The command has to stay until the run has ended.")
	c.Flags().BoolVar(&record, "record", false, "If true, keep a workflow that fails its checks as a run of phase setuperror with its errors.")
	return c
}

func (s *submitFlags) add(f *cli.Factory, c *cobra.Command) {
	s.Add(f, c, "task")
	p := c.Flags()
	p.StringSliceVarP(&s.files, "filename", "f", s.files, `A task file, a folder, a URL, or "-" for standard input. Can be repeated, or separated by commas.`)
	p.BoolVarP(&s.recursive, "recursive", "R", false, "Process folders used in -f recursively.")
	p.StringVar(&s.Inputs.CPUs, "cpus", "", `CPUs of each node, instead of the file's: "4", "500m", or "4+" for at least 4.`)
	p.StringVar(&s.Inputs.Memory, "memory", "", `Memory of each node, instead of the file's: "16" (GiB), "512Mi", or "16+".`)
	p.StringVar(&s.Inputs.GPUs, "gpus", "", `Accelerators of each node, instead of the file's: "H100:8", or "1" for any.`)
	p.IntVar(&s.Inputs.NumNodes, "num-nodes", 0, "Number of nodes, instead of the file's.")
	p.BoolVarP(&s.Detach, "detach", "d", false, "Return as soon as the task is submitted.")
	p.BoolVar(&s.Wait, "wait", false, "Wait until the task has ended, without printing logs.")
	p.Var(&s.deadline, "deadline", "Time limit after which the task fails (0: none).")
	p.BoolVar(&s.noResults, "no-results", false, "Upload no files and no logs of the task, even if the namespace has a store.")
	p.StringVar(&s.network, "network", "", `Network access of the pods: "default" for that of the cluster, "none" for the other nodes of the task only. This is a NetworkPolicy, which not every network plugin enforces. "none" needs --no-results.`)
	p.StringVar(&s.requestID, "request-id", "", "Idempotency key: submitting again with the same id returns the existing task.")
	_ = c.RegisterFlagCompletionFunc("network",
		cobra.FixedCompletions([]string{"default", "none"}, cobra.ShellCompDirectiveNoFileComp))
}

// options are those of the SDK.
func (s *submitFlags) options() api.SubmitOptions {
	return api.SubmitOptions{
		RequestID:    s.requestID,
		TTL:          time.Duration(s.Keep),
		Deadline:     time.Duration(s.deadline),
		Profile:      s.Profile,
		Queue:        s.Queue,
		Priority:     s.Priority,
		Force:        s.Force,
		NoResults:    s.noResults,
		Network:      s.network,
		AgentImage:   s.AgentImage,
		DryRun:       s.DryRun.Value,
		FieldManager: s.Manager,
	}
}

// submitOptions is a submission that has been read and checked.
type submitOptions struct {
	*cli.Factory
	flags  *submitFlags
	client cli.Client
	tasks  []*spec.Task
	claims []contexts.Claim
	api    api.SubmitOptions
}

func (s *submitFlags) toOptions(ctx context.Context, f *cli.Factory, files []fileRead) (*submitOptions, error) {
	if err := s.validate(files); err != nil {
		return nil, err
	}
	o := &submitOptions{Factory: f, flags: s, api: s.options()}
	errRead := o.read(ctx, files)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	// The files may name their context.
	if err := f.UseContextOf(o.claims, s.DryRun.Value); err != nil {
		return nil, errors.Join(err, errRead)
	}
	var err error
	if s.DryRun.Value == api.DryRunClient {
		o.client, err = f.OfflineClient()
	} else {
		o.client, err = f.Client()
	}
	switch {
	case err == nil:
		err = o.check()
	case f.GivenContext() != "":
		return nil, err // what the files have for such a context does not matter
	}
	return o, errors.Join(errRead, err)
}

func (s *submitFlags) validate(files []fileRead) error {
	switch {
	case len(files) == 0:
		return cli.Usagef("a task file is missing: %s", command.Target{}.Vast("submit", "FILE"))
	case s.Detach && s.Wait:
		return cli.Usagef("--detach and --wait exclude each other")
	case s.Wait && s.DryRun.Value != api.DryRunNone:
		return cli.Usagef("--wait and --dry-run exclude each other")
	case s.Keep == 0:
		return cli.Usagef("--keep must be more than 0")
	}
	return s.Output.Check()
}

// read looks at all files, so that nothing is created when one of them is wrong.
func (o *submitOptions) read(ctx context.Context, files []fileRead) error {
	inputs, err := o.flags.ReadInputs(ctx, o.Factory)
	if err != nil {
		return err
	}
	inputs.Context = o.GivenContext()
	var errs []error
	for _, f := range files {
		if f.err != nil {
			errs = append(errs, f.err)
			continue
		}
		file, err := spec.Parse(f.path, f.data, inputs)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		t, err := sdk.TaskOf(file)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		o.tasks = append(o.tasks, t)
		o.claims = append(o.claims, file.Claims...)
	}
	if len(o.tasks) > 1 && o.api.RequestID != "" {
		errs = append(errs, cli.Usagef("--request-id goes with a single task, but there are %d", len(o.tasks)))
	}
	return errors.Join(errs...)
}

// check has the SDK look at all tasks.
func (o *submitOptions) check() error {
	var errs []error
	for _, t := range o.tasks {
		errs = append(errs, o.client.Tasks().Check(t, o.api))
	}
	return errors.Join(errs...)
}

// Run submits the tasks.
func (o *submitOptions) Run(ctx context.Context) error {
	if o.flags.DryRun.Value == api.DryRunClient {
		return o.render()
	}
	o.ShowTarget(o.client.Namespace())
	follow := len(o.tasks) == 1 && !o.flags.Detach && !o.flags.Wait &&
		!o.flags.Output.Given() && o.flags.DryRun.Value == api.DryRunNone
	submitted := make([]*api.TaskStatus, 0, len(o.tasks))
	for i, t := range o.tasks {
		status, err := o.submit(ctx, t)
		if err != nil {
			if left := len(o.tasks) - i - 1; left > 0 {
				o.Notef("%d of %d tasks submitted; the others were not", i, len(o.tasks))
			}
			return err
		}
		submitted = append(submitted, status)
		// With --wait and -o the tasks are printed as they ended.
		if !o.flags.Wait || !o.flags.Output.Given() {
			if err := o.print(status); err != nil {
				return err
			}
		}
	}
	switch {
	case follow:
		return o.follow(ctx, submitted[0])
	case o.flags.Wait:
		return o.waitAll(ctx, submitted)
	case len(submitted) == 1 && o.flags.DryRun.Value == api.DryRunNone && !o.flags.Output.Given():
		said := "submitted"
		if submitted[0].Unchanged {
			said = "was submitted before"
		}
		o.Notef("Task %s %s; follow it with: %s", submitted[0].ID, said, o.Hint().Vast("logs", submitted[0].ID, "-f"))
	}
	return nil
}

// submit submits one task, and shows how far its files are.
func (o *submitOptions) submit(ctx context.Context, t *spec.Task) (*api.TaskStatus, error) {
	options := o.api
	notify, done := o.Transfer("Uploading")
	defer done()
	options.Notify = notify
	return o.client.Tasks().Submit(ctx, t, options)
}

func (o *submitOptions) print(t *api.TaskStatus) error {
	done := "submitted" + submission.ToQueue(t.Queue)
	if t.Unchanged {
		done = submission.Unchanged
	}
	p, err := o.flags.Output.Printer(o.flags.DryRun.Operation(done))
	if err != nil {
		return err
	}
	return p.PrintObj(t, o.Out)
}
