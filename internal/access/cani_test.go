package access

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/sdk/api"
)

func TestCanIIsASubcommandOfKubectl(t *testing.T) {
	for name, tc := range map[string]struct{ got, want api.Remedy }{
		"a right in a namespace": {CanI("create", "jobs.batch", "", "lab"),
			api.Remedy{Action: "kubectl auth can-i create jobs.batch", Namespace: "lab", Purpose: "check"}},
		"in the whole cluster": {CanI("list", "nodes", "", ""),
			api.Remedy{Action: "kubectl auth can-i list nodes", Namespace: "*", Options: []string{"all-namespaces"}, Purpose: "check"}},
		"about one object": {CanI("get", "secrets", "vast-store", "lab"),
			api.Remedy{Action: "kubectl auth can-i get secrets/vast-store", Namespace: "lab", Purpose: "check"}},
		"about a subresource": {CanI("get", "pods/log", "", "lab"),
			api.Remedy{Action: "kubectl auth can-i get pods", Namespace: "lab", Options: []string{"subresource=log"}, Purpose: "check"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, tc.got); diff != "" {
				t.Errorf("(-want,+got):\n%s", diff)
			}
		})
	}
}
