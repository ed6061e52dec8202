package sdk

import (
	"context"

	"github.com/kubevast/vast/sdk/api"
)

// Doctor knows how to check what the commands need of a cluster.
type Doctor interface {
	// Check returns what was found. What is missing is in the report and no
	// error; a cluster that cannot be reached is a report of one failed
	// check. Nothing is left behind in the cluster.
	Check(ctx context.Context, o api.DoctorOptions) (*api.DoctorReport, error)
}
