package sdktest

import (
	"context"

	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubevast/vast/sdk"
	"github.com/kubevast/vast/sdk/api"
)

// Clusters implements sdk.Cluster with functions. A method whose function is nil returns an
// error that names it.
type Clusters struct {
	// OnConfigs may be nil: Configs then returns an empty list.
	OnConfigs func() *api.ClusterConfigList
	OnRender  func(ctx context.Context, o api.SetupOptions) ([]runtime.Object, error)
	OnSetup   func(ctx context.Context, o api.SetupOptions) (*api.ClusterStatus, error)
	OnResize  func(ctx context.Context, o api.ClusterResizeOptions) (*api.ClusterResize, error)
	OnCleanup func(ctx context.Context, o api.ClusterCleanupOptions) (*api.ClusterCleanup, error)
	OnGet     func(ctx context.Context) (*api.ClusterStatus, error)
}

var _ sdk.Cluster = Clusters{}

// Configs implements sdk.Cluster.
func (f Clusters) Configs() *api.ClusterConfigList {
	if f.OnConfigs == nil {
		return &api.ClusterConfigList{TypeMeta: api.TypeMeta[api.ClusterConfigList]()}
	}
	return f.OnConfigs()
}

// Render implements sdk.Cluster.
func (f Clusters) Render(ctx context.Context, o api.SetupOptions) ([]runtime.Object, error) {
	if f.OnRender == nil {
		return nil, unset("Clusters.OnRender")
	}
	return f.OnRender(ctx, o)
}

// Setup implements sdk.Cluster.
func (f Clusters) Setup(ctx context.Context, o api.SetupOptions) (*api.ClusterStatus, error) {
	if f.OnSetup == nil {
		return nil, unset("Clusters.OnSetup")
	}
	return f.OnSetup(ctx, o)
}

// Resize implements sdk.Cluster.
func (f Clusters) Resize(ctx context.Context, o api.ClusterResizeOptions) (*api.ClusterResize, error) {
	if f.OnResize == nil {
		return nil, unset("Clusters.OnResize")
	}
	return f.OnResize(ctx, o)
}

// Cleanup implements sdk.Cluster.
func (f Clusters) Cleanup(ctx context.Context, o api.ClusterCleanupOptions) (*api.ClusterCleanup, error) {
	if f.OnCleanup == nil {
		return nil, unset("Clusters.OnCleanup")
	}
	return f.OnCleanup(ctx, o)
}

// Get implements sdk.Cluster.
func (f Clusters) Get(ctx context.Context) (*api.ClusterStatus, error) {
	if f.OnGet == nil {
		return nil, unset("Clusters.OnGet")
	}
	return f.OnGet(ctx)
}
