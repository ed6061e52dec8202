package cli

import (
	"io"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/printers"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/kubectl/pkg/cmd/get"

	"github.com/kubevast/vast/internal/cli/command"
	_ "github.com/kubevast/vast/internal/cli/english" // before kubectl's packages
	"github.com/kubevast/vast/internal/cli/table"
)

// GetFlags are `kubectl get`'s output flags.
type GetFlags struct {
	*get.PrintFlags
	SortBy string

	f *Factory
}

// NewGetFlags returns the flags of a command that shows objects.
func NewGetFlags(f *Factory) *GetFlags {
	flags := get.NewGetPrintFlags()
	// Our tables have one kind, and --sort-by uses their columns.
	flags.HumanReadableFlags.ShowKind = nil
	flags.HumanReadableFlags.SortBy = nil
	return &GetFlags{PrintFlags: flags, f: f}
}

// Human reports whether the output is a table.
func (o *GetFlags) Human() bool {
	return (*o.OutputFormat == "" || *o.OutputFormat == "wide") && *o.TemplateFlags.TemplateArgument == ""
}

// Wide reports whether the table is the wide one.
func (o *GetFlags) Wide() bool { return *o.OutputFormat == "wide" }

// PlainTable reports whether nothing is added to the table's own columns.
func (o *GetFlags) PlainTable() bool {
	h := o.HumanReadableFlags
	return !*h.ShowLabels && len(*h.ColumnLabels) == 0
}

// Printer returns the printer that was asked for. A wrong format is a usage
// error.
func (o *GetFlags) Printer() (printers.ResourcePrinter, error) {
	return usagePrinter(o.f, o.toPrinter)
}

// toPrinter is PrintFlags.ToPrinter with our own printer of templates.
func (o *GetFlags) toPrinter() (printers.ResourcePrinter, error) {
	format, template := *o.OutputFormat, *o.TemplateFlags.TemplateArgument
	if format == "" && template != "" {
		format = "go-template"
	}
	o.HumanReadableFlags.NoHeaders = *o.NoHeaders
	o.CustomColumnsFlags.NoHeaders = *o.NoHeaders
	o.CustomColumnsFlags.TemplateArgument = template
	return firstPrinter(format, o.AllowedFormats(),
		func(format string) (printers.ResourcePrinter, error) {
			return newTemplatePrinter(o.TemplateFlags, format)
		},
		o.JSONYamlPrintFlags.ToPrinter, o.HumanReadableFlags.ToPrinter, o.CustomColumnsFlags.ToPrinter, o.NamePrintFlags.ToPrinter)
}

// firstPrinter returns the printer, or the error, of the first of the functions that
// has this format.
func firstPrinter(format string, allowed []string, ofFormat ...func(string) (printers.ResourcePrinter, error)) (printers.ResourcePrinter, error) {
	for _, toPrinter := range ofFormat {
		if p, err := toPrinter(format); !genericclioptions.IsNoCompatiblePrinterError(err) {
			return p, err
		}
	}
	return nil, genericclioptions.NoCompatiblePrinterError{OutputFormat: &format, AllowedFormats: allowed}
}

// PrintTable prints a table that fits into width, unless columns of labels are
// added to it.
func (o *GetFlags) PrintTable(p printers.ResourcePrinter, t *table.Table, width int, w io.Writer) error {
	if o.PlainTable() {
		t.Fit(width, o.Wide())
	}
	return p.PrintObj(&t.Table, w)
}

// PrintList prints a list that is not for people. -o name prints each item,
// since its printer refuses lists.
func (o *GetFlags) PrintList(p printers.ResourcePrinter, list runtime.Object, w io.Writer) error {
	if *o.OutputFormat != "name" {
		return p.PrintObj(list, w)
	}
	return meta.EachListItem(list, func(item runtime.Object) error { return p.PrintObj(item, w) })
}

// DoneFlags are the output flags of a command that changes something: by
// default one line reports the change.
type DoneFlags struct {
	*genericclioptions.PrintFlags

	f *Factory
}

// NewDoneFlags returns the flags of a command that changes something.
func NewDoneFlags(f *Factory) *DoneFlags {
	return &DoneFlags{PrintFlags: genericclioptions.NewPrintFlags("").WithTypeSetter(scheme.Scheme), f: f}
}

// Given reports whether another output than the one line was asked for.
func (o *DoneFlags) Given() bool {
	return *o.OutputFormat != "" || *o.TemplatePrinterFlags.TemplateArgument != ""
}

// Check reports a wrong output format before anything is done.
func (o *DoneFlags) Check() error {
	_, err := o.Printer("")
	return err
}

// CheckBesideDir is Check for a command whose --dir is a folder: other programs name that
// --output.
func (o *DoneFlags) CheckBesideDir() error {
	if err := o.Check(); err != nil {
		return Usagef("%v; --output is the format, the folder is --dir", err)
	}
	return nil
}

// Printer returns the printer; operation is what was done ("created").
func (o *DoneFlags) Printer(operation string) (printers.ResourcePrinter, error) {
	o.NamePrintFlags.Operation = operation
	p, err := usagePrinter(o.f, o.toPrinter)
	if err == nil && *o.OutputFormat == "name" {
		p = eachName{p}
	}
	return p, err
}

// toPrinter is PrintFlags.ToPrinter with our own printer of templates.
func (o *DoneFlags) toPrinter() (printers.ResourcePrinter, error) {
	format := *o.OutputFormat
	if *o.TemplatePrinterFlags.TemplateArgument != "" && (o.OutputFlagSpecified == nil || !o.OutputFlagSpecified()) {
		format = "go-template"
	}
	p, err := firstPrinter(format, o.AllowedFormats(),
		o.JSONYamlPrintFlags.ToPrinter, o.NamePrintFlags.ToPrinter,
		func(format string) (printers.ResourcePrinter, error) {
			return newTemplatePrinter(o.TemplatePrinterFlags, format)
		})
	return o.TypeSetterPrinter.WrapToPrinter(p, err)
}

// eachName prints the names of a list's items, which kubectl's printer of names
// refuses to do.
type eachName struct{ printers.ResourcePrinter }

func (p eachName) PrintObj(obj runtime.Object, w io.Writer) error {
	if !meta.IsListType(obj) {
		return p.ResourcePrinter.PrintObj(obj, w)
	}
	return meta.EachListItem(obj, func(item runtime.Object) error { return p.ResourcePrinter.PrintObj(item, w) })
}

// usagePrinter returns the printer that toPrinter makes, with the command lines of
// remedies filled in. Its error is a usage error.
func usagePrinter(f *Factory, toPrinter func() (printers.ResourcePrinter, error)) (printers.ResourcePrinter, error) {
	p, err := toPrinter()
	if err != nil {
		return nil, Usagef("%v", err)
	}
	return remedyPrinter{p, f}, nil
}

// remedyPrinter fills in the command lines of the remedies of what it prints.
type remedyPrinter struct {
	printers.ResourcePrinter
	f *Factory
}

func (p remedyPrinter) PrintObj(obj runtime.Object, w io.Writer) error {
	command.Fill(p.f.Hint, obj)
	return p.ResourcePrinter.PrintObj(obj, w)
}

// AddSort binds --sort-by; columns are what it takes besides a JSONPath.
func (o *GetFlags) AddSort(c *cobra.Command, columns []string) {
	c.Flags().StringVar(&o.SortBy, "sort-by", o.SortBy,
		"Sort by a column ("+strings.Join(columns, ", ")+") or by a JSONPath expression (e.g. '{.metadata.name}').")
	_ = c.RegisterFlagCompletionFunc("sort-by",
		cobra.FixedCompletions(columns, cobra.ShellCompDirectiveNoFileComp))
}

// SortItems sorts items by the value of --sort-by: the name of a column or a
// JSONPath. Without a value the order stays. A wrong value is a UsageError.
func SortItems[T any](o *GetFlags, columns table.Columns[T], items []T) error {
	if err := columns.Sort(o.SortBy, items); err != nil {
		return Usagef("--sort-by: %v", err)
	}
	return nil
}
