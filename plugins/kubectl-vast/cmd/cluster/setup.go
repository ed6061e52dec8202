package cluster

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/sdk/api"
)

type setupFlags struct {
	list                 bool
	options, quota       []string
	noStore, storeTLS    bool
	kueueChart, kueueImg string
	store                api.StoreOptions
	timeout              cli.Timeout
	dryRun               cli.DryRunFlag
	output               *cli.DoneFlags
}

func newSetup(f *cli.Factory) *cobra.Command {
	flags := &setupFlags{timeout: cli.Timeout(5 * time.Minute), output: cli.NewDoneFlags(f)}
	c := &cobra.Command{
		Use:   "setup [CONFIG]",
		Short: "Install the queue and the store in a namespace",
		Long: templates.LongDesc(`
			Install what queues, inputs and results need: Kueue, unless the cluster has it; a
			queue whose quota is the free capacity of the nodes; a store; and a service account
			for the agent.

			A config (see --list) is for one cluster type; without a name it is detected from the
			nodes. Run the command again to complete an interrupted setup or to change an option:
			omitted options keep their values, and objects that are up to date are not changed.
			The quota is measured once; "resize" measures it again.

			One namespace is set up at a time. You need permission to create cluster-scoped
			objects.`),
		Example: templates.Examples(`
			# Detect the cluster type and set up namespace lab
			kubectl vast cluster setup -n lab

			# List the configs
			kubectl vast cluster setup --list

			# Google Kubernetes Engine with a larger and faster disk for the store
			kubectl vast cluster setup gcp --option storage_size=50Gi --option disk_type=pd-ssd

			# Use your own S3; the Secret has the keys access-key-id and secret-access-key
			kubectl vast cluster setup --store-endpoint=https://s3.example.com --store-secret=my-s3

			# Print what would be created, without a cluster
			kubectl vast cluster setup kind --dry-run=client -o yaml

			# Use the embedded chart and a mirror's image where Kueue's registry cannot be reached
			kubectl vast cluster setup rke2 --kueue-chart=embedded \
				--kueue-image=mirror.example.com/kueue:v0.16.1`),
		Args: cli.Args(0, 1, ""),
		RunE: func(c *cobra.Command, args []string) error {
			o, err := flags.toOptions(f, c, args)
			if err != nil {
				return err
			}
			return o.Run(c.Context())
		},
		ValidArgsFunction: cli.ClusterConfigs(f),
	}
	p := c.Flags()
	p.BoolVar(&flags.list, "list", false, "List the configs with their options, and exit.")
	p.StringArrayVar(&flags.options, "option", nil, "Option of the config, as NAME=VALUE. Can be repeated.")
	p.StringSliceVar(&flags.quota, "quota", nil, "Quota of resources, instead of the measured one, as in cpu=64,memory=256Gi.")
	p.BoolVar(&flags.noStore, "no-store", false, "Set up no store; --no-store=false returns to the built-in one.")
	p.StringVar(&flags.store.Image, "store-image", "", "Image of the built-in store with a tag, a digest or both, for mirrors.")
	p.StringVar(&flags.store.Endpoint, "store-endpoint", "", "URL of your own S3, which is used instead of the built-in store.")
	p.StringVar(&flags.store.Secret, "store-secret", "", "Secret in the namespace with the credentials of that S3: access-key-id and secret-access-key.")
	p.StringVar(&flags.store.ReaderSecret, "store-reader-secret", "", "Secret in the namespace with the credentials of an S3 account that may only list and get. (default that of --store-secret)")
	p.BoolVar(&flags.storeTLS, "store-tls", true, "Serve the built-in store over HTTPS. Without the flag an existing store is not changed.")
	p.StringVar(&flags.store.Bucket, "store-bucket", "", "Bucket in that S3; it is created if it is missing. (default vast)")
	p.StringVar(&flags.store.Region, "store-region", "", "Region of that S3. (default us-east-1)")
	p.StringVar(&flags.kueueChart, "kueue-chart", "", `Chart to install Kueue from: a folder, an archive, or "embedded" for the one in this program. (default the chart of Kueue's registry)`)
	p.StringVar(&flags.kueueImg, "kueue-image", "", "Image of Kueue with a tag, a digest or both, for mirrors.")
	p.Var(&flags.timeout, "timeout", "How long to wait until everything is ready.")
	flags.dryRun.Add(c)
	flags.output.AddFlags(c)
	_ = c.RegisterFlagCompletionFunc("option", cli.ClusterOptions(f))
	return c
}

type setupOptions struct {
	*cli.Factory
	flags  *setupFlags
	client cli.Client
	api    api.SetupOptions
}

func (s *setupFlags) toOptions(f *cli.Factory, c *cobra.Command, args []string) (*setupOptions, error) {
	if err := s.output.Check(); err != nil {
		return nil, err
	}
	o := &setupOptions{Factory: f, flags: s, api: api.SetupOptions{
		KueueChart: s.kueueChart, KueueImage: s.kueueImg, Store: s.store, DryRun: s.dryRun.Value,
		Timeout: time.Duration(s.timeout), Progress: f.NoteOf,
	}}
	if len(args) > 0 {
		o.api.Config = args[0]
	}
	if c.Flags().Changed("store-tls") {
		o.api.Store.TLS = &s.storeTLS
	}
	switch {
	case s.noStore:
		o.api.Store.Kind = api.StoreNone
	case c.Flags().Changed("no-store"):
		o.api.Store.Kind = api.StoreBuiltIn
	}
	var err1, err2, err3 error
	o.api.Options, err1 = cli.Pairs("--option", s.options)
	o.api.Quota, err2 = cli.Pairs("--quota", s.quota)
	if s.list || s.dryRun.Value == api.DryRunClient {
		o.client, err3 = f.OfflineClient()
	} else {
		o.client, err3 = f.Client()
	}
	return o, errors.Join(err1, err2, err3)
}

// Run sets up, or shows what that would do.
func (o *setupOptions) Run(ctx context.Context) error {
	if o.flags.list {
		return o.listConfigs()
	}
	if o.flags.dryRun.Value != api.DryRunClient {
		o.ShowTarget(o.client.Namespace())
	}
	if o.flags.dryRun.Value != api.DryRunNone {
		return o.dryRun(ctx)
	}
	status, err := o.client.Cluster().Setup(ctx, o.api)
	if err != nil {
		return err
	}
	if o.flags.output.Given() {
		p, err := o.flags.output.Printer("")
		if err != nil {
			return err
		}
		return p.PrintObj(status, o.Out)
	}
	return describeCluster(o.Factory, status)
}

// dryRun prints the objects that would be made.
func (o *setupOptions) dryRun(ctx context.Context) error {
	objects, err := o.client.Cluster().Render(ctx, o.api)
	if err != nil {
		return err
	}
	return cli.PrintObjects(o.Factory, o.flags.output, o.flags.dryRun.Operation("applied"), cli.Objects(objects), true)
}
