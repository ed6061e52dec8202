package sharer

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"strings"
	"time"

	"github.com/kubevast/vast/agent/archiver"
	"github.com/kubevast/vast/internal/agentspec"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/share"
)

// arrived removes what is no longer needed of an archive that the share has whole.
func (s *sharer) arrived(ctx context.Context, i int, record *layout.ArchiveRecord, verified, phase string) error {
	item := s.Orders.Items[i]
	var removed bool
	if s.Orders.RemoveFromStore {
		if !byChecksum(verified) {
			s.report.change(i, func(r *api.ShareItem) { r.Phase = verifying })
			if err := s.readBack(ctx, i, record); err != nil {
				return fmt.Errorf("the archive is on the share, and the results are kept: %w", err)
			}
			verified = "sha256"
		}
		if err := s.remove(ctx, item, record); err != nil {
			return fmt.Errorf("the archive is on the share, and the results are kept: %w", err)
		}
		removed = true
	}
	return s.finished(ctx, i, record, verified, phase, removed)
}

// finished removes the archive of an item from the store unless it is to be kept, and
// records how the item ended.
func (s *sharer) finished(ctx context.Context, i int, record *layout.ArchiveRecord, verified, phase string, removed bool) error {
	item, kept := s.Orders.Items[i], true
	if !s.Orders.KeepArchive {
		if err := s.Store.Delete(ctx, layout.ArchiveKey(item.Archive)); err != nil {
			return fmt.Errorf("the archive is on the share, and was not removed from the store: %w", ofStore(err))
		}
		kept = false
	} else if _, err := s.Store.Stat(ctx, layout.ArchiveKey(item.Archive)); err != nil {
		kept = false // an earlier call has removed it
	}
	s.Log("%s: %s, compared by %s", item.Name(), strings.ToLower(phase), verified)
	s.report.change(i, func(r *api.ShareItem) {
		r.Phase, r.Reason, r.Verified, r.Size, r.Done, r.SHA256 = phase, "", verified, record.Size, record.Size, record.SHA256
		r.Kept, r.Removed = kept, removed
		if phase == skipped {
			r.Reason = "the share has it already"
		}
		if record.LeftOut > 0 {
			r.Reason = strings.TrimPrefix(fmt.Sprintf("%s; links that lead out of the archive are omitted: %d", r.Reason, record.LeftOut), "; ")
		}
	})
	return nil
}

// readBack downloads an archive and compares its SHA-256: some servers report the size of
// what they have never stored.
func (s *sharer) readBack(ctx context.Context, i int, record *layout.ArchiveRecord) error {
	return s.again(ctx, i, func() error {
		w := &hashed{hash: sha256.New()}
		if _, err := s.Provider.Download(ctx, s.Orders.Items[i].Archive, w, share.DownloadOptions{}); err != nil {
			return fmt.Errorf("it could not be read back: %w", err)
		}
		if found := hex.EncodeToString(w.hash.Sum(nil)); w.n != record.Size || found != record.SHA256 {
			return &api.ConflictError{Message: fmt.Sprintf("the share returns %d bytes with SHA-256 %s instead of %d bytes with %s", w.n, found, record.Size, record.SHA256)}
		}
		return nil
	})
}

// hashed hashes what is written in order.
type hashed struct {
	hash hash.Hash
	n    int64
}

func (h *hashed) WriteAt(p []byte, offset int64) (int, error) {
	if offset == 0 && h.n > 0 { // the provider starts again
		h.hash.Reset()
		h.n = 0
	}
	if offset != h.n {
		return 0, errors.New("the content does not come in order, so it cannot be verified")
	}
	n, err := h.hash.Write(p)
	h.n += int64(n)
	return n, err
}

// remove deletes the results that an archive was built of: those of runs and nodes. What
// a campaign is remains: its record, its files and the outcomes of its runs.
func (s *sharer) remove(ctx context.Context, item agentspec.ShareItem, record *layout.ArchiveRecord) error {
	now, err := archiver.Look(ctx, s.Store, prefix(item))
	if err != nil {
		return ofStore(err)
	}
	if now.ID != record.Source {
		return &api.ConflictError{Message: fmt.Sprintf("the results of %q changed after the archive was built", item.Name())}
	}
	record.Removing = time.Now().UTC()
	if err := s.putRecord(ctx, item.Archive, record); err != nil {
		return err
	}
	return s.removeResults(ctx, item)
}

func (s *sharer) removeResults(ctx context.Context, item agentspec.ShareItem) error {
	// The inventories go first, so that what an interruption leaves counts as incomplete.
	for _, inventories := range []bool{true, false} {
		if err := s.removeThose(ctx, prefix(item), func(key string) bool {
			return removable(item, key) && (!inventories || strings.HasSuffix(key, "/"+layout.InventoryFile))
		}); err != nil {
			return ofStore(err)
		}
	}
	return nil
}

// removable reports whether a key is of a run or node, or of its logs.
func removable(item agentspec.ShareItem, key string) bool {
	if item.Task != "" {
		return true
	}
	below, under := strings.CutPrefix(key, layout.CampaignPrefix(item.Campaign))
	if !under || !strings.Contains(below, "/") {
		return false
	}
	return !strings.HasPrefix(below, layout.ConfigDir)
}

// batch is how many keys are deleted at a time.
const batch = 1000

func (s *sharer) removeThose(ctx context.Context, prefix string, those func(key string) bool) error {
	var keys []string
	for o, err := range s.Store.List(ctx, prefix, store.ListOptions{}) {
		if err != nil {
			return err
		}
		if !those(o.Key) {
			continue
		}
		if keys = append(keys, o.Key); len(keys) == batch {
			if err := s.Store.Delete(ctx, keys...); err != nil {
				return err
			}
			keys = keys[:0]
		}
	}
	return s.Store.Delete(ctx, keys...)
}
