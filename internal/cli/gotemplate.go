package cli

import (
	"encoding/base64"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/json"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/printers"

	"github.com/kubevast/vast/internal/gotemplate"
)

// goTemplatePrinter prints an object by a template, as kubectl's printer does, which
// would link text/template: see package gotemplate.
type goTemplatePrinter struct {
	text     string
	template *gotemplate.Template
}

// newTemplatePrinter returns the printer of -o jsonpath and -o go-template. For other
// formats its error is a genericclioptions.NoCompatiblePrinterError.
func newTemplatePrinter(f *genericclioptions.KubeTemplatePrintFlags, format string) (printers.ResourcePrinter, error) {
	if p, err := f.JSONPathPrintFlags.ToPrinter(format); !genericclioptions.IsNoCompatiblePrinterError(err) {
		return p, err
	}
	form, text, _ := strings.Cut(format, "=")
	if argument := *f.TemplateArgument; argument != "" {
		form, text = format, argument
	}
	if !slices.Contains(f.GoTemplatePrintFlags.AllowedFormats(), form) {
		return nil, genericclioptions.NoCompatiblePrinterError{OutputFormat: &format, AllowedFormats: f.AllowedFormats()}
	}
	if text == "" {
		return nil, fmt.Errorf("template format specified but no template given")
	}
	if form == "templatefile" || form == "go-template-file" {
		data, err := os.ReadFile(text)
		if err != nil {
			return nil, fmt.Errorf("error reading --template %s, %w", text, err)
		}
		text = string(data)
	}
	t, err := gotemplate.Parse("output", text, gotemplate.Funcs{"exists": exists, "base64decode": base64Decode})
	if err != nil {
		return nil, fmt.Errorf("error parsing template %s, %w", text, err)
	}
	t.MissingKeyError = !*f.AllowMissingKeys
	return &goTemplatePrinter{text, t}, nil
}

func (p *goTemplatePrinter) PrintObj(obj runtime.Object, w io.Writer) error {
	data, err := json.Marshal(obj)
	if err != nil {
		return err
	}
	tree := map[string]any{}
	if err := json.Unmarshal(data, &tree); err != nil {
		return err
	}
	if err := p.template.Execute(w, tree); err != nil {
		_, _ = fmt.Fprintf(w, "Error executing template: %v. Printing more information for debugging the template:\n", err)
		_, _ = fmt.Fprintf(w, "\ttemplate was:\n\t\t%v\n\traw data was:\n\t\t%v\n\tobject given to template engine was:\n\t\t%+v\n\n", p.text, string(data), tree)
		return fmt.Errorf("error executing template %q: %w", p.text, err)
	}
	return nil
}

// exists reports whether item has an element other than null at the path of keys and
// indexes.
func exists(item any, path ...any) bool {
	for _, at := range path {
		switch in := item.(type) {
		case map[string]any:
			key, _ := at.(string)
			if _, isKey := at.(string); !isKey && at != nil {
				return false
			}
			item = in[key]
		case []any:
			i, ok := indexIn(at, len(in))
			if !ok {
				return false
			}
			item = in[i]
		case string:
			i, ok := indexIn(at, len(in))
			if !ok {
				return false
			}
			item = in[i]
		default:
			return false
		}
	}
	return item != nil || len(path) == 0
}

// indexIn returns an integer as an index into something of this length.
func indexIn(v any, length int) (int64, bool) {
	var i int64
	switch v := v.(type) {
	case int:
		i = int64(v)
	case int64:
		i = v
	case uint8: // of a string
		i = int64(v)
	default:
		return 0, false
	}
	return i, i >= 0 && i < int64(length)
}

func base64Decode(text string) (string, error) {
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return "", fmt.Errorf("base64 decode failed: %w", err)
	}
	return string(data), nil
}
