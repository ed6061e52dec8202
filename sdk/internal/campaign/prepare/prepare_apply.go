package prepare

import (
	"encoding/json"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/campaign/record"
)

const (
	// maxApplied is how much the annotations of one object may have together.
	maxApplied = 256 << 10
	// maxCarried is how much a ConfigMap carries at most. In the annotation
	// of kubectl it is a third longer, and there are its names.
	maxCarried = 180 << 10
)

// checkApplied reports an object that "kubectl apply" cannot create, although
// the API server accepts it: kubectl writes the whole object into an annotation
// of it, for the comparison of a later apply.
func checkApplied(content map[string]any) error {
	o := &unstructured.Unstructured{Object: content}
	text, err := json.Marshal(content)
	if err != nil {
		return fmt.Errorf("encode %s %s: %w", o.GetKind(), o.GetName(), err)
	}
	size := len(corev1.LastAppliedConfigAnnotation) + len(text) + len("\n")
	annotations := o.GetAnnotations()
	if len(annotations) == 0 {
		size += len(`"annotations":{},`) // kubectl writes that, too
	}
	for key, value := range annotations {
		size += len(key) + len(value)
	}
	if size <= maxApplied {
		return nil
	}
	message := "kubectl apply takes %d bytes of one object, but %s %s has %d"
	if o.GetKind() == "Job" {
		message += ": pack fewer runs into one Job, or put long parameters into a file of run_files"
	}
	return api.Invalid("", message, maxApplied, o.GetKind(), o.GetName(), size)
}

// recordObject is the record as a ConfigMap that can be applied. Of a very big
// one the lists of runs are only in the store, as in RecordObject.
func (w *preparation) recordObject() (runtime.Object, error) {
	object := record.Object(w.draft.Record)
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
	if err != nil {
		return nil, fmt.Errorf("write the record: %w", err)
	}
	if checkApplied(content) == nil {
		return object, nil
	}
	small := *w.draft.Record
	small.Configs, small.Selected = nil, nil
	return record.Object(&small), nil
}
