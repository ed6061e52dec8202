package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/printers"
)

func TestTemplatesPrintAsKubectlsDo(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file.tmpl")
	if err := os.WriteFile(file, []byte("from a file: {{.metadata.name}}"), 0o600); err != nil {
		t.Fatal(err)
	}
	object := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "data", Labels: map[string]string{"a": "b"}, Finalizers: []string{"f"}},
		Data:       map[string][]byte{"key": []byte("value")},
	}
	cases := []struct{ format, template string }{
		{"", ""}, {"json", ""}, {"foo", ""}, {"foo=bar", ""}, {"go-template", ""}, {"go-template=", ""},
		{"go-template={{.metadata.name}}", ""}, {"template={{.data.key | base64decode}}", ""}, {"go-template", "{{.metadata.labels.a}}"},
		{"go-template={{.x}}", "{{.y}}"}, {"jsonpath={.metadata.name}", ""}, {"jsonpath", "{.kind}"}, {"jsonpath={", ""},
		{"go-template-file=" + file, ""}, {"templatefile", file}, {"go-template-file=/missing", ""},
		{"go-template={{", ""}, {"go-template={{.a.b.c}}", ""}, {"go-template={{.metadata.name.x}}", ""}, {"go-template={{base64decode .metadata.name}}", ""},
		{`go-template={{exists . "metadata" "finalizers" 0}} {{exists . "metadata" "finalizers" 1}} {{exists . "no"}} {{exists . "no" "x"}} {{exists .}} {{exists . 1}} {{exists nil}} {{exists . nil}}`, ""},
		{`go-template={{exists .metadata.name 0}} {{exists .metadata.name 9}} {{exists .metadata.name 0 0}} {{exists .metadata.finalizers "x"}} {{exists .metadata.creationTimestamp}} {{exists . "metadata" "creationTimestamp"}}`, ""},
		{`go-template={{range $k, $v := .data}}{{$k}}={{$v}}{{end}}`, ""},
	}
	for _, c := range cases {
		for _, allow := range []bool{true, false} {
			t.Run(c.format+" "+c.template+" "+strconv.FormatBool(allow), func(t *testing.T) {
				flags := genericclioptions.NewKubeTemplatePrintFlags()
				*flags.TemplateArgument, *flags.AllowMissingKeys = c.template, allow
				p, err := flags.ToPrinter(c.format)
				want := printed(p, err, object)
				p, err = newTemplatePrinter(flags, c.format)
				if diff := cmp.Diff(want, printed(p, err, object)); diff != "" {
					t.Errorf("-kubectl +ours:\n%s", diff)
				}
			})
		}
	}
}

// printed returns what a printer writes, and the errors of making and using it.
func printed(p printers.ResourcePrinter, err error, object *corev1.Secret) []string {
	if genericclioptions.IsNoCompatiblePrinterError(err) {
		return []string{"not of this format"}
	}
	if err != nil {
		return []string{err.Error()}
	}
	var out bytes.Buffer
	if err := p.PrintObj(object, &out); err != nil {
		return []string{out.String(), err.Error()}
	}
	return []string{out.String()}
}
