package cli

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"iter"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/printers"
)

// ChunkSize is how many objects of a long list are in memory at a time.
const ChunkSize = 500

// maxWhole is the longest list that a template or a JSONPath is applied to:
// they need all of it at once, as trees of maps.
const maxWhole = 20_000

// Chunks are a long list in parts: lists of its type that are made when they are
// asked for, and the same ones each time.
type Chunks = iter.Seq[runtime.Object]

// CheckWhole reports an output that a list of so many objects is too long for.
func (o *GetFlags) CheckWhole(items int) error {
	if items <= maxWhole || o.streams() || o.Human() {
		return nil
	}
	return Usagef("-o %s needs the whole list in memory, and this one has %d items; up to %d are possible: choose some of them, or use -o json with a program such as jq",
		o.form(), items, maxWhole)
}

// streams reports an output that is made object by object.
func (o *GetFlags) streams() bool {
	switch o.form() {
	case "json", "yaml", "kyaml", "name", "custom-columns", "custom-columns-file":
		return true
	}
	return false
}

// form is the output format without what belongs to it.
func (o *GetFlags) form() string {
	form, _, _ := strings.Cut(*o.OutputFormat, "=")
	if form == "" && *o.TemplateFlags.TemplateArgument != "" {
		return "go-template"
	}
	return form
}

// PrintChunks prints a list as PrintList would print all of it, but part by part.
// whole is for the outputs that CheckWhole bounds.
func (o *GetFlags) PrintChunks(ctx context.Context, empty runtime.Object, chunks Chunks, whole func() runtime.Object, w io.Writer) error {
	out := bufio.NewWriter(w)
	err := o.printChunks(ctx, empty, chunks, whole, out)
	return cmp.Or(err, out.Flush()) // the first error is returned
}

func (o *GetFlags) printChunks(ctx context.Context, empty runtime.Object, chunks Chunks, whole func() runtime.Object, w io.Writer) error {
	switch o.form() {
	case "json":
		return o.splice(ctx, empty, chunks, splicing{`"items": []`, `"items": [`, "\n    ]", ","}, w)
	case "yaml":
		return o.splice(ctx, empty, chunks, splicing{"items: []\n", "items:\n", "", ""}, w)
	case "kyaml":
		return o.splice(ctx, empty, chunks, splicing{"items: []", "items: [", "]", ", "}, w)
	case "custom-columns", "custom-columns-file":
		return o.PrintAligned(ctx, chunks, w)
	}
	p, err := o.Printer()
	switch {
	case err != nil:
		return err
	case o.form() != "name":
		return p.PrintObj(whole(), w)
	}
	for chunk := range chunks {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := meta.EachListItem(chunk, func(item runtime.Object) error { return p.PrintObj(item, w) }); err != nil {
			return err
		}
	}
	return nil
}

// splicing is how a format writes the items of a list: none of them, and the
// text before, after and between them.
type splicing struct{ none, before, behind, between string }

// splice has each part printed by kubectl's printer, and takes the items out.
func (o *GetFlags) splice(ctx context.Context, empty runtime.Object, chunks Chunks, s splicing, w io.Writer) error {
	text, err := o.text(empty)
	if err != nil {
		return err
	}
	head, tail, ok := strings.Cut(text, s.none)
	if !ok {
		return fmt.Errorf("a %T without items is not written with %q", empty, s.none)
	}
	before := head + s.before
	for chunk := range chunks {
		if text, err = o.text(chunk); cmp.Or(err, ctx.Err()) != nil {
			return cmp.Or(err, ctx.Err())
		}
		items, begins := strings.CutPrefix(text, head+s.before)
		items, ends := strings.CutSuffix(items, s.behind+tail)
		if !begins || !ends {
			return fmt.Errorf("a %T is not written as its parts are", empty)
		}
		if _, err := io.WriteString(w, before+items); err != nil {
			return err
		}
		before, text = s.between, s.behind+tail
	}
	_, err = io.WriteString(w, text) // the end, or a list without items
	return err
}

// text is what a printer makes of one object.
func (o *GetFlags) text(object runtime.Object) (string, error) {
	p, err := o.Printer() // a used one puts a mark between documents
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	err = p.PrintObj(object, &b)
	return b.String(), err
}

// PrintAligned prints tables, or lists in custom columns, one below the other
// as one table: a first pass over all of them computes the widths of its
// columns.
func (o *GetFlags) PrintAligned(ctx context.Context, chunks Chunks, w io.Writer) error {
	out := bufio.NewWriter(w) // a table is written cell by cell
	widths, table := printers.GetNewTabWriter(io.Discard), printers.GetNewTabWriter(out)
	for _, to := range []interface {
		io.Writer
		Flush() error
	}{widths, table} {
		p, err := o.Printer()
		if err != nil {
			return err
		}
		for chunk := range chunks {
			if err := cmp.Or(ctx.Err(), p.PrintObj(chunk, to), to.Flush()); err != nil {
				return err
			}
		}
		table.SetRememberedWidths(widths.RememberedWidths())
	}
	return out.Flush()
}
