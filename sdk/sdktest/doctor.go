package sdktest

import (
	"context"

	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/kubevast/vast/sdk"
	"github.com/kubevast/vast/sdk/api"
)

// Doctors implements sdk.Doctor with functions. A method whose function is nil returns an
// error that names it.
type Doctors struct {
	OnCheck func(ctx context.Context, o api.DoctorOptions) (*api.DoctorReport, error)
	OnRole  func(kind string) (*rbacv1.Role, *rbacv1.ClusterRole, error)
}

var _ sdk.Doctor = Doctors{}

// Check implements sdk.Doctor.
func (f Doctors) Check(ctx context.Context, o api.DoctorOptions) (*api.DoctorReport, error) {
	if f.OnCheck == nil {
		return nil, unset("Doctors.OnCheck")
	}
	return f.OnCheck(ctx, o)
}

// Role implements sdk.Doctor.
func (f Doctors) Role(kind string) (*rbacv1.Role, *rbacv1.ClusterRole, error) {
	if f.OnRole == nil {
		return nil, nil, unset("Doctors.OnRole")
	}
	return f.OnRole(kind)
}
