package authz

import (
	"slices"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
)

// Purpose is something that a user does, with the rights that the commands need for
// it. The checks of the doctor and the Roles that it returns are made from this table.
type Purpose struct {
	Name string
	// Needed: without them no task runs, so lacking them is a failure.
	// Otherwise it is a warning, or of no importance for most people.
	Needed, Optional bool
	// Lost is what does not work without them, in words.
	Lost   string
	Rights []Right
	// Roles are those that grant them (RoleUser, RoleReader); another one, as
	// clusters have it, where there is none.
	Roles  []string
	Others string
}

// The kinds of Roles that Doctor.Role returns.
const (
	RoleUser   = api.RoleUser
	RoleReader = api.RoleReader
)

const (
	jobs       = "jobs.batch"
	claims     = "persistentvolumeclaims"
	kueueGroup = ".kueue.x-k8s.io"
)

// Purposes returns the table.
func Purposes() []Purpose {
	everybody, users := []string{RoleUser, RoleReader}, []string{RoleUser}
	return []Purpose{
		{Name: "tasks", Needed: true, Roles: users, Lost: "submitting and following tasks", Rights: slices.Concat(
			Each(jobs, "get", "list", "watch", "create", "patch", "delete"),
			Each("pods", "get", "list", "watch"), Each("pods/log", "get"),
			Each("services", "create"), Each("secrets", "create"), Each("configmaps", "create"))},
		{Name: "looking", Roles: everybody, Lost: "lists, status, logs and monitoring of tasks", Rights: slices.Concat(
			Each(jobs, "get", "list", "watch"), Each("pods", "get", "list", "watch"), Each("pods/log", "get"),
			Each("configmaps", "get", "list", "watch"), Each("leases.coordination.k8s.io", "list", "watch"))},
		{Name: "reasons", Roles: everybody, Lost: "some reasons why a task waits or failed", Rights: slices.Concat(
			Each("events", "list"), Each("resourcequotas", "list"))},
		{Name: "campaigns", Roles: users, Lost: "campaigns", Rights: slices.Concat(
			Each("configmaps", "get", "list", "create", "patch", "delete"), Each(jobs, "deletecollection"))},
		{Name: "workflows", Roles: users, Lost: "workflows", Rights: slices.Concat(
			Each("configmaps", "get", "list", "create", "patch", "delete"), Each(jobs, "create"), Each("serviceaccounts", "get"))},
		{Name: "schedules of workflows", Roles: users, Lost: "schedules of workflows", Rights: slices.Concat(
			Each("cronjobs.batch", "get", "list", "create", "patch", "delete"), Each("configmaps", "get", "list", "create", "patch", "delete"),
			Each(jobs, "create"))},
		{Name: "unique runs of workflows", Optional: true, Roles: users, Lost: "workflows whose concurrency policy is reject",
			Rights: Each("leases.coordination.k8s.io", "get", "create", "update")},
		{Name: "events of workflows", Optional: true, Roles: users, Lost: "Events about runs whose setup failed, and about runs that are driven from here", Rights: Each("events", "create")},
		{Name: "secrets of webhooks", Optional: true, Others: "admin", Lost: "the check that the Secret of a webhook exists, and signed events of a run that is driven from here",
			Rights: Each("secrets", "get")},
		{Name: "approving tasks of workflows", Roles: users, Lost: "approving and rejecting tasks of workflows", Rights: Each("configmaps", "get", "list", "create")},
		{Name: "policy of approvals", Optional: true, Others: "cluster-admin", Lost: "the policy that binds approvals to the users who give them",
			Rights: InCluster(slices.Concat(Each("validatingadmissionpolicies.admissionregistration.k8s.io", "get", "create", "patch", "delete"),
				Each("validatingadmissionpolicybindings.admissionregistration.k8s.io", "get", "create", "patch", "delete")))},
		{Name: "driving workflows", Optional: true, Roles: users, Lost: "driving a workflow without a driver in the cluster", Rights: slices.Concat(
			Each("configmaps", "get", "list", "watch", "create", "patch"), Each(jobs, "get", "list", "watch", "create", "patch"),
			Each("pods", "get", "list"), Each("services", "create"), Each("leases.coordination.k8s.io", "get", "create", "update"))},
		{Name: "volumes", Roles: users, Lost: "creating and deleting volumes", Rights: Each(claims, "get", "list", "watch", "create", "delete")},
		{Name: "looking at volumes", Roles: everybody, Lost: "listing volumes and their status", Rights: Each(claims, "get", "list")},
		{Name: "store", Roles: users, Lost: "files and results", Rights: slices.Concat(
			Named("secrets", "get", kube.StoreName), Named("secrets", "get", kube.StoreReaderName),
			Each("serviceaccounts", "get"), tunnel())},
		{Name: "results", Roles: everybody, Lost: "listing and downloading results", Rights: slices.Concat(
			Named("secrets", "get", kube.StoreReaderName), tunnel())},
		{Name: "queues", Roles: everybody, Lost: "queues and positions in them", Rights: slices.Concat(
			Each("localqueues"+kueueGroup, "list"), Each("workloads"+kueueGroup, "get", "list", "watch"),
			Each("localqueues.visibility"+kueueGroup+"/pendingworkloads", "get"))},
		{Name: "holding campaigns", Roles: users, Lost: "holding and resuming campaigns", Rights: Each("workloads"+kueueGroup, "patch")},
		{Name: "probes", Optional: true, Roles: users, Lost: "the pod of the checks", Rights: Each("pods", "create", "delete")},
		{Name: "tasks without a network", Optional: true, Roles: users, Lost: "tasks without a network",
			Rights: Each("networkpolicies.networking.k8s.io", "create")},
		{Name: "limit ranges", Optional: true, Roles: users, Lost: "files and results where a LimitRange has a minimum",
			Rights: Each("limitranges", "list")},
		{Name: "quotas", Optional: true, Roles: everybody, Lost: "the numbers of quotas, nodes, classes and priorities", Rights: InCluster(slices.Concat(
			Each("clusterqueues"+kueueGroup, "get", "list"), Each("cohorts"+kueueGroup, "list"), Each("workloadpriorityclasses"+kueueGroup, "list"),
			Each("priorityclasses.scheduling.k8s.io", "list"), Each("storageclasses.storage.k8s.io", "get", "list"),
			Each("nodes", "list"), Each("namespaces", "get")))},
		{Name: "holding queues", Optional: true, Others: "kueue-batch-admin-role", Lost: "holding and resuming queues",
			Rights: Each("localqueues"+kueueGroup, "patch")},
		{Name: "cluster setup", Optional: true, Others: "cluster-admin", Lost: "cluster setup and cleanup", Rights: slices.Concat(
			Each("deployments.apps", "create", "patch", "delete"), Each("secrets", "get", "patch", "delete"),
			Each("roles.rbac.authorization.k8s.io", "create", "patch", "delete"),
			InCluster(slices.Concat(Each("clusterqueues"+kueueGroup, "create", "patch", "delete"),
				Each("resourceflavors"+kueueGroup, "create", "patch", "delete"),
				Each("customresourcedefinitions.apiextensions.k8s.io", "create"),
				Each("nodes", "list"), Each("pods", "list"))))},
	}
}

// tunnel is how the store is reached from outside the cluster.
func tunnel() []Right {
	return slices.Concat(Each("services", "get"), Each("pods", "list"), Each("pods/portforward", "create"))
}
