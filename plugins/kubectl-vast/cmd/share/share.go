// Package share has the subcommands of kubectl vast share.
package share

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/internal/share/archives"
	"github.com/kubevast/vast/sdk"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/share"
)

// New returns kubectl vast share.
func New(f *cli.Factory) *cobra.Command {
	c := cli.NewGroup("share", "Share results on Nextcloud, WebDAV, SFTP, S3, Google Cloud Storage and others",
		newUpload(f), newStatus(f), newStop(f), newList(f), newDownload(f), newRemove(f), newDoctor(f))
	c.Long = templates.LongDesc(`
		Upload archives of finished campaigns and tasks from the cluster to a share, and list,
		download and remove archives on it from anywhere.

		The share is set in the environment, or in a file .env in the current folder or above
		it: VAST_SHARE_TYPE is the type, and the other variables depend on it. Values in .env
		are not expanded. The environment overrides .env.`)
	c.AddCommand(elsewhere(f)...)
	return c
}

// elsewhere are what others call the commands.
func elsewhere(f *cli.Factory) []*cobra.Command {
	return append(cli.NewElsewhere(cli.Says(f, "ID", "results are uploaded with `%s`", []string{"share", "upload", "ID"}), "push", "put", "upload-to-share"),
		append(cli.NewElsewhere(cli.Says(f, "NAME", "archives are downloaded with `%s`", []string{"share", "download", "NAME"}), "pull", "fetch", "cp"),
			cli.NewElsewhere(cli.Says(f, "", "the share is tried with `%s`", []string{"share", "doctor"}), "check", "test")...)...)
}

// load reads which share is meant.
func load(ctx context.Context, upload bool) (share.Definition, share.Settings, error) {
	registry := sdk.ShareProviders()
	sdk.AddSharePlugins(ctx, registry)
	return sdk.LoadShare(ctx, registry, "", upload)
}

// open connects to the share. Close has to be called.
func open(ctx context.Context) (share.ShareProvider, error) {
	definition, settings, err := load(ctx, false)
	if err != nil {
		return nil, err
	}
	return definition.Open(ctx, settings)
}

// secretNames are the settings that contain credentials. What is added for the cluster may
// contain some, too.
func secretNames(d share.Definition, settings share.Settings) []string {
	var names []string
	for name := range settings {
		i := slices.IndexFunc(d.Settings, func(s share.Setting) bool { return s.Name == name })
		if i < 0 || d.Settings[i].Secret || d.Settings[i].File {
			names = append(names, name)
		}
	}
	return names
}

// completeArchives completes the names of archives on the share.
func completeArchives(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	const directive = cobra.ShellCompDirectiveNoFileComp
	p, err := open(c.Context())
	if err != nil {
		return nil, directive
	}
	defer p.Close()
	list, err := sdk.FindArchives(c.Context(), p)
	if err != nil {
		return nil, directive
	}
	var names []string
	for _, o := range list {
		if base, _ := archives.Base(o.Name); !slices.Contains(args, base) && !slices.Contains(args, o.Name) {
			names = append(names, base+"\t"+size(o.Size))
		}
	}
	return names, directive
}

// size is that of an archive, which may be unknown.
func size(n int64) string {
	if n < 0 {
		return "unknown"
	}
	return cli.Bytes(n)
}

// failed prints the reason of each item, and returns the error of the command.
func failed(f *cli.Factory, items []api.ShareItem) error {
	n := 0
	for _, i := range items {
		if i.Phase == "Failed" {
			n++
			f.PrintError(fmt.Errorf("%s: %s", i.Name, i.Reason))
		}
	}
	if n == 0 {
		return nil
	}
	return &cli.ExitError{Code: cli.CodeFailed}
}
