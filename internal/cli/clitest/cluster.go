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
	OnStatus  func(context.Context) (*api.ClusterStatus, error)
}

var _ sdk.Cluster = Clusters{}

func (f Clusters) Configs() *api.ClusterConfigList { return f.OnConfigs() }

func (f Clusters) Render(ctx context.Context, o api.SetupOptions) ([]runtime.Object, error) {
	return f.OnRender(ctx, o)
}

func (f Clusters) Setup(ctx context.Context, o api.SetupOptions) (*api.ClusterStatus, error) {
	return f.OnSetup(ctx, o)
}

func (f Clusters) Status(ctx context.Context) (*api.ClusterStatus, error) { return f.OnStatus(ctx) }
