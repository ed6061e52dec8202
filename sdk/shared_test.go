package sdk_test

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
)

// A tenant who deletes the record of the own namespace, or the queue in it,
// cannot remove from others what all share; users that are gone are not named.
func TestACleanupKeepsWhatOtherNamespacesUse(t *testing.T) {
	ours := map[string]string{kube.LabelManagedBy: kube.ManagedBy}
	for name, tc := range map[string]struct {
		recorded string // the UID that administrators have recorded
		queue    bool   // it has a LocalQueue of ours
		kept     bool
	}{
		"by what administrators have recorded":  {recorded: "uid-2", kept: true},
		"by its queue":                          {queue: true, kept: true},
		"not an older one of the same name":     {recorded: "uid-1"},
		"not one that was never set up, either": {},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.add("/api/v1/namespaces/other", "Namespace", corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "other", UID: "uid-2"}})
			w.add(kueueAPI+"/clusterqueues/"+kube.ClusterQueueName, "ClusterQueue", map[string]any{
				"metadata": metav1.ObjectMeta{Name: kube.ClusterQueueName, Labels: ours}})
			if tc.recorded != "" {
				w.add("/api/v1/namespaces/kueue-system/configmaps/"+kube.SetupName, "ConfigMap", corev1.ConfigMap{
					ObjectMeta: metav1.ObjectMeta{Name: kube.SetupName, Namespace: "kueue-system"}, Data: map[string]string{"namespace.other": tc.recorded}})
			}
			if tc.queue {
				w.add(kueueAPI+"/namespaces/other/localqueues/"+kube.LocalQueueName, "LocalQueue", map[string]any{
					"metadata": metav1.ObjectMeta{Name: kube.LocalQueueName, Namespace: "other", Labels: ours},
					"spec":     map[string]any{"clusterQueue": kube.ClusterQueueName}})
			}
			p, err := w.Cluster().Cleanup(t.Context(), api.ClusterCleanupOptions{Force: true, DryRun: api.DryRunClient})
			if err != nil {
				t.Fatal(err)
			}
			kept := false
			for _, k := range p.Keep {
				kept = kept || k.Object == "clusterqueue/"+kube.ClusterQueueName && strings.Contains(k.Reason, "also set up: other")
			}
			if kept != tc.kept {
				t.Errorf("the ClusterQueue is kept for it: %v; removed %v, kept %v", kept, p.Remove, p.Keep)
			}
		})
	}
}
