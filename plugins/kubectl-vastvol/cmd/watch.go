package cmd

import (
	"context"
	"strings"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/sdk/api"
)

// watchVolumes prints volumes, and then each that has changed, until the user
// interrupts it.
func (o *tableOptions) watchVolumes(ctx context.Context, client cli.Client, volumes []api.VolumeStatus, query api.VolumeListOptions) error {
	return cli.Watch(ctx, &o.Listing, volumes, client.Volumes().Watch(ctx, query), row, o.table)
}

// row contains what a new row is printed for.
func row(v *api.VolumeStatus) string {
	return strings.Join(append([]string{v.Size, status(v), v.Reason}, v.UsedBy...), "\x00")
}
