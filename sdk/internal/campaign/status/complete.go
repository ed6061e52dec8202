package status

import (
	"context"

	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/sdk/api"
)

// noteWhole writes down that all Jobs of a campaign were made, once all of its
// runs have been seen: of a prepared one, whose Jobs kubectl makes, nobody else
// knows that, and a run that gets lost later would be waited for for ever. Who
// may not change the record knows it at least for himself, and so does a dry run.
func (c *Reader) NoteComplete(ctx context.Context, r *layout.Record, known int, d api.DryRun) {
	if r.Complete || r.Stopped {
		return
	}
	if _, seen := c.whole.Load(r.ID); !seen {
		if known < r.Total {
			return
		}
		if d.Keeps() {
			c.whole.Store(r.ID, nil)
			_, _ = c.records.Change(ctx, c.records.StoreIfAny(ctx), r.ID, d, "", func(r *layout.Record) { r.Complete = true })
		}
	}
	r.Complete = true
}
