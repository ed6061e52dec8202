package keeper

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/sdk/api"
)

// ranBefore returns the inventory of a run that was finished while others went
// on. Hours may have passed since: where the store has lost it, or a file that it
// lists, there is none, and the run is sent again.
func (k *Keeper) ranBefore(ctx context.Context, r *result) (*layout.Inventory, error) {
	content, _, err := k.store.Get(ctx, r.Prefix+layout.InventoryFile, 0)
	if lost := (*api.NotFoundError)(nil); errors.As(err, &lost) && lost.Kind == "object" {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer content.Close()
	data, err := io.ReadAll(content)
	if err != nil {
		return nil, err
	}
	m := &layout.Inventory{}
	if json.Unmarshal(data, m) != nil {
		return nil, nil // it is none of ours any more
	}
	left := map[string]int64{}
	for _, f := range m.Files {
		if !f.Dir && f.Link == "" {
			left[f.ObjectKey()] = f.Size
		}
	}
	for o, err := range k.store.List(ctx, r.Prefix, store.ListOptions{}) {
		if err != nil {
			return nil, err
		}
		name := strings.TrimPrefix(o.Key, r.Prefix)
		if size, listed := left[name]; listed && size == o.Size {
			delete(left, name)
		}
	}
	if len(left) > 0 {
		return nil, nil
	}
	return m, nil
}
