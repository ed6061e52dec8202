package status

import (
	"context"

	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/sdk/api"
)

// NoteComplete records that all Jobs of a campaign were made, once all of its
// runs have been observed: the Jobs of a prepared campaign are created by
// kubectl, so nothing else records it, and a run that is lost later would be
// waited for for ever. Without the right to change the record, and in a dry
// run, only this client remembers it.
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
