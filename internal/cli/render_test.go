package cli

import (
	"bufio"
	"bytes"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/printers"
	"k8s.io/client-go/kubernetes/scheme"
)

func TestAListIsWrittenAsKubectlWritesIt(t *testing.T) {
	jobs := []runtime.Object{
		&batchv1.Job{ObjectMeta: metav1.ObjectMeta{Name: "a", Labels: map[string]string{"<a>": "&"}},
			Spec: batchv1.JobSpec{Template: corev1.PodTemplateSpec{Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Args: []string{"x\ny"}}}}}}},
		&corev1.ConfigMap{Data: map[string]string{"k": "v"}},
	}
	for name, objects := range map[string][]runtime.Object{"one": jobs[:1], "two": jobs} {
		t.Run(name, func(t *testing.T) {
			list := &corev1.List{}
			list.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("List"))
			for _, o := range objects {
				kinds, _, err := scheme.Scheme.ObjectKinds(o)
				if err != nil {
					t.Fatal(err)
				}
				typed := o.DeepCopyObject()
				typed.GetObjectKind().SetGroupVersionKind(kinds[0])
				list.Items = append(list.Items, runtime.RawExtension{Object: typed})
			}
			var want, got bytes.Buffer
			if err := (&printers.JSONPrinter{}).PrintObj(list, &want); err != nil {
				t.Fatal(err)
			}
			out := bufio.NewWriter(&got)
			if err := errors.Join(writeList(out, Objects(objects)), out.Flush()); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want.String(), got.String()); diff != "" {
				t.Errorf("(-want,+got):\n%s", diff)
			}
		})
	}
}
