package desired

import (
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubevast/vast/internal/kube"
)

// driverRules are what the driver of a workflow asks of the API server (package driver), and
// nothing else: the state of the run and its specification, the tasks' Jobs with their
// Services, ConfigMaps and NetworkPolicies, the names of a job group's nodes, the pods that explain a failure, and the Lease.
// For schedules (package schedule) it reads their CronJobs, and deletes the runs that a
// schedule keeps no longer: who may patch a ConfigMap can have the garbage collector delete it.
// It reads no Secrets: the client creates those of a run. Who may create pods can run one as
// this account, and may create Jobs by it.
var driverRules = []rbacv1.PolicyRule{
	{APIGroups: []string{""}, Resources: []string{"configmaps"}, Verbs: []string{"get", "list", "watch", "create", "patch", "delete"}},
	{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"get", "list"}},
	{APIGroups: []string{""}, Resources: []string{"services"}, Verbs: []string{"create"}},
	{APIGroups: []string{""}, Resources: []string{"events"}, Verbs: []string{"create"}},
	{APIGroups: []string{"batch"}, Resources: []string{"jobs"}, Verbs: []string{"get", "list", "watch", "create", "patch"}},
	{APIGroups: []string{"batch"}, Resources: []string{"cronjobs"}, Verbs: []string{"get"}},
	{APIGroups: []string{"discovery.k8s.io"}, Resources: []string{"endpointslices"}, Verbs: []string{"create", "update"}},
	{APIGroups: []string{"networking.k8s.io"}, Resources: []string{"networkpolicies"}, Verbs: []string{"create"}},
	{APIGroups: []string{"coordination.k8s.io"}, Resources: []string{"leases"}, Verbs: []string{"get", "create", "update"}},
}

// Driver returns the account that the drivers of workflows run as. A setup replaces the
// rules and the subjects as a whole.
func Driver(namespace string) []runtime.Object {
	return account(namespace, kube.DriverName, driverRules)
}

// account returns a service account with a Role of the namespace.
func account(namespace, name string, rules []rbacv1.PolicyRule) []runtime.Object {
	meta := metav1.ObjectMeta{Name: name, Namespace: namespace, Labels: Labels(ComponentAgent)}
	return []runtime.Object{
		&corev1.ServiceAccount{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "ServiceAccount"}, ObjectMeta: meta},
		&rbacv1.Role{TypeMeta: metav1.TypeMeta{APIVersion: rbacv1.SchemeGroupVersion.String(), Kind: "Role"},
			ObjectMeta: meta, Rules: rules},
		&rbacv1.RoleBinding{TypeMeta: metav1.TypeMeta{APIVersion: rbacv1.SchemeGroupVersion.String(), Kind: "RoleBinding"},
			ObjectMeta: meta,
			RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: name},
			Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Name: name, Namespace: namespace}}},
	}
}
