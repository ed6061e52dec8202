package clitest

import (
	"context"

	"github.com/kubevast/vast/sdk"
	"github.com/kubevast/vast/sdk/api"
)

// Doctors is an sdk.Doctor made of a function.
type Doctors struct {
	OnCheck func(context.Context, api.DoctorOptions) (*api.DoctorReport, error)
}

var _ sdk.Doctor = Doctors{}

func (f Doctors) Check(ctx context.Context, o api.DoctorOptions) (*api.DoctorReport, error) {
	return f.OnCheck(ctx, o)
}
