package sdktest

import (
	"context"
	"iter"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubevast/vast/sdk"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/spec"
)

// Volumes implements sdk.Volume with functions. A method whose function is nil returns an
// error that names it.
type Volumes struct {
	// OnRender may be nil: Render then returns an empty claim.
	OnRender func(v *spec.Volume) (runtime.Object, error)
	OnCreate func(ctx context.Context, v *spec.Volume, o api.VolumeCreateOptions) (*api.VolumeStatus, error)
	OnGet    func(ctx context.Context, ref string) (*api.VolumeStatus, error)
	OnList   func(ctx context.Context, o api.VolumeListOptions) (*api.VolumeStatusList, error)
	OnWatch  func(ctx context.Context, o api.VolumeListOptions) iter.Seq2[*api.VolumeStatus, error]
	OnDelete func(ctx context.Context, ref string, o api.VolumeDeleteOptions) (*api.VolumeStatus, error)
}

var _ sdk.Volume = Volumes{}

// Render implements sdk.Volume.
func (f Volumes) Render(v *spec.Volume) (runtime.Object, error) {
	if f.OnRender == nil {
		return &corev1.PersistentVolumeClaim{}, nil
	}
	return f.OnRender(v)
}

// Create implements sdk.Volume.
func (f Volumes) Create(ctx context.Context, v *spec.Volume, o api.VolumeCreateOptions) (*api.VolumeStatus, error) {
	if f.OnCreate == nil {
		return nil, unset("Volumes.OnCreate")
	}
	return f.OnCreate(ctx, v, o)
}

// Get implements sdk.Volume.
func (f Volumes) Get(ctx context.Context, ref string) (*api.VolumeStatus, error) {
	if f.OnGet == nil {
		return nil, unset("Volumes.OnGet")
	}
	return f.OnGet(ctx, ref)
}

// List implements sdk.Volume.
func (f Volumes) List(ctx context.Context, o api.VolumeListOptions) (*api.VolumeStatusList, error) {
	if f.OnList == nil {
		return nil, unset("Volumes.OnList")
	}
	return f.OnList(ctx, o)
}

// Watch implements sdk.Volume.
func (f Volumes) Watch(ctx context.Context, o api.VolumeListOptions) iter.Seq2[*api.VolumeStatus, error] {
	if f.OnWatch == nil {
		return func(yield func(*api.VolumeStatus, error) bool) { yield(nil, unset("Volumes.OnWatch")) }
	}
	return f.OnWatch(ctx, o)
}

// Delete implements sdk.Volume.
func (f Volumes) Delete(ctx context.Context, ref string, o api.VolumeDeleteOptions) (*api.VolumeStatus, error) {
	if f.OnDelete == nil {
		return nil, unset("Volumes.OnDelete")
	}
	return f.OnDelete(ctx, ref, o)
}
