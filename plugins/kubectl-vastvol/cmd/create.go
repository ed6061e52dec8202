package cmd

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/internal/cli/command"
	"github.com/kubevast/vast/internal/files"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/contexts"
	"github.com/kubevast/vast/sdk/spec"
)

type createFlags struct {
	files        []string
	recursive    bool
	storageClass string
	accessModes  []string
	manager      string
	dryRun       cli.DryRunFlag
	output       *cli.DoneFlags
}

func newCreate(f *cli.Factory) *cobra.Command {
	flags := &createFlags{manager: "kubectl-vastvol", output: cli.NewDoneFlags(f)}
	c := &cobra.Command{
		Use:   "create (NAME SIZE | -f FILE)",
		Short: "Create a volume",
		Long: templates.LongDesc(`
			Create a volume, by name and size or from a volume file in SkyPilot's format.`),
		Example: templates.Examples(`
			# Create a volume of 10 GiB with the default storage class of the cluster
			kubectl vastvol create data 10Gi

			# One that several nodes may write to
			kubectl vastvol create shared 100Gi --storage-class=nfs --access-modes=RWX

			# Show the claim that a file would make
			kubectl vastvol create -f volume.yaml --dry-run=client -o yaml`),
		Args: cli.Args(0, 2, ""),
		RunE: func(c *cobra.Command, args []string) error {
			o, err := flags.toOptions(c.Context(), f, args)
			if err != nil {
				return err
			}
			return o.Run(c.Context())
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	p := c.Flags()
	p.StringSliceVarP(&flags.files, "filename", "f", nil, `A volume file, a folder, a URL, or "-" for standard input. Can be repeated, or separated by commas.`)
	p.BoolVarP(&flags.recursive, "recursive", "R", false, "Process folders used in -f recursively.")
	p.StringVar(&flags.storageClass, "storage-class", "", "Storage class. (default that of the cluster)")
	p.StringSliceVar(&flags.accessModes, "access-modes", nil, "Access modes: ReadWriteOnce (RWO), ReadOnlyMany (ROX), ReadWriteMany (RWX), ReadWriteOncePod (RWOP).")
	p.StringVar(&flags.manager, "field-manager", flags.manager, "Name of the manager used to track field ownership.")
	flags.dryRun.Add(c)
	flags.output.AddFlags(c)
	_ = c.RegisterFlagCompletionFunc("access-modes", cobra.FixedCompletions(
		[]string{"ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod"}, cobra.ShellCompDirectiveNoFileComp))
	return c
}

type createOptions struct {
	*cli.Factory
	flags   *createFlags
	client  cli.Client
	volumes []*spec.Volume
	claims  []contexts.Claim
}

func (s *createFlags) toOptions(ctx context.Context, f *cli.Factory, args []string) (*createOptions, error) {
	fromFile := len(s.files) > 0
	switch {
	case fromFile && len(args) > 0:
		return nil, cli.Usagef("give NAME SIZE or -f FILE, not both")
	case fromFile && (s.storageClass != "" || len(s.accessModes) > 0):
		return nil, cli.Usagef("--storage-class and --access-modes go with NAME SIZE; with -f they stand in the file")
	case !fromFile && len(args) < 2:
		return nil, cli.Usagef("name and size are missing: %s", command.Target{}.Vastvol("create", "NAME", "SIZE"))
	}
	if err := s.output.Check(); err != nil {
		return nil, err
	}
	if err := cli.StdinOnce(s.files...); err != nil {
		return nil, err
	}
	o := &createOptions{Factory: f, flags: s}
	var errs []error
	if fromFile {
		paths, err := files.Expand(s.files, s.recursive, ".json", ".yaml", ".yml")
		errs = append(errs, err, o.read(ctx, paths))
	} else {
		v, err := s.claim(args[0], args[1])
		o.volumes = append(o.volumes, v)
		errs = append(errs, err)
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	// The files may name their context.
	if err := f.UseContextOf(o.claims, s.dryRun.Value); err != nil {
		return nil, errors.Join(append(errs, err)...)
	}
	var err error
	if s.dryRun.Value == api.DryRunClient {
		o.client, err = f.OfflineClient()
	} else {
		o.client, err = f.Client()
	}
	if errs = append(errs, err); errors.Join(errs...) == nil {
		errs = append(errs, o.check())
	}
	return o, errors.Join(errs...)
}

// read reads and checks all files before anything is created.
func (o *createOptions) read(ctx context.Context, paths []string) error {
	var errs []error
	for _, path := range paths {
		data, err := o.Files().Read(ctx, path, spec.MaxBytes)
		path = files.Name(path)
		var file *spec.File
		if err == nil {
			file, err = spec.Parse(path, data, spec.Inputs{Context: o.GivenContext()})
		}
		switch {
		case err != nil:
			errs = append(errs, err)
		case file.Kind != spec.KindVolume:
			errs = append(errs, api.Invalid(path, "this file describes a %s, not a volume: submit it with: %s", file.Kind, o.Hint().Vast("submit", path)))
		default:
			o.volumes = append(o.volumes, file.Volume)
			o.claims = append(o.claims, file.Claims...)
		}
	}
	return errors.Join(errs...)
}

// check lets the SDK look at all volumes before one is created.
func (o *createOptions) check() error {
	var errs []error
	for _, v := range o.volumes {
		if v.UseExisting {
			continue // there is nothing to render; Create looks for the claim
		}
		_, err := o.client.Volumes().Render(v)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// Run creates the volumes.
func (o *createOptions) Run(ctx context.Context) error {
	if o.flags.dryRun.Value == api.DryRunClient {
		return o.render()
	}
	o.showTargets()
	for _, v := range o.volumes {
		made, err := o.client.Volumes().Create(ctx, v, api.VolumeCreateOptions{
			DryRun:       o.flags.dryRun.Value,
			FieldManager: o.flags.manager,
		})
		if err != nil {
			return err
		}
		done := "created"
		if v.UseExisting { // nothing is made or changed
			done = "unchanged"
		}
		p, err := o.flags.output.Printer(o.flags.dryRun.Operation(done))
		if err != nil {
			return err
		}
		if err := p.PrintObj(made, o.Out); err != nil {
			return err
		}
	}
	return nil
}

// render uses no cluster. With -o it prints the claims that would be created, and
// else what is printed of the volumes when they are.
func (o *createOptions) render() error {
	p, err := o.flags.output.Printer(o.flags.dryRun.Operation("created"))
	if err != nil {
		return err
	}
	for _, v := range o.volumes {
		claim, err := o.client.Volumes().Render(v)
		if err != nil {
			return err
		}
		if !o.flags.output.Given() {
			named, err := meta.Accessor(claim)
			if err != nil {
				return err
			}
			claim = &api.VolumeStatus{TypeMeta: api.TypeMeta[api.VolumeStatus](), ObjectMeta: metav1.ObjectMeta{Name: named.GetName()}}
		}
		if err := p.PrintObj(claim, o.Out); err != nil {
			return err
		}
	}
	return nil
}

// showTargets prints every namespace that a volume is created in: a file may
// name its own.
func (o *createOptions) showTargets() {
	var shown []string
	for _, v := range o.volumes {
		if ns := cmp.Or(v.Namespace, o.client.Namespace()); !slices.Contains(shown, ns) {
			o.ShowTarget(ns)
			shown = append(shown, ns)
		}
	}
}
