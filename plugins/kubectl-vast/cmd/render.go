package cmd

import (
	corev1 "k8s.io/api/core/v1"
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
	return printRendered(o.Factory, o.flags.output, objects, len(objects) > 1)
}

// printRendered prints objects as they would be created; list says that they
// are several by their nature, even if there is only one now.
func printRendered(f *cli.Factory, output *cli.DoneFlags, objects []runtime.Object, list bool) error {
	p, err := output.Printer("created (dry run)")
	if err != nil {
		return err
	}
	if *output.OutputFormat == "json" && list {
		// One document, which jq and kubectl apply read; YAML has `---`.
		objects = []runtime.Object{asList(objects)}
	}
	for _, object := range objects {
		if err := p.PrintObj(object, f.Out); err != nil {
			return err
		}
	}
	return nil
}

func asList(objects []runtime.Object) *corev1.List {
	list := &corev1.List{}
	list.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("List"))
	for _, object := range objects {
		if object.GetObjectKind().GroupVersionKind().Empty() {
			if kinds, _, err := scheme.Scheme.ObjectKinds(object); err == nil && len(kinds) > 0 {
				object.GetObjectKind().SetGroupVersionKind(kinds[0])
			}
		}
		list.Items = append(list.Items, runtime.RawExtension{Object: object})
	}
	return list
}
