package sdk

import (
	"context"

	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubevast/vast/sdk/api"
)

// Cluster sets up a cluster for the work of many users, and removes the set-up
// again. It works on the client's namespace and on the objects that all namespaces
// share; several namespaces of one cluster can be set up.
type Cluster interface {
	// Configs returns the cluster types that Setup supports, with their options. It
	// contacts no cluster.
	Configs() *api.ClusterConfigList
	// Render returns the objects that Setup would create, without credentials. It
	// contacts no cluster unless o.DryRun is DryRunServer.
	Render(ctx context.Context, o api.SetupOptions) ([]runtime.Object, error)
	// Setup creates everything that is needed and waits until it is ready. It is
	// idempotent; it completes what an earlier call has left unfinished.
	Setup(ctx context.Context, o api.SetupOptions) (*api.ClusterStatus, error)
	// Resize measures the quota again and sets it.
	Resize(ctx context.Context, o api.ClusterResizeOptions) (*api.ClusterResize, error)
	// Cleanup removes what Setup created and nothing else. It is idempotent. What
	// it removes and keeps is in the result. Unfinished work is an
	// *api.ConflictError, unless o.Force is set: then it is stopped first, and saves
	// its results. With that error, too, the result lists what would be removed.
	Cleanup(ctx context.Context, o api.ClusterCleanupOptions) (*api.ClusterCleanup, error)
	// Get returns what is set up; an *api.NotInstalledError when nothing is.
	Get(ctx context.Context) (*api.ClusterStatus, error)
}
