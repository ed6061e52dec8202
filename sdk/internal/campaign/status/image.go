package status

import (
	"context"

	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/sdk/api"
)

// imageID returns the digest of the image that a campaign's runs have; "" while
// none has ended. Only a container that runs has one: it is taken from the
// first inventory that is met, and noted in the record where that is allowed and
// this is no dry run.
func (c *Reader) imageID(ctx context.Context, r *layout.Record, runs map[layout.RunRef]Run, d api.DryRun) string {
	if r.ImageID != "" {
		return r.ImageID
	}
	c.seen.mu.Lock()
	id, known := c.seen.images[r.ID]
	c.seen.mu.Unlock()
	if known {
		return id
	}
	for ref, run := range runs {
		if !run.State.Ended() {
			continue
		}
		m := c.inventory(ctx, layout.RunPrefix(r.ID, ref.Config, ref.Run))
		if m == nil || m.ImageID == "" {
			return "" // it ended without one; the next look takes another
		}
		id = m.ImageID
		break
	}
	if id == "" || !d.Keeps() {
		return id
	}
	// Who only looks may not change the record; then it stays with him.
	_, _ = c.records.Change(ctx, c.records.StoreIfAny(ctx), r.ID, d, "", func(r *layout.Record) { r.ImageID = id })
	c.seen.mu.Lock()
	defer c.seen.mu.Unlock()
	if c.seen.images == nil {
		c.seen.images = map[string]string{}
	}
	c.seen.images[r.ID] = id
	return id
}
