package cmd

import (
	"context"
	"errors"
	"os"
	"slices"

	"github.com/spf13/pflag"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/sdk/spec"
)

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
func (s *submitFlags) stdinOnce(files ...string) error {
	return cli.StdinOnce(slices.Concat(files, s.env.Files, s.secret.Files)...)
}

// readInputs gathers what the command line adds to the files.
func (s *submitFlags) readInputs(ctx context.Context, f *cli.Factory) (spec.Inputs, error) {
	in := s.inputs
	var errEnv, errSecret error
	in.Envs, errEnv = s.env.Read(ctx, f.Files(), os.LookupEnv)
	in.Secrets, errSecret = s.secret.Read(ctx, f.Files(), os.LookupEnv)
	return in, errors.Join(errEnv, errSecret)
}
