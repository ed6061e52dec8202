package cmd

import (
	"bufio"
	"encoding/json"
	"io"
	"iter"
	goruntime "runtime"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/kubevast/vast/internal/cli"
)

// render prints the objects that would be created and asks no cluster.
func (o *submitOptions) render() error {
	var objects []runtime.Object
	for _, t := range o.tasks {
		list, warnings, err := o.client.Task().Render(t, o.api)
		if err != nil {
			return err
		}
		for _, w := range warnings {
			o.Warn(w)
		}
		objects = append(objects, list...)
	}
	return printRendered(o.Factory, o.flags.output, rendered, objects, len(objects) > 1)
}

// rendered is what is said of an object that was only printed.
const rendered = "created (dry run)"

// printRendered prints objects as they would be made; list says that they are
// several by their nature, even if there is only one now.
func printRendered(f *cli.Factory, output *cli.DoneFlags, operation string, objects []runtime.Object, list bool) error {
	p, err := output.Printer(operation)
	if err != nil {
		return err
	}
	if *output.OutputFormat == "json" && list {
		// One document, which jq and kubectl apply read; YAML has `---`.
		return writeList(f.Out, objects)
	}
	for _, object := range objects {
		if err := p.PrintObj(object, f.Out); err != nil {
			return err
		}
	}
	return nil
}

// writeList writes a List as kubectl's JSON printer does, but object by object:
// of a large campaign it is many megabytes, which the printer holds several times.
func writeList(w io.Writer, objects []runtime.Object) error {
	out := bufio.NewWriter(w)
	// Flush tells what went wrong in writing.
	_, _ = out.WriteString(`{
    "kind": "List",
    "apiVersion": "v1",
    "metadata": {},
    "items": [`)
	before := "\n        "
	for _, object := range objects {
		if object.GetObjectKind().GroupVersionKind().Empty() {
			if kinds, _, err := scheme.Scheme.ObjectKinds(object); err == nil && len(kinds) > 0 {
				object.GetObjectKind().SetGroupVersionKind(kinds[0])
			}
		}
	}
	for data, err := range encoded(objects) {
		if err != nil {
			return err
		}
		_, _ = out.WriteString(before)
		_, _ = out.Write(data)
		before = ",\n        "
	}
	_, _ = out.WriteString("\n    ]\n}\n")
	return out.Flush()
}

// encoded yields the objects as JSON, in their order; as many as there are
// processors are encoded at a time.
func encoded(objects []runtime.Object) iter.Seq2[[]byte, error] {
	type result struct {
		data []byte
		err  error
	}
	return func(yield func([]byte, error) bool) {
		ahead, done := make(chan chan result, goruntime.GOMAXPROCS(0)), make(chan struct{})
		defer close(done)
		go func() {
			defer close(ahead)
			for _, object := range objects {
				one := make(chan result, 1)
				select {
				case ahead <- one:
				case <-done:
					return
				}
				go func() {
					data, err := json.MarshalIndent(object, "        ", "    ")
					one <- result{data, err}
				}()
			}
		}()
		for one := range ahead {
			if r := <-one; !yield(r.data, r.err) {
				return
			}
		}
	}
}
