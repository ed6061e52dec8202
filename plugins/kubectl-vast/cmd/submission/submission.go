// Package submission has the flags that the submissions of tasks and of campaigns share.
package submission

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

// Flags are the flags that the submissions of tasks and of campaigns
// share.
type Flags struct {
	Inputs      spec.Inputs
	Env, Secret spec.Variables

	Queue, Priority string
	Force           bool

	Detach, Wait bool
	Keep         cli.Timeout
	Profile      string
	AgentImage   string
	Manager      string
	DryRun       cli.DryRunFlag
	Output       *cli.DoneFlags
}

// NewFlags returns the flags with their defaults.
func NewFlags(f *cli.Factory) *Flags {
	return &Flags{Keep: cli.Timeout(api.DefaultTTL), Manager: cli.FieldManager, Output: cli.NewDoneFlags(f)}
}

// Add binds the flags; noun is "task" or "campaign".
func (s *Flags) Add(f *cli.Factory, c *cobra.Command, noun string) {
	p := c.Flags()
	p.StringVar(&s.Inputs.Name, "name", "", "Name of the "+noun+", instead of the file's.")
	AddValues(p, &s.Inputs, &s.Env)
	AddSecrets(p, &s.Secret)
	p.StringVar(&s.Queue, "queue", "", `Kueue LocalQueue; "none" for no queue. (default that of the file, or "vast" if the namespace has it)`)
	p.StringVar(&s.Priority, "priority", "", "Priority in the queue: a WorkloadPriorityClass or a number, instead of the file's.")
	p.BoolVar(&s.Force, "force", false, "Queue the "+noun+" even if it exceeds the quota or fits on no node.")
	p.Var(&s.Keep, "keep", "How long the finished "+noun+" is kept in the cluster.")
	p.StringVar(&s.Profile, "security-profile", s.Profile, `Security profile of the pods: "baseline", "restricted" or "privileged". (default "restricted" if the namespace enforces it, else "baseline")`)
	p.StringVar(&s.AgentImage, "agent-image", "", "Image of the agent, which downloads inputs and uploads results, with a tag, a digest or both. (default $VAST_AGENT_IMAGE, or the image of this release by its digest)")
	p.StringVar(&s.Manager, "field-manager", s.Manager, "Name of the manager used to track field ownership.")
	s.DryRun.Add(c)
	s.Output.AddFlags(c)
	_ = c.RegisterFlagCompletionFunc("queue", f.Complete(-1, cli.QueueNames))
	_ = c.RegisterFlagCompletionFunc("security-profile",
		cobra.FixedCompletions([]string{"baseline", "restricted", "privileged"}, cobra.ShellCompDirectiveNoFileComp))
}

// AddValues binds the flags for values that a task's file and a campaign's may
// leave open.
func AddValues(p *pflag.FlagSet, in *spec.Inputs, env *spec.Variables) {
	env.Option = "Envs"
	p.StringVar(&in.Image, "image", "", "Container image, instead of the file's.")
	p.StringArrayVar(&env.Values, "env", nil, "Environment variable as NAME=VALUE; NAME alone takes its value from this shell. Can be repeated.")
	p.StringArrayVar(&env.Files, "env-file", nil, `File with environment variables, NAME=VALUE a line, as in SkyPilot; "-" for standard input. Can be repeated.`)
}

// AddSecrets binds the flags for variables that are kept in a Kubernetes Secret.
func AddSecrets(p *pflag.FlagSet, secret *spec.Variables) {
	secret.Option = "Secrets"
	p.StringArrayVar(&secret.Values, "secret", nil, "Secret environment variable, as --env, stored in a Kubernetes Secret. NAME alone keeps the value out of the shell's history.")
	p.StringArrayVar(&secret.Files, "secret-file", nil, "File with secret environment variables, as --env-file.")
}

// AddRunResources binds the flags for what a campaign's runs need; those of a
// task speak of its nodes, and take more than one exact amount.
func AddRunResources(p *pflag.FlagSet, in *spec.Inputs) {
	p.StringVar(&in.CPUs, "cpus", "", `CPUs of each run, instead of the file's: "4" or "500m".`)
	p.StringVar(&in.Memory, "memory", "", `Memory of each run, instead of the file's: "16" (GiB) or "512Mi".`)
	p.StringVar(&in.GPUs, "gpus", "", `Number of accelerators of each run, instead of the file's: "1".`)
}

// StdinOnce refuses "-" for several of the files that are read.
func (s *Flags) StdinOnce(files ...string) error {
	return cli.StdinOnce(slices.Concat(files, s.Env.Files, s.Secret.Files)...)
}

// ReadInputs gathers what the command line adds to the files.
func (s *Flags) ReadInputs(ctx context.Context, f *cli.Factory) (spec.Inputs, error) {
	in := s.Inputs
	var errEnv, errSecret error
	in.Envs, errEnv = s.Env.Read(ctx, f.Files().Read, os.LookupEnv)
	in.Secrets, errSecret = s.Secret.Read(ctx, f.Files().Read, os.LookupEnv)
	in.Read = func(path string, limit int) ([]byte, error) { return f.Files().Read(ctx, path, limit) }
	in.Lookup = os.LookupEnv
	return in, errors.Join(errEnv, errSecret)
}

// Unchanged is printed, as by kubectl apply, for an object that exists already as
// it was submitted.
const Unchanged = "unchanged"

// ToQueue returns the words that follow "submitted": the queue, if there is one.
func ToQueue(queue string) string {
	if queue == "" {
		return ""
	}
	return " to queue " + queue
}
