package doctor

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/rights"
)

// purpose is something that people want to do, with the rights that it takes.
type purpose struct {
	name string
	// needed: without them no task runs, so lacking them is a failure.
	// Otherwise it is a warning, or of no importance for most people.
	needed, optional bool
	rights           []rights.Right
	// role is a ClusterRole that grants them, as clusters have it.
	role string
	// lost says what does not work without them.
	lost string
}

const (
	jobs   = "jobs.batch"
	claims = "persistentvolumeclaims"
	group  = ".kueue.x-k8s.io"
)

func purposes() []purpose {
	return []purpose{
		{name: "tasks", needed: true, role: "edit", lost: "submitting and following tasks", rights: slices.Concat(
			rights.Each(jobs, "get", "list", "watch", "create", "patch", "delete"),
			rights.Each("pods", "get", "list", "watch"), rights.Each("pods/log", "get"),
			rights.Each("services", "create"), rights.Each("secrets", "create"), rights.Each("configmaps", "create"))},
		{name: "reasons", role: "view", lost: "some reasons why a task waits or failed", rights: slices.Concat(
			rights.Each("events", "list"), rights.Each("resourcequotas", "list"))},
		{name: "volumes", role: "edit", lost: "kubectl vastvol", rights: rights.Each(claims, "get", "list", "watch", "create", "delete")},
		{name: "store", role: "edit", lost: "reaching the store from outside the cluster", rights: slices.Concat(
			rights.Each("secrets", "get"), rights.Each("services", "get"), rights.Each("pods", "list"), rights.Each("pods/portforward", "create"))},
		{name: "queues", role: "kueue-batch-user-role", lost: "queues and positions in them", rights: slices.Concat(
			rights.Each("localqueues"+group, "list"), rights.Each("workloads"+group, "list"))},
		{name: "quotas", optional: true, role: "kueue-clusterqueue-viewer-role", lost: "the numbers of quotas",
			rights: rights.InCluster(rights.Each("clusterqueues"+group, "get", "list"))},
		{name: "holding queues", optional: true, role: "kueue-batch-admin-role", lost: "kubectl vast queue hold and resume",
			rights: rights.Each("localqueues"+group, "patch")},
		{name: "cluster setup", optional: true, role: "cluster-admin", lost: "kubectl vast cluster setup and cleanup", rights: slices.Concat(
			rights.Each("deployments.apps", "create", "patch", "delete"), rights.Each("secrets", "get", "patch", "delete"),
			rights.Each("roles.rbac.authorization.k8s.io", "create", "patch", "delete"),
			rights.InCluster(slices.Concat(rights.Each("clusterqueues"+group, "create", "patch", "delete"),
				rights.Each("resourceflavors"+group, "create", "patch", "delete"),
				rights.Each("customresourcedefinitions.apiextensions.k8s.io", "create"),
				rights.Each("nodes", "list"), rights.Each("pods", "list"))))},
	}
}

// access: every right that the commands need, by what it is needed for.
func (c *Client) access(ctx context.Context, _ api.DoctorOptions) []api.Check {
	all := purposes()
	var wanted []rights.Right
	for _, p := range all {
		wanted = append(wanted, p.rights...)
	}
	missing, err := c.rights.Missing(ctx, wanted)
	if err != nil {
		return one(skipped("rights", "cannot be asked: "+err.Error()))
	}
	user, err := c.conn.ClusterUser(ctx)
	if err != nil {
		user = "USER"
	}
	checks := make([]api.Check, len(all))
	for i, p := range all {
		checks[i] = c.judge(p, missing, user)
	}
	return checks
}

func (c *Client) judge(p purpose, missing []rights.Right, user string) api.Check {
	name := "rights: " + p.name
	var lacking []rights.Right
	for _, r := range p.rights {
		if slices.Contains(missing, r) {
			lacking = append(lacking, r)
		}
	}
	if len(lacking) == 0 {
		return ok(name, fmt.Sprintf("you have all %d", len(p.rights)))
	}
	seen := "you may not " + rights.Words(lacking)
	fix := "an administrator can run: " + c.grant(p, user)
	switch {
	case p.needed:
		return failed(name, seen, fix)
	case p.optional:
		return skipped(name, seen+"; only "+p.lost+" need that")
	}
	return warning(name, seen, p.lost+" will be missing; "+fix)
}

// grant is the command that grants what a purpose needs.
func (c *Client) grant(p purpose, user string) string {
	subject := "--user='" + user + "'"
	if account, ok := strings.CutPrefix(user, "system:serviceaccount:"); ok {
		subject = "--serviceaccount=" + account
	}
	name := "vast-" + strings.ReplaceAll(p.name, " ", "-")
	if slices.ContainsFunc(p.rights, func(r rights.Right) bool { return r.Cluster }) {
		return fmt.Sprintf("kubectl create clusterrolebinding %s --clusterrole=%s %s", name, p.role, subject)
	}
	return fmt.Sprintf("kubectl -n %s create rolebinding %s --clusterrole=%s %s", c.conn.Namespace, name, p.role, subject)
}
