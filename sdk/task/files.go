package task

import (
	"context"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/manifest"
	"github.com/kubevast/vast/sdk/spec"
	"github.com/kubevast/vast/sdk/store"
	"github.com/kubevast/vast/sdk/tunnel"
)

// TODO: filesPlan stands for inputs.Plan until that package is there.
type filesPlan struct{}

func (*filesPlan) Files() []manifest.Files { return nil }
func (*filesPlan) NeedsStore() bool        { return false }
func (*filesPlan) Identity() string        { return "" }
func (*filesPlan) Warnings() []string      { return nil }
func (*filesPlan) Upload(context.Context, *store.Store, func(api.TransferProgress)) error {
	return nil
}

func notYet(t *spec.Task) error {
	return &api.NotSupported{Message: t.Source.File + ": it is valid, but this build cannot bring files into a task yet (workdir, file_mounts); put them into the image or a volume"}
}

func checkFiles(t *spec.Task, _ api.SubmitOptions) error { return notYet(t) }

// bringsFiles reports a task that has a workdir or file mounts.
func bringsFiles(t *spec.Task) bool { return t.Workdir != nil || len(t.FileMounts) > 0 }

// plan reads what the task brings along; nil when that is nothing.
func (c *Client) plan(_ context.Context, t *spec.Task, _ api.SubmitOptions) (*filesPlan, error) {
	if !bringsFiles(t) {
		return nil, nil
	}
	return nil, notYet(t)
}

// upload sends the files that are too much to go with the task itself. What
// the store has already is not sent again.
func (c *Client) upload(ctx context.Context, files *filesPlan, o api.SubmitOptions) error {
	if files == nil || !files.NeedsStore() || o.DryRun != api.DryRunNone {
		return nil
	}
	s, err := tunnel.Open(ctx, c.conn)
	if err != nil {
		return err
	}
	defer s.Close()
	return files.Upload(ctx, s, o.Notify)
}
