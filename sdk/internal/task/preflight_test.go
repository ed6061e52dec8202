package task

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/kubevast/vast/internal/access"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/volume"
)

// The pod of the check has to be the submitted one: a minimum that our own
// containers request does not keep the pods of tasks out.
func TestThePodThatIsTriedIsThatOfATask(t *testing.T) {
	meta := func(name string) metav1.ObjectMeta { return metav1.ObjectMeta{Name: name, Namespace: "lab"} }
	least := func(memory string) *corev1.LimitRange {
		return &corev1.LimitRange{ObjectMeta: meta("least"), Spec: corev1.LimitRangeSpec{Limits: []corev1.LimitRangeItem{
			{Type: corev1.LimitTypeContainer, Min: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse(memory)}}}}}
	}
	for name, tc := range map[string]struct {
		also []runtime.Object
		want string
	}{
		"our container requests nothing":                     {nil, "0"},
		"our container requests the minimum of a LimitRange": {[]runtime.Object{least("96Mi")}, "96Mi"},
	} {
		t.Run(name, func(t *testing.T) {
			cluster := fake.NewClientset(append(tc.also,
				&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "lab"}},
				&corev1.ServiceAccount{ObjectMeta: meta(kube.AgentName)},
				&corev1.ConfigMap{ObjectMeta: meta(kube.SetupName), Data: map[string]string{kube.SetupKey: `{"store":{"kind":"built-in"}}`}})...)
			asked := "no container of ours"
			cluster.PrependReactor("create", "pods", func(a clienttesting.Action) (bool, runtime.Object, error) {
				pod := a.(clienttesting.CreateAction).GetObject().(*corev1.Pod)
				for i := range pod.Spec.InitContainers {
					if c := &pod.Spec.InitContainers[i]; c.Name == kube.ContainerKeep {
						asked = c.Resources.Requests.Memory().String()
					}
				}
				return true, pod, nil
			})
			conn := &access.Conn{Kube: cluster, Namespace: "lab", Warn: func(string, ...api.Remedy) {}}
			c := New(conn, volume.New(conn), nil)
			refused, err := c.TryPod(t.Context(), "ghcr.io/kubevast/agent:dev")
			if refused != nil || err != nil {
				t.Fatal(refused, err)
			}
			if diff := cmp.Diff(tc.want, asked); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}
