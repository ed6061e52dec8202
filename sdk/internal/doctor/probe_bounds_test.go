package doctor

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/kubevast/vast/internal/access"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/task"
)

func TestTheProbeHasTheRequestsOfALimitRange(t *testing.T) {
	for name, tc := range map[string]struct {
		least string
		want  string
	}{
		"nothing without a LimitRange": {"", "0"},
		"the least amount of memory":   {"96Mi", "96Mi"},
	} {
		t.Run(name, func(t *testing.T) {
			var there []runtime.Object
			if tc.least != "" {
				there = append(there, &corev1.LimitRange{ObjectMeta: metav1.ObjectMeta{Name: "least", Namespace: "lab"},
					Spec: corev1.LimitRangeSpec{Limits: []corev1.LimitRangeItem{{Type: corev1.LimitTypeContainer,
						Min: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse(tc.least)}}}}})
			}
			cluster, asked := fake.NewClientset(there...), ""
			cluster.PrependReactor("create", "pods", func(a clienttesting.Action) (bool, runtime.Object, error) {
				asked = a.(clienttesting.CreateAction).GetObject().(*corev1.Pod).Spec.Containers[0].Resources.Requests.Memory().String()
				return true, nil, apierrors.NewForbidden(schema.GroupResource{Resource: "pods"}, "x", nil) // its requests are recorded
			})
			conn := &access.Conn{Kube: cluster, Namespace: "lab", Warn: func(string, ...api.Remedy) {}}
			c := &Client{conn: conn, tasks: task.New(conn, nil, nil)}
			c.probe(t.Context(), api.DoctorOptions{AgentImage: "ghcr.io/kubevast/agent:dev"})
			if diff := cmp.Diff(tc.want, asked); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}
