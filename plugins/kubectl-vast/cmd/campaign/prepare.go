package campaign

import (
	"context"
	"errors"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/internal/text"
	"github.com/kubevast/vast/plugins/kubectl-vast/cmd/submission"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/spec"
)

type prepareFlags struct {
	campaignFile
	file           string
	inputs         spec.Inputs
	env            spec.Variables
	options, quota []string
	secrets        []string
	keep           cli.Timeout
	output         *cli.DoneFlags
	api            api.PrepareOptions
}

func newPrepare(f *cli.Factory) *cobra.Command {
	flags := &prepareFlags{keep: cli.Timeout(api.DefaultTTL), output: cli.NewDoneFlags(f)}
	c := &cobra.Command{
		Use:   "prepare DIR -f FILE",
		Short: "Write a campaign to a folder, for kubectl apply",
		Long: templates.LongDesc(`
			Write a campaign to a folder, with everything that is needed to run it without this
			program, for example in a pipeline or on a cluster that cannot be reached from here:
			one manifest for each Job and one for all, the inputs and the Job that uploads them
			to the store, the objects of the queue and of the namespace, and a README with the
			order in which they are applied.

			No cluster is contacted, and the folder contains no credentials. It is written for
			the namespace of -n, and each time as a new campaign. A namespace that enforces the
			Pod Security Standard "restricted" needs --security-profile=restricted. The campaign
			belongs to the user of "kubectl vast auth login"; without a login it has no user and
			is shown to all users.`),
		Example: templates.Examples(`
			# Write a campaign, and run it with kubectl
			kubectl vast campaign prepare ./out -f sweep.vast -n lab
			kubectl apply -f ./out

			# Write a campaign for a GKE cluster that is not set up yet, with its quota
			kubectl vast campaign prepare ./out -f sweep.vast --cluster-config=gcp \
				--option storage_size=50Gi --quota=cpu=64,memory=256Gi`),
		Args: cli.Args(1, 1, "the name of the folder"),
		RunE: func(c *cobra.Command, args []string) error {
			flags.api.Dir = args[0]
			if flags.file == "" {
				return cli.Usagef("the campaign's file is missing: %s", c.UseLine())
			}
			return flags.run(c.Context(), f)
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveFilterDirs
		},
	}
	p := c.Flags()
	p.StringVarP(&flags.file, "filename", "f", "", `The campaign's file, a URL, or "-" for stdin.`)
	p.IntVar(&flags.api.Runs, "runs", 0, "Runs of each configuration, instead of the file's.")
	p.StringVar(&flags.api.Name, "name", "", "First part of the campaign's id, instead of metadata.name.")
	submission.AddValues(p, &flags.inputs, &flags.env)
	p.StringArrayVar(&flags.secrets, "secret", nil, "Name of an environment variable whose value is in a Secret; README.md in the folder shows how to create it. Can be repeated.")
	submission.AddRunResources(p, &flags.inputs)
	p.StringVar(&flags.api.Queue, "queue", "", `Queue that the Jobs wait in; "none" for none. (default vast)`)
	p.StringVar(&flags.api.Priority, "priority", "", "WorkloadPriorityClass of the Jobs.")
	p.StringVar(&flags.api.Profile, "security-profile", "", "Security profile of the pods: baseline, restricted or privileged.")
	p.Var(&flags.keep, "keep", "How long a finished Job is kept.")
	p.StringVar(&flags.api.AgentImage, "agent-image", "", "Image of the agent, which downloads inputs and uploads results, with a tag, a digest or both. (default $VAST_AGENT_IMAGE, or the image of this release by its digest)")
	p.StringVarP(&flags.api.Setup.Config, "cluster-config", "k", "", "Cluster config for the objects of the namespace; see \"kubectl vast cluster setup --list\". (default rke2)")
	p.StringArrayVar(&flags.options, "option", nil, "Option of the cluster config, as NAME=VALUE. Can be repeated.")
	p.StringSliceVar(&flags.quota, "quota", nil, "Quota of the queue. (default cpu=8,memory=32Gi)")
	p.BoolVar(&flags.api.Overwrite, "force", false, "Overwrite a folder that this command wrote.")
	flags.addFlags(c)
	flags.output.AddFlags(c)
	_ = c.MarkFlagFilename("filename", "vast")
	_ = c.RegisterFlagCompletionFunc("option", cli.ClusterOptions(f))
	_ = c.RegisterFlagCompletionFunc("cluster-config", func(c *cobra.Command, _ []string, prefix string) ([]string, cobra.ShellCompDirective) {
		return cli.ClusterConfigs(f)(c, nil, prefix)
	})
	return c
}

func (p *prepareFlags) run(ctx context.Context, f *cli.Factory) error {
	if err := p.output.Check(); err != nil {
		return err
	}
	if err := cli.StdinOnce(append([]string{p.file}, p.env.Files...)...); err != nil {
		return err
	}
	var envErr error
	p.inputs.Context = f.GivenContext()
	p.inputs.Secrets = map[string]string{}
	for _, name := range p.secrets {
		if strings.Contains(name, "=") {
			return cli.Usagef("--secret takes the name of a variable here, without its value: no secret is written into the folder")
		}
		p.inputs.Secrets[name] = ""
	}
	p.inputs.Envs, envErr = p.env.Read(ctx, f.Files().Read, os.LookupEnv)
	campaign, configs, fileErr := p.read(ctx, f, p.file, p.inputs)
	options, optionErr := cli.Pairs("--option", p.options)
	quota, quotaErr := cli.Pairs("--quota", p.quota)
	if err := errors.Join(envErr, fileErr, optionErr, quotaErr); err != nil {
		return err
	}
	client, err := f.OfflineClient()
	if err != nil {
		return err
	}
	p.api.Setup.Options, p.api.Setup.Quota = options, quota
	p.api.TTL, p.api.Version = time.Duration(p.keep), cli.Version().GitVersion
	r, err := client.Campaigns().Prepare(ctx, campaign, configs, p.api)
	if err != nil {
		return err
	}
	if p.output.Given() {
		printer, err := p.output.Printer("")
		if err != nil {
			return err
		}
		return printer.PrintObj(r, f.Out)
	}
	f.Notef("Campaign %s: %s as %s in %s, for namespace %s", r.ID, text.Count(r.Runs, "run"), text.Count(r.Jobs, "Job"), r.Dir, client.Namespace())
	if r.Secret != "" {
		f.Notef("Its runs wait for the Secret %q with %s: see %s/README.md", r.Secret, strings.Join(p.secrets, ", "), r.Dir)
	}
	if r.InputsApplied {
		f.Notef("Run it with: %s\n(in a namespace that is set up; %s/README.md has the rest)", f.Hint().Cluster().Kubectl("apply", "-f", r.Dir), r.Dir)
	} else {
		f.Notef("Its inputs (%s) have to be in the store before it is applied: see %s/README.md", cli.Bytes(r.InputBytes), r.Dir)
	}
	return nil
}
