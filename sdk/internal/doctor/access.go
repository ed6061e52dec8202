package doctor

import (
	"context"
	"fmt"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/authz"
)

// access checks every right that the commands need, by purpose.
func (c *Client) access(ctx context.Context, _ api.DoctorOptions) []api.Check {
	all := authz.Purposes()
	var wanted []authz.Right
	for _, p := range all {
		wanted = append(wanted, p.Rights...)
	}
	missing, err := c.rights.Missing(ctx, wanted)
	if err != nil {
		check := skippedBy("rights", err)
		check.Seen = "cannot be checked: " + check.Seen
		return one(check)
	}
	user, err := c.conn.ClusterUser(ctx)
	if err != nil {
		user = "USER"
	}
	checks := make([]api.Check, len(all))
	for i, p := range all {
		checks[i] = judge(p, missing, user)
	}
	return checks
}

func judge(p authz.Purpose, missing []authz.Right, user string) api.Check {
	name := "rights: " + p.Name
	var lacking []authz.Right
	for _, r := range p.Rights {
		if slices.Contains(missing, r) {
			lacking = append(lacking, r)
		}
	}
	if len(lacking) == 0 {
		return ok(name, fmt.Sprintf("you have all %d", len(p.Rights)))
	}
	seen := "you may not " + authz.Words(lacking)
	switch {
	case p.Needed:
		return failed(name, seen, "no task runs without it", grant(p, user)...)
	case p.Optional:
		return skipped(name, seen+"; required only for "+p.Lost)
	}
	return warning(name, seen, "required for "+p.Lost, grant(p, user)...)
}

// grant returns what an administrator does to grant a user what a purpose needs.
func grant(p authz.Purpose, user string) []api.Remedy {
	subject := "user=" + user
	if account, ok := strings.CutPrefix(user, "system:serviceaccount:"); ok {
		subject = "serviceaccount=" + account
	}
	bind := api.Remedy{Action: api.KubectlAction("create rolebinding"), Administrator: true}
	if slices.ContainsFunc(p.Rights, func(r authz.Right) bool { return r.Cluster }) {
		bind = api.Remedy{Action: api.KubectlAction("create clusterrolebinding"), Namespace: "*", Administrator: true}
	}
	if p.Others != "" {
		bind.Ref = "vast-" + strings.ReplaceAll(p.Name, " ", "-")
		bind.Options = []string{"clusterrole=" + p.Others, subject}
		return []api.Remedy{bind}
	}
	bind.Ref = authz.RoleName(authz.RoleUser)
	role := "role="
	if bind.Namespace != "" {
		role = "clusterrole="
	}
	bind.Options = []string{role + bind.Ref, subject}
	bind.Then, bind.Purpose = true, "bind it"
	return []api.Remedy{{Action: api.DoctorRole, Administrator: true, Purpose: "print the Role to apply"}, bind}
}

// Role returns the Role of that kind ("user", "reader") for the namespace, and a
// ClusterRole with what is optional. It does not contact the cluster. Another kind is
// InvalidSpecError.
func (c *Client) Role(kind string) (*rbacv1.Role, *rbacv1.ClusterRole, error) {
	return authz.RolesFor(kind, c.conn.Namespace)
}
