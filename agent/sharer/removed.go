package sharer

import (
	"context"
	"fmt"

	"github.com/kubevast/vast/internal/agentspec"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/share"
)

// removed reports whether the results that a record is of were removed from the store, or
// are being removed: an archive of what is left would replace the whole one. Results that
// came after the removal are other ones.
func (s *sharer) removed(ctx context.Context, item agentspec.ShareItem, record *layout.ArchiveRecord) (bool, error) {
	if record == nil || record.Removing.IsZero() {
		return false, nil
	}
	for o, err := range s.Store.List(ctx, prefix(item), store.ListOptions{}) {
		if err != nil {
			return false, ofStore(err)
		}
		if removable(item, o.Key) && o.Modified.After(record.Removing) {
			return false, nil
		}
	}
	return true, nil
}

// withoutResults sends an archive that the store still has of results that were removed,
// and otherwise skips an item that the share has whole. It completes an interrupted removal.
func (s *sharer) withoutResults(ctx context.Context, i int, there *share.Object, record *layout.ArchiveRecord) error {
	item := s.Orders.Items[i]
	by, same := "the share does not have it", false
	if there != nil {
		by, same = compare(*there, record)
	}
	o, err := s.Store.Stat(ctx, layout.ArchiveKey(item.Archive))
	if err != nil && !api.IsNotFound(err) {
		return ofStore(err)
	}
	built := err == nil && o.Size == record.Size
	phase := skipped
	switch {
	case same && !(built && s.Orders.Force):
	case !built:
		return &api.NotFoundError{Kind: "result", Name: item.Name(), Hint: fmt.Sprintf("its results were removed from the store after they were uploaded as %q, and %s", item.Archive, by)}
	case there != nil && !s.Orders.Force:
		return &api.ConflictError{Message: fmt.Sprintf("the share has another archive %q, which only force replaces: %s", item.Archive, by)}
	default:
		result, err := s.upload(ctx, i, record)
		if err != nil {
			return err
		}
		by, phase = result.Verified, uploaded
	}
	if s.Orders.RemoveFromStore {
		if err := s.removeResults(ctx, item); err != nil {
			return err
		}
	}
	return s.finished(ctx, i, record, by, phase, true)
}
