package cmd

import (
	"context"
	"errors"
	"os"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/spec"
)

// submissionFlags are the flags that the submissions of tasks and of campaigns
// share.
type submissionFlags struct {
	inputs      spec.Inputs
	env, secret spec.EnvFlags

	queue, priority string
	force           bool

	detach, wait bool
	keep         cli.Timeout
	profile      string
	agentImage   string
	manager      string
	dryRun       cli.DryRunFlag
	output       *cli.DoneFlags
}

// newSubmissionFlags returns the flags with their defaults.
func newSubmissionFlags() *submissionFlags {
	return &submissionFlags{keep: cli.Timeout(api.DefaultKeep), manager: defaultFieldManager, output: cli.NewDoneFlags()}
}

// addShared binds the flags; noun is "task" or "campaign".
func (s *submissionFlags) addShared(f *cli.Factory, c *cobra.Command, noun string) {
	p := c.Flags()
	p.StringVar(&s.inputs.Name, "name", "", "Name of the "+noun+", instead of the file's.")
	addValues(p, &s.inputs, &s.env)
	addSecrets(p, &s.secret)
	p.StringVar(&s.queue, "queue", "", `Kueue LocalQueue to join; "none" for no queue. Without it the file's, else "vast" where the namespace has it.`)
	p.StringVar(&s.priority, "priority", "", "Priority in the queue: a WorkloadPriorityClass or a number, instead of the file's.")
	p.BoolVar(&s.force, "force", false, "Queue the "+noun+" even if it can never fit into the quota or onto a machine.")
	p.Var(&s.keep, "keep", "How long the ended "+noun+" stays in the cluster.")
	p.StringVar(&s.profile, "security-profile", s.profile, `Security of the containers: "baseline", "restricted" or "privileged". Without it "restricted" where the namespace enforces that, else "baseline".`)
	p.StringVar(&s.agentImage, "agent-image", "", "Image of the containers that bring files into the pods and keep results, with a tag, a digest or both. Without it that of $VAST_AGENT_IMAGE, else the one of this release by its digest.")
	p.StringVar(&s.manager, "field-manager", s.manager, "Name of the manager used to track field ownership.")
	s.dryRun.Add(c)
	s.output.AddFlags(c)
	_ = c.RegisterFlagCompletionFunc("queue", f.Complete(-1, queueNames))
	_ = c.RegisterFlagCompletionFunc("security-profile",
		cobra.FixedCompletions([]string{"baseline", "restricted", "privileged"}, cobra.ShellCompDirectiveNoFileComp))
}

// addValues binds the flags for values that a task's file and a campaign's may
// leave open.
func addValues(p *pflag.FlagSet, in *spec.Inputs, env *spec.EnvFlags) {
	env.Flag = "--env"
	p.StringVar(&in.Image, "image", "", "Container image, instead of the file's.")
	p.StringArrayVar(&env.Values, "env", nil, "Environment variable as NAME=VALUE; NAME alone takes its value from this shell. Can be given several times.")
	p.StringArrayVar(&env.Files, "env-file", nil, `File with environment variables, NAME=VALUE a line, read as SkyPilot does; "-" for standard input. Can be given several times.`)
}

// addSecrets binds the flags for variables that are kept in a Kubernetes Secret.
func addSecrets(p *pflag.FlagSet, secret *spec.EnvFlags) {
	secret.Flag = "--secret"
	p.StringArrayVar(&secret.Values, "secret", nil, "Secret environment variable, as --env; it is kept in a Kubernetes Secret. NAME alone keeps the value out of the shell's history.")
	p.StringArrayVar(&secret.Files, "secret-file", nil, "File with secret environment variables, as --env-file.")
}

// addRunResources binds the flags for what a campaign's runs need; those of a
// task speak of its nodes, and take more than one exact amount.
func addRunResources(p *pflag.FlagSet, in *spec.Inputs) {
	p.StringVar(&in.CPUs, "cpus", "", `CPUs of each run, instead of the file's: "4" or "500m".`)
	p.StringVar(&in.Memory, "memory", "", `Memory of each run, instead of the file's: "16" (GiB) or "512Mi".`)
	p.StringVar(&in.GPUs, "gpus", "", `Number of accelerators of each run, instead of the file's: "1".`)
}

// stdinOnce refuses "-" for several of the files that are read.
func (s *submissionFlags) stdinOnce(files ...string) error {
	return cli.StdinOnce(slices.Concat(files, s.env.Files, s.secret.Files)...)
}

// readInputs gathers what the command line adds to the files.
func (s *submissionFlags) readInputs(ctx context.Context, f *cli.Factory) (spec.Inputs, error) {
	in := s.inputs
	var errEnv, errSecret error
	in.Envs, errEnv = s.env.Read(ctx, f.Files(), os.LookupEnv)
	in.Secrets, errSecret = s.secret.Read(ctx, f.Files(), os.LookupEnv)
	return in, errors.Join(errEnv, errSecret)
}

// unchanged is printed, as by kubectl apply, for an object that exists already as
// it was submitted.
const unchanged = "unchanged"

// toQueue returns the words that follow "submitted": the queue, if there is one.
func toQueue(queue string) string {
	if queue == "" {
		return ""
	}
	return " to queue " + queue
}
