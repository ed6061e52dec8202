package cleanup

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/campaign/record"
)

// deleteBatch is how many objects of the store are deleted at a time.
const deleteBatch = 1000

// unusedPacks returns the keys of these campaigns' packs that no other campaign
// has. The store may serve more namespaces and clusters than this one, so all
// records in it are read; what is being submitted here is known by its ConfigMap
// before its inputs are in the store.
func (c *Cleaner) unusedPacks(ctx context.Context, b store.Backend, gone []*leaving) ([]string, error) {
	packs, ids := map[string]bool{}, map[string]bool{}
	for _, l := range gone {
		ids[l.ID] = true
		if l.Inputs != "" {
			packs[layout.InputKey(l.Inputs)] = true
		}
	}
	if len(packs) == 0 {
		return nil, nil
	}
	here, _, err := c.records.Find(ctx, api.CampaignListOptions{AllUsers: true}, false)
	if err != nil {
		return nil, err
	}
	for _, r := range here {
		if !ids[r.ID] {
			delete(packs, layout.InputKey(r.Inputs))
		}
	}
	var mu sync.Mutex
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(record.AtOnce)
	for folder, err := range b.List(ctx, layout.Campaigns, store.ListOptions{Delimiter: true}) {
		if err != nil {
			group.Go(func() error { return err })
			break
		}
		id := strings.TrimSuffix(strings.TrimPrefix(folder.Key, layout.Campaigns), "/")
		if ids[id] {
			continue
		}
		group.Go(func() error {
			data, err := record.ReadObject(groupCtx, b, layout.RecordKey(id))
			if api.IsNotFound(err) {
				return nil // the rest of a removed one
			}
			if err != nil {
				return err
			}
			r, err := layout.ParseRecord(data)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				clear(packs) // another version's may have any of them
				return nil   // said above
			}
			delete(packs, layout.InputKey(r.Inputs))
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return slices.Sorted(maps.Keys(packs)), nil
}

// removeBelow removes all objects whose keys begin so, and counts them; in a dry
// run it only counts.
func removeBelow(ctx context.Context, b store.Backend, prefix string, d api.DryRun, out *api.CampaignCleanup) error {
	var keys []string
	flush := func() error {
		if len(keys) == 0 || !d.Keeps() {
			keys = keys[:0]
			return nil
		}
		err := b.Delete(ctx, keys...)
		keys = keys[:0]
		return err
	}
	for object, err := range b.List(ctx, prefix, store.ListOptions{}) {
		if err != nil {
			return err
		}
		out.Objects++
		out.Bytes += object.Size
		if keys = append(keys, object.Key); len(keys) == deleteBatch {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}
