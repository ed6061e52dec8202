package sdk

import (
	"context"

	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/kubevast/vast/sdk/api"
)

// Doctor checks the prerequisites of the other interfaces.
type Doctor interface {
	// Check runs all checks and returns their outcomes. A failed check is not an
	// error, and a cluster that cannot be reached is a report with one failed
	// check. What a check creates in the cluster is deleted again.
	Check(ctx context.Context, o api.DoctorOptions) (*api.DoctorReport, error)
	// Role returns a Role with exactly the rules that the methods of Task, Campaign,
	// Queue, Result and Volume need in the namespace (kind api.RoleUser) or those of
	// them that change nothing (api.RoleReader), and a ClusterRole with optional
	// rules. It contacts no cluster. Another kind is an *api.InvalidSpecError.
	Role(kind string) (*rbacv1.Role, *rbacv1.ClusterRole, error)
}
