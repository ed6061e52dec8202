package sharer

import (
	"context"
	"io"
	"iter"

	"github.com/kubevast/vast/sdk/share"
)

// Broken returns a provider whose methods return err: of a share that could not be
// opened.
func Broken(kind string, err error) share.ShareProvider { return broken{kind, err} }

type broken struct {
	kind string
	err  error
}

func (b broken) Type() string { return b.kind }
func (b broken) Capabilities(context.Context) (share.Capabilities, error) {
	return share.Capabilities{}, b.err
}
func (b broken) Stat(context.Context, string) (share.Object, error) { return share.Object{}, b.err }
func (b broken) List(context.Context) iter.Seq2[share.Object, error] {
	return func(yield func(share.Object, error) bool) { yield(share.Object{}, b.err) }
}
func (b broken) Upload(context.Context, string, share.Source, share.UploadOptions) (share.Object, error) {
	return share.Object{}, b.err
}
func (b broken) Download(context.Context, string, io.WriterAt, share.DownloadOptions) (share.Object, error) {
	return share.Object{}, b.err
}
func (b broken) Remove(context.Context, string) error { return b.err }
func (broken) Close() error                           { return nil }
