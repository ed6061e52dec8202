package sdktest

import (
	"context"

	"github.com/kubevast/vast/sdk"
	"github.com/kubevast/vast/sdk/api"
)

// Results implements sdk.Result with functions. A method whose function is nil returns an
// error that names it.
type Results struct {
	OnGet      func(ctx context.Context, ref string, o api.ResultGetOptions) (*api.ResultList, error)
	OnList     func(ctx context.Context, o api.ResultListOptions) (*api.ResultList, error)
	OnDownload func(ctx context.Context, ref string, o api.DownloadOptions) (*api.DownloadReport, error)
	OnDelete   func(ctx context.Context, ref string, o api.ResultDeleteOptions) (*api.ResultList, error)
}

var _ sdk.Result = Results{}

// Get implements sdk.Result.
func (f Results) Get(ctx context.Context, ref string, o api.ResultGetOptions) (*api.ResultList, error) {
	if f.OnGet == nil {
		return nil, unset("Results.OnGet")
	}
	return f.OnGet(ctx, ref, o)
}

// List implements sdk.Result.
func (f Results) List(ctx context.Context, o api.ResultListOptions) (*api.ResultList, error) {
	if f.OnList == nil {
		return nil, unset("Results.OnList")
	}
	return f.OnList(ctx, o)
}

// Download implements sdk.Result.
func (f Results) Download(ctx context.Context, ref string, o api.DownloadOptions) (*api.DownloadReport, error) {
	if f.OnDownload == nil {
		return nil, unset("Results.OnDownload")
	}
	return f.OnDownload(ctx, ref, o)
}

// Delete implements sdk.Result.
func (f Results) Delete(ctx context.Context, ref string, o api.ResultDeleteOptions) (*api.ResultList, error) {
	if f.OnDelete == nil {
		return nil, unset("Results.OnDelete")
	}
	return f.OnDelete(ctx, ref, o)
}
