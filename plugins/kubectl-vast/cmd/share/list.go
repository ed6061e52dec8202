package share

import (
	"context"
	"time"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/internal/cli/table"
	"github.com/kubevast/vast/internal/share/archives"
	"github.com/kubevast/vast/sdk"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/share"
)

type listOptions struct {
	cli.Listing[archive]
	all bool
}

// archive is a row of the list.
type archive struct{ share.Object }

func newList(f *cli.Factory) *cobra.Command {
	o := &listOptions{Listing: cli.NewListing[archive](f)}
	c := &cobra.Command{
		Use:     "list [NAME...]",
		Aliases: []string{"ls"},
		Short:   "List the archives on the share",
		Long: templates.LongDesc(`
			List the archives on the share, with their sizes. No cluster is needed.`),
		Example: templates.Examples(`
			# List all archives
			kubectl vast share list

			# List some of them, and print their sizes in bytes
			kubectl vast share list 'sweep-*' -o jsonpath='{range .items[*]}{.metadata.name} {.size}{"\n"}{end}'`),
		ValidArgsFunction: completeArchives,
		RunE: func(c *cobra.Command, args []string) error {
			if err := o.Complete(); err != nil {
				return err
			}
			return o.Run(c.Context(), args)
		},
	}
	c.Flags().BoolVar(&o.all, "all", false, "List all files, not only archives.")
	o.AddListingFlags(c, o.columns())
	return c
}

// Run lists.
func (o *listOptions) Run(ctx context.Context, refs []string) error {
	p, err := open(ctx)
	if err != nil {
		return err
	}
	defer p.Close()
	var found []share.Object
	if o.all && len(refs) == 0 {
		found, err = archives.List(ctx, p, true)
	} else {
		found, err = sdk.FindArchives(ctx, p, refs...)
	}
	if err != nil {
		return err
	}
	rows := make([]archive, 0, len(found))
	for _, object := range found {
		rows = append(rows, archive{Object: object})
	}
	if err := cli.SortItems(o.Output, o.columns(), rows); err != nil {
		return err
	}
	switch {
	case !o.Output.Human():
		return o.Output.PrintList(o.Printer, asList(rows), o.Out)
	case len(rows) == 0:
		o.Notef("The share has no archives.")
		return nil
	}
	t := o.columns().Table()
	for i := range rows {
		o.columns().Add(t, asObject(rows[i].Object), &rows[i])
	}
	return o.Output.PrintTable(o.Printer, t, o.Width(), o.Out)
}

func (o *listOptions) columns() table.Columns[archive] {
	modified := func(a *archive) *metav1.Time { t := metav1.NewTime(a.Modified); return &t }
	return table.Columns[archive]{
		{Name: "Name", Text: func(a *archive) string { base, _ := archives.Base(a.Name); return base }, Give: table.ID},
		{Name: "Size", Text: func(a *archive) string { return size(a.Size) }, Order: table.By(func(a *archive) int64 { return a.Size })},
		{Name: "Age", Text: func(a *archive) string {
			if a.Modified.IsZero() {
				return ""
			}
			return o.Age(metav1.NewTime(a.Modified))
		}, Order: table.ByAge(modified)},
		{Name: "Archive", Text: func(a *archive) string { return a.Name }},
		{Name: "Checksum", Wide: true, Text: func(a *archive) string {
			for _, sum := range []struct{ kind, value string }{{"sha256", a.Checksums.SHA256}, {"md5", a.Checksums.MD5}, {"crc32c", a.Checksums.CRC32C}} {
				if sum.value != "" {
					return sum.kind + ":" + sum.value
				}
			}
			return ""
		}},
	}
}

// kindArchive is the kind of an archive in -o json.
const kindArchive = "ShareArchive"

func asObject(o share.Object) *unstructured.Unstructured {
	content := map[string]any{"apiVersion": api.GroupVersion.String(), "kind": kindArchive, "metadata": map[string]any{"name": o.Name}, "size": o.Size}
	if base, ok := archives.Base(o.Name); ok {
		content["base"] = base
	}
	if !o.Modified.IsZero() {
		content["modified"] = o.Modified.UTC().Format(time.RFC3339)
	}
	sums := map[string]any{}
	for kind, value := range map[string]string{"sha256": o.Checksums.SHA256, "md5": o.Checksums.MD5, "crc32c": o.Checksums.CRC32C} {
		if value != "" {
			sums[kind] = value
		}
	}
	if len(sums) > 0 {
		content["checksums"] = sums
	}
	return &unstructured.Unstructured{Object: content}
}

func asList(rows []archive) *unstructured.UnstructuredList {
	list := &unstructured.UnstructuredList{Object: map[string]any{"apiVersion": api.GroupVersion.String(), "kind": kindArchive + "List", "metadata": map[string]any{}}}
	for _, row := range rows {
		list.Items = append(list.Items, *asObject(row.Object))
	}
	return list
}
