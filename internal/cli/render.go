package cli

import (
	"bufio"
	"cmp"
	"encoding/json"
	"iter"
	goruntime "runtime"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/scheme"
)

// PrintObjects prints objects as they would be made, one after the other; list
// says that they are several by their nature, even if there is only one now.
func PrintObjects(f *Factory, output *DoneFlags, operation string, objects iter.Seq2[runtime.Object, error], list bool) error {
	p, err := output.Printer(operation)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(f.Out)
	if *output.OutputFormat == "json" && list {
		// One document, which jq and kubectl apply read; YAML has `---`.
		err = writeList(out, objects)
	} else {
		for object, wrong := range objects {
			if err = wrong; err == nil {
				err = p.PrintObj(object, out)
			}
			if err != nil {
				break
			}
		}
	}
	// The first error is returned.
	return cmp.Or(err, out.Flush())
}

// Objects yields objects that are all there.
func Objects[T runtime.Object](objects []T) iter.Seq2[runtime.Object, error] {
	return func(yield func(runtime.Object, error) bool) {
		for _, object := range objects {
			if !yield(object, nil) {
				return
			}
		}
	}
}

// writeList writes a List as kubectl's JSON printer does, but object by object:
// of a large campaign it is many gigabytes.
func writeList(out *bufio.Writer, objects iter.Seq2[runtime.Object, error]) error {
	// The caller's Flush returns a write error.
	_, _ = out.WriteString(`{
    "kind": "List",
    "apiVersion": "v1",
    "metadata": {},
    "items": [`)
	before := "\n        "
	for data, err := range encoded(objects) {
		if err != nil {
			return err
		}
		_, _ = out.WriteString(before)
		if _, err := out.Write(data); err != nil {
			return err
		}
		before = ",\n        "
	}
	_, _ = out.WriteString("\n    ]\n}\n")
	return nil
}

// encoded yields the objects as JSON, in their order; as many as there are
// processors are encoded at a time.
func encoded(objects iter.Seq2[runtime.Object, error]) iter.Seq2[[]byte, error] {
	type result struct {
		data []byte
		err  error
	}
	return func(yield func([]byte, error) bool) {
		ahead, done := make(chan chan result, goruntime.GOMAXPROCS(0)), make(chan struct{})
		defer close(done)
		go func() {
			defer close(ahead)
			for object, err := range objects {
				one := make(chan result, 1)
				select {
				case ahead <- one:
				case <-done:
					return
				}
				if err != nil {
					one <- result{nil, err}
					return
				}
				if object.GetObjectKind().GroupVersionKind().Empty() {
					if kinds, _, err := scheme.Scheme.ObjectKinds(object); err == nil && len(kinds) > 0 {
						object.GetObjectKind().SetGroupVersionKind(kinds[0])
					}
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
