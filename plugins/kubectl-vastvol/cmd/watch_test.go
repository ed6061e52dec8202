package cmd

import (
	"context"
	"iter"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/sdk/api"
)

func TestWatchPrintsAVolumeAgainWhenItsRowChanges(t *testing.T) {
	var asked api.VolumeListOptions
	c := volumes()
	c.Volume.OnWatch = func(_ context.Context, o api.VolumeListOptions) iter.Seq2[*api.VolumeStatus, error] {
		asked = o
		return func(yield func(*api.VolumeStatus, error) bool) {
			pending := volume("data")
			pending.Phase = "Pending"
			for _, v := range []*api.VolumeStatus{pending, pending, volume("data"), volume("data", "train-x7k2m9qa")} {
				if !yield(v, nil) {
					return
				}
			}
		}
	}
	r := plugin(c).Do(t, "get", "data", "-w", "-o", "jsonpath={.phase} {.usedBy}{\"\\n\"}")
	want := "Pending \nBound \nBound [\"train-x7k2m9qa\"]\n"
	if diff := cmp.Diff(want, r.Out); diff != "" || r.Code != 0 || asked.Ref != "data" {
		t.Errorf("%+v, asked for %+v (-want +got):\n%s", r, asked, diff)
	}
	if r := plugin(c).Do(t, "get", "data", "logs", "--watch"); r.Code != cli.CodeUsage {
		t.Errorf("two volumes: %+v", r)
	}
}
