package clitest

import (
	"context"

	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/kubevast/vast/sdk"
	"github.com/kubevast/vast/sdk/api"
)

// Doctors is an sdk.Doctor made of a function.
type Doctors struct {
	OnCheck func(context.Context, api.DoctorOptions) (*api.DoctorReport, error)
	OnRole  func(kind string) (*rbacv1.Role, *rbacv1.ClusterRole, error)
}

var _ sdk.Doctor = Doctors{}

func (f Doctors) Check(ctx context.Context, o api.DoctorOptions) (*api.DoctorReport, error) {
	return f.OnCheck(ctx, o)
}

func (f Doctors) Role(kind string) (*rbacv1.Role, *rbacv1.ClusterRole, error) { return f.OnRole(kind) }
