package share

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/sdk"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/share"
)

type downloadOptions struct {
	*cli.Factory
	fetch  sdk.ArchiveOptions
	all    bool
	output *cli.DoneFlags
}

func newDownload(f *cli.Factory) *cobra.Command {
	o := &downloadOptions{Factory: f, output: cli.NewDoneFlags(f)}
	c := &cobra.Command{
		Use:     "download (NAME... | --all)",
		Aliases: []string{"get"},
		Short:   "Download and unpack archives from the share",
		Long: templates.LongDesc(`
			Download archives from the share, verify and unpack them. No cluster is needed.

			A name is that of a campaign, task or file on the share, a pattern, or @latest for the
			newest campaign. An interrupted download leaves a file that ends in .part, and the
			same command continues. An existing folder is replaced with --force only. Archives
			with paths outside of the folder, links that lead out of it or device files are
			refused.`),
		Example: templates.Examples(`
			# Download a campaign to the folder of its name
			kubectl vast share download sweep-2026-11-21-101500

			# Download some campaigns to folder out, and keep the archives
			kubectl vast share download 'sweep-2026-11-*' --dir=out --keep-archive`),
		ValidArgsFunction: completeArchives,
		RunE: func(c *cobra.Command, args []string) error {
			switch {
			case len(args) == 0 && !o.all:
				return cli.Usagef("the name of an archive is missing: %s", c.UseLine())
			case len(args) > 0 && o.all:
				return cli.Usagef("name archives, or give --all, not both")
			}
			if err := o.output.CheckBesideDir(); err != nil {
				return err
			}
			return o.Run(c.Context(), args)
		},
	}
	p := c.Flags()
	p.BoolVar(&o.all, "all", false, "Download all archives.")
	p.StringVarP(&o.fetch.Dir, "dir", "d", ".", "Folder to write to.")
	p.BoolVar(&o.fetch.KeepArchive, "keep-archive", false, "Keep the archives after they are unpacked.")
	p.BoolVar(&o.fetch.NoUnpack, "no-unpack", false, "Do not unpack the archives.")
	p.BoolVar(&o.fetch.Force, "force", false, "Replace existing folders and files.")
	_ = c.MarkFlagDirname("dir")
	o.output.AddFlags(c)
	return c
}

// Run downloads one after the other, and continues after an error.
func (o *downloadOptions) Run(ctx context.Context, refs []string) error {
	p, err := open(ctx)
	if err != nil {
		return err
	}
	defer p.Close()
	found, err := sdk.FindArchives(ctx, p, refs...)
	if err != nil {
		return err
	}
	if len(found) == 0 {
		o.Notef("The share has no archives.")
		return nil
	}
	printer, err := o.output.Printer("")
	if err != nil {
		return err
	}
	var errs []error
	for _, object := range found {
		names, err := o.one(ctx, p, object)
		if err == nil && o.output.Given() {
			done := asObject(object)
			_ = unstructured.SetNestedStringSlice(done.Object, names, "paths")
			err = printer.PrintObj(done, o.Out)
		} else if err == nil {
			fmt.Fprintf(o.Out, "%s downloaded to %s\n", object.Name, strings.Join(names, ", "))
		}
		if err != nil {
			if ctx.Err() != nil {
				o.Notef("\nInterrupted; the same command continues.")
				return context.Cause(ctx)
			}
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func (o *downloadOptions) one(ctx context.Context, p share.ShareProvider, object share.Object) ([]string, error) {
	display := newProgress(o.Factory)
	item := &api.ShareItem{Name: object.Name, Phase: "Uploading", Size: object.Size}
	var drawn time.Time
	fetch := o.fetch
	fetch.Progress = func(written, size int64) {
		if o.Now().Sub(drawn) < redraw && written != size {
			return
		}
		drawn = o.Now()
		item.Done, item.Size = written, max(size, written)
		display.item(item)
	}
	fetch.Retry = func(err error, _ time.Duration) {
		display.done()
		o.Notef("%s continues after: %v", object.Name, err)
	}
	names, err := sdk.FetchArchive(ctx, p, object, fetch)
	display.done()
	for i, name := range names {
		names[i] = filepath.Join(o.fetch.Dir, name)
	}
	return names, err
}

// redraw is the pause between two drawings of a bar.
const redraw = 100 * time.Millisecond
