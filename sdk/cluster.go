package sdk

import (
	"context"

	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubevast/vast/sdk/api"
)

// Cluster knows how to make a cluster ready for many people's work and how to
// take that back. It works in the client's namespace and on what the cluster's
// namespaces share; several namespaces of one cluster may be set up.
type Cluster interface {
	// Configs returns the sorts of clusters that setup knows, with their
	// options. It contacts nobody.
	Configs() *api.ClusterConfigList
	// Render returns the objects that Setup would make, without credentials.
	// It contacts nobody unless o.DryRun is DryRunServer.
	Render(ctx context.Context, o api.SetupOptions) ([]runtime.Object, error)
	// Setup makes all that is needed and waits until it works. It is
	// idempotent; what an earlier call left half-way is completed.
	Setup(ctx context.Context, o api.SetupOptions) (*api.ClusterStatus, error)
	// Resize measures the quota again.
	Resize(ctx context.Context, o api.ResizeOptions) (*api.ClusterResize, error)
	// PlanCleanup says what Cleanup would remove and what it would leave.
	PlanCleanup(ctx context.Context, o api.CleanupOptions) (*api.ClusterCleanup, error)
	// Cleanup removes what Setup made, and nothing else. Work that has not ended
	// is ConflictError, or is stopped first and saves what it has. It is idempotent.
	Cleanup(ctx context.Context, o api.CleanupOptions) (*api.ClusterCleanup, error)
	// Status returns what is set up; NotInstalledError when nothing is.
	Status(ctx context.Context) (*api.ClusterStatus, error)
}
