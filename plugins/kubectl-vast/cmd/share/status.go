package share

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/internal/cli/table"
	"github.com/kubevast/vast/internal/cli/term"
	"github.com/kubevast/vast/sdk/api"
)

type statusOptions struct {
	cli.Listing[api.ShareUpload]
	name  string
	watch bool
}

func newStatus(f *cli.Factory) *cobra.Command {
	o := &statusOptions{Listing: cli.NewListing[api.ShareUpload](f)}
	c := &cobra.Command{
		Use:   "status [UPLOAD]",
		Short: "Show uploads to shares and what came of them",
		Long: templates.LongDesc(`
			Show the last upload to each share, the newest first, also when its Job is deleted.
			With the name of an upload, show each of its campaigns and tasks, with the reason of a
			failure.`),
		Example: templates.Examples(`
			# List uploads
			kubectl vast share status

			# Follow an upload until it has ended
			kubectl vast share status share-webdav-x7k2m9qa --watch`),
		Args:              cli.Args(0, 1, ""),
		ValidArgsFunction: f.Complete(1, completeUploads),
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				o.name = uploadName(args[0])
			}
			if o.watch && o.name == "" {
				return cli.Usagef("--watch needs the name of an upload: %s", c.UseLine())
			}
			if err := o.Complete(); err != nil {
				return err
			}
			return o.Run(c.Context())
		},
	}
	c.Flags().BoolVarP(&o.watch, "watch", "w", false, "Follow the upload until it has ended.")
	o.AddListingFlags(c, columns(f))
	return c
}

func completeUploads(ctx context.Context, client cli.Client) []string {
	list, err := client.Shares().List(ctx)
	if err != nil {
		return nil
	}
	var names []string
	for _, u := range list.Items {
		names = append(names, u.Name+"\t"+string(u.State))
	}
	return names
}

// Run prints or follows.
func (o *statusOptions) Run(ctx context.Context) error {
	client, err := o.Client()
	if err != nil {
		return err
	}
	if o.name == "" {
		list, err := client.Shares().List(ctx)
		if err != nil {
			return err
		}
		all := columns(o.Factory)
		return o.Print(list, list.Items, all, func(items []api.ShareUpload) *table.Table { return table.Of(all, items) },
			func() { o.Notef("No uploads found in namespace %s.", client.Namespace()) })
	}
	u, err := client.Shares().Get(ctx, o.name)
	if err != nil {
		return err
	}
	if o.watch && !u.State.Ended() {
		if u, err = follow(ctx, o.Factory, client, u, o.Output.Human()); err != nil {
			return err
		}
	}
	if !o.Output.Human() {
		return o.Printer.PrintObj(u, o.Out)
	}
	o.describe(u)
	if o.watch && u.State == api.Failed {
		return &cli.ExitError{Code: cli.CodeFailed}
	}
	return nil
}

// describe prints an upload with all its items.
func (o *statusOptions) describe(u *api.ShareUpload) {
	fmt.Fprintf(o.Out, "Upload:  %s\nShare:   %s\nState:   %s\n", u.Name, u.ShareType, term.Words(joined(string(u.State), u.Reason)))
	if u.StartTime != nil {
		fmt.Fprintf(o.Out, "Started: %s\n", cli.Moment(o.Factory, u.StartTime))
	}
	if u.EndTime != nil {
		fmt.Fprintf(o.Out, "Ended:   %s\n", cli.Moment(o.Factory, u.EndTime))
	}
	fmt.Fprintln(o.Out)
	for i := range u.Archives {
		item := &u.Archives[i]
		of := item.Size
		if item.Phase == "Archiving" {
			of = item.Total
		}
		line := ended(item)
		switch item.Phase {
		case "Failed":
			line = fmt.Sprintf("%s failed: %s", item.Name, item.Reason)
			if item.Kept {
				line += " (the archive is kept in the store)"
			}
		case "Archiving", "Uploading", "Verifying":
			line = bar(item, of, 0)
		case "Waiting":
			line = item.Name + " waiting"
		}
		fmt.Fprintln(o.Out, term.Line(line))
	}
}

func joined(state, reason string) string {
	if reason == "" {
		return state
	}
	return state + ": " + reason
}

func columns(f *cli.Factory) table.Columns[api.ShareUpload] {
	type upload = api.ShareUpload
	began := func(u *upload) *metav1.Time {
		if u.StartTime != nil {
			return u.StartTime
		}
		return &u.CreationTimestamp
	}
	count := func(u *upload, phases ...string) int {
		n := 0
		for _, i := range u.Archives {
			for _, phase := range phases {
				if i.Phase == phase {
					n++
				}
			}
		}
		return n
	}
	return table.Columns[upload]{
		{Name: "Upload", Text: func(u *upload) string { return u.Name }, Give: table.ID},
		{Name: "Share", Text: func(u *upload) string { return u.ShareType }},
		{Name: "State", Text: func(u *upload) string { return string(u.State) }, Give: table.State},
		{Name: "Done", Text: func(u *upload) string {
			return fmt.Sprintf("%d/%d", count(u, "Uploaded", "Skipped"), len(u.Archives))
		}},
		{Name: "Failed", Text: func(u *upload) string { return fmt.Sprint(count(u, "Failed")) }},
		{Name: "Age", Text: func(u *upload) string { return f.Age(*began(u)) }, Order: table.ByAge(began)},
		{Name: "Reason", Text: func(u *upload) string { return term.Words(u.Reason) }},
	}
}

// uploadName removes what -o name prints before a name.
func uploadName(arg string) string { return strings.TrimPrefix(arg, "shareupload.kubevast.io/") }
