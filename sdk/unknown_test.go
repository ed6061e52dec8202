package sdk_test

import (
	"strings"
	"testing"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/authz"
)

// What the caller may not look at is neither there nor missing.
func TestWhatMayNotBeLookedAtIsUnknown(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		denied authz.Right
		of     func(*api.ClusterStatus) api.ComponentState
		says   string
	}{
		"Kueue": {authz.Right{Verb: "list", Resource: "deployments.apps"}, func(s *api.ClusterStatus) api.ComponentState { return s.Kueue.ComponentState }, "no right to list deployments.apps in namespace"},
		"the ClusterQueue": {authz.Right{Verb: "get", Resource: "clusterqueues.kueue.x-k8s.io", Cluster: true}, func(s *api.ClusterStatus) api.ComponentState { return s.Queue.ComponentState },
			"no right to get clusterqueues.kueue.x-k8s.io in the whole cluster"},
		"the account": {authz.Right{Verb: "get", Resource: "serviceaccounts"}, func(s *api.ClusterStatus) api.ComponentState { return s.Agent }, "no right to get serviceaccounts in namespace"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.server.denied = &tc.denied
			s, err := w.Cluster().Get(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if got := tc.of(s); got.State != api.ReadyStateUnknown || got.Ready || !strings.Contains(got.Reason, tc.says) {
				t.Errorf("%+v", got)
			}
			if s.Ready || s.State == api.ReadyStateReady {
				t.Errorf("all of it is %s", s.State)
			}
		})
	}
	t.Run("quota", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.server.denied = &authz.Right{Verb: "list", Resource: "clusterqueues.kueue.x-k8s.io", Cluster: true}
		list, err := w.Queues().List(t.Context(), api.QueueListOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range list.Items {
			if q.Unknown != "list clusterqueues.kueue.x-k8s.io in the whole cluster" || len(q.Resources) > 0 {
				t.Errorf("queue %s: %q, %v", q.Name, q.Unknown, q.Resources)
			}
		}
	})
}
