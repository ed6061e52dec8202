package clitest

import (
	"context"

	"github.com/kubevast/vast/sdk"
	"github.com/kubevast/vast/sdk/api"
)

// Results is an sdk.Result made of functions.
type Results struct {
	OnGet      func(context.Context, string, api.ResultGetOptions) (*api.ResultList, error)
	OnList     func(context.Context, api.ResultListOptions) (*api.ResultList, error)
	OnDownload func(context.Context, string, api.DownloadOptions) (*api.DownloadReport, error)
	OnDelete   func(context.Context, string, api.ResultDeleteOptions) (*api.ResultList, error)
}

var _ sdk.Result = Results{}

func (f Results) Get(ctx context.Context, ref string, o api.ResultGetOptions) (*api.ResultList, error) {
	return f.OnGet(ctx, ref, o)
}

func (f Results) List(ctx context.Context, o api.ResultListOptions) (*api.ResultList, error) {
	return f.OnList(ctx, o)
}

func (f Results) Download(ctx context.Context, ref string, o api.DownloadOptions) (*api.DownloadReport, error) {
	return f.OnDownload(ctx, ref, o)
}

func (f Results) Delete(ctx context.Context, ref string, o api.ResultDeleteOptions) (*api.ResultList, error) {
	return f.OnDelete(ctx, ref, o)
}
