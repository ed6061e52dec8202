package desired

import (
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubevast/vast/internal/kube"
)

// agentRules are what the sidecar requests from the API server (package
// apiserver of the agent), and nothing else: its own pod and that pod's logs,
// which pods the
// other nodes are, how the Job has ended, and the Lease that shows the progress.
// Names of pods are not known beforehand, so none can stand here. The pods of
// tasks run as this account, and who may create pods can run one as it: it may
// do no more than who may only look, but for the Leases.
var agentRules = []rbacv1.PolicyRule{
	{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"get", "list"}},
	{APIGroups: []string{""}, Resources: []string{"pods/log"}, Verbs: []string{"get"}},
	{APIGroups: []string{"batch"}, Resources: []string{"jobs"}, Verbs: []string{"get"}},
	{APIGroups: []string{"coordination.k8s.io"}, Resources: []string{"leases"}, Verbs: []string{"get", "create", "update"}},
}

// Agent returns the account that the pods of tasks with our sidecar run as. A
// setup replaces the rules and the subjects as a whole, so that rights of an
// older version go.
func Agent(namespace string) []runtime.Object {
	return account(namespace, kube.AgentName, agentRules)
}
