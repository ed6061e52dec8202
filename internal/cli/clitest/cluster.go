package clitest

import (
	"context"

	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubevast/vast/sdk"
	"github.com/kubevast/vast/sdk/api"
)

// Clusters is an sdk.Cluster made of functions.
type Clusters struct {
	OnConfigs func() *api.ClusterConfigList
	OnRender  func(context.Context, api.SetupOptions) ([]runtime.Object, error)
	OnSetup   func(context.Context, api.SetupOptions) (*api.ClusterStatus, error)
	OnResize  func(context.Context, api.ClusterResizeOptions) (*api.ClusterResize, error)
	OnCleanup func(context.Context, api.ClusterCleanupOptions) (*api.ClusterCleanup, error)
	OnGet     func(context.Context) (*api.ClusterStatus, error)
}

var _ sdk.Cluster = Clusters{}

func (f Clusters) Configs() *api.ClusterConfigList { return f.OnConfigs() }

func (f Clusters) Render(ctx context.Context, o api.SetupOptions) ([]runtime.Object, error) {
	return f.OnRender(ctx, o)
}

func (f Clusters) Setup(ctx context.Context, o api.SetupOptions) (*api.ClusterStatus, error) {
	return f.OnSetup(ctx, o)
}

func (f Clusters) Resize(ctx context.Context, o api.ClusterResizeOptions) (*api.ClusterResize, error) {
	return f.OnResize(ctx, o)
}

func (f Clusters) Cleanup(ctx context.Context, o api.ClusterCleanupOptions) (*api.ClusterCleanup, error) {
	return f.OnCleanup(ctx, o)
}

func (f Clusters) Get(ctx context.Context) (*api.ClusterStatus, error) { return f.OnGet(ctx) }
