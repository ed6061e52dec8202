package sdktest

import (
	"context"
	"iter"

	"github.com/kubevast/vast/sdk"
	"github.com/kubevast/vast/sdk/api"
)

// Shares implements sdk.Share with functions. A method whose function is nil returns an
// error that names it.
type Shares struct {
	OnUpload func(ctx context.Context, o api.ShareUploadOptions) (*api.ShareUpload, error)
	OnList   func(ctx context.Context) (*api.ShareUploadList, error)
	OnGet    func(ctx context.Context, name string) (*api.ShareUpload, error)
	OnStop   func(ctx context.Context, name string, o api.ShareStopOptions) (*api.ShareUpload, error)
	OnWatch  func(ctx context.Context, name string) iter.Seq2[*api.ShareUpload, error]
}

var _ sdk.Share = Shares{}

// Upload implements sdk.Share.
func (f Shares) Upload(ctx context.Context, o api.ShareUploadOptions) (*api.ShareUpload, error) {
	if f.OnUpload == nil {
		return nil, unset("Shares.OnUpload")
	}
	return f.OnUpload(ctx, o)
}

// List implements sdk.Share.
func (f Shares) List(ctx context.Context) (*api.ShareUploadList, error) {
	if f.OnList == nil {
		return nil, unset("Shares.OnList")
	}
	return f.OnList(ctx)
}

// Get implements sdk.Share.
func (f Shares) Get(ctx context.Context, name string) (*api.ShareUpload, error) {
	if f.OnGet == nil {
		return nil, unset("Shares.OnGet")
	}
	return f.OnGet(ctx, name)
}

// Stop implements sdk.Share.
func (f Shares) Stop(ctx context.Context, name string, o api.ShareStopOptions) (*api.ShareUpload, error) {
	if f.OnStop == nil {
		return nil, unset("Shares.OnStop")
	}
	return f.OnStop(ctx, name, o)
}

// Watch implements sdk.Share.
func (f Shares) Watch(ctx context.Context, name string) iter.Seq2[*api.ShareUpload, error] {
	if f.OnWatch == nil {
		return func(yield func(*api.ShareUpload, error) bool) { yield(nil, unset("Shares.OnWatch")) }
	}
	return f.OnWatch(ctx, name)
}
