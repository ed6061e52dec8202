package clitest

import (
	"context"

	"github.com/kubevast/vast/sdk"
	"github.com/kubevast/vast/sdk/api"
)

// Results is an sdk.Result made of functions.
type Results struct {
	OnList     func(context.Context, api.ResultOptions) (*api.ResultList, error)
	OnShow     func(context.Context, api.ResultOptions) (*api.ResultList, error)
	OnDownload func(context.Context, api.DownloadOptions) (*api.DownloadReport, error)
	OnDelete   func(context.Context, api.DeleteResultOptions) (*api.ResultList, error)
}

var _ sdk.Result = Results{}

func (f Results) List(ctx context.Context, o api.ResultOptions) (*api.ResultList, error) {
	return f.OnList(ctx, o)
}

func (f Results) Show(ctx context.Context, o api.ResultOptions) (*api.ResultList, error) {
	return f.OnShow(ctx, o)
}

func (f Results) Download(ctx context.Context, o api.DownloadOptions) (*api.DownloadReport, error) {
	return f.OnDownload(ctx, o)
}

func (f Results) Delete(ctx context.Context, o api.DeleteResultOptions) (*api.ResultList, error) {
	return f.OnDelete(ctx, o)
}
