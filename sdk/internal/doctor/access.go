package doctor

import (
	"context"
	"fmt"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/kubevast/vast/internal/hint"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/authz"
)

// access: every right that the commands need, by what it is needed for.
func (c *Client) access(ctx context.Context, _ api.DoctorOptions) []api.Check {
	all := authz.Purposes()
	var wanted []authz.Right
	for _, p := range all {
		wanted = append(wanted, p.Rights...)
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

func (c *Client) judge(p authz.Purpose, missing []authz.Right, user string) api.Check {
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
	fix := "an administrator can run: " + c.grant(p, user)
	switch {
	case p.Needed:
		return failed(name, seen, fix)
	case p.Optional:
		return skipped(name, seen+"; only "+p.Lost+" need that")
	}
	return warning(name, seen, p.Lost+" will be missing; "+fix)
}

// grant is the command that grants what a purpose needs.
func (c *Client) grant(p authz.Purpose, user string) string {
	// It is for somebody else to run, with another login: it says the namespace alone.
	say := hint.Target{}.In(c.conn.Namespace)
	subject := "--user=" + user
	if account, ok := strings.CutPrefix(user, "system:serviceaccount:"); ok {
		subject = "--serviceaccount=" + account
	}
	wide := slices.ContainsFunc(p.Rights, func(r authz.Right) bool { return r.Cluster })
	if p.Others != "" {
		name := "vast-" + strings.ReplaceAll(p.Name, " ", "-")
		if wide {
			return say.Cluster().Kubectl("create", "clusterrolebinding", name, "--clusterrole="+p.Others, subject)
		}
		return say.Kubectl("create", "rolebinding", name, "--clusterrole="+p.Others, subject)
	}
	name := authz.RoleName(authz.RoleUser)
	bind := say.Kubectl("create", "rolebinding", name, "--role="+name, subject)
	if wide {
		bind = say.Cluster().Kubectl("create", "clusterrolebinding", name, "--clusterrole="+name, subject)
	}
	return say.Vast("doctor", "--role") + " | " + say.Cluster().Kubectl("apply", "-f", "-") + " && " + bind
}

// Role returns the Role of that kind ("user", "reader") for the namespace, and a
// ClusterRole with what is optional. It contacts nobody. Another kind is
// InvalidSpecError.
func (c *Client) Role(kind string) (*rbacv1.Role, *rbacv1.ClusterRole, error) {
	return authz.RolesFor(kind, c.conn.Namespace)
}
