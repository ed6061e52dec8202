package sdk

import (
	"context"

	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/kubevast/vast/sdk/api"
)

// Doctor knows how to check what the commands need of a cluster.
type Doctor interface {
	// Check returns what was found. What is missing is in the report and no
	// error; a cluster that cannot be reached is a report of one failed
	// check. Nothing is left behind in the cluster.
	Check(ctx context.Context, o api.DoctorOptions) (*api.DoctorReport, error)
	// Role returns the Role that grants in the namespace exactly what the
	// methods of Task, Campaign, Queue, Result and Volume need ("user"), or those
	// that change nothing ("reader"), and a ClusterRole with what can be done
	// without. It contacts nobody. Another kind is *api.InvalidSpecError.
	Role(kind string) (*rbacv1.Role, *rbacv1.ClusterRole, error)
}
