package keeper

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/keep"
	"github.com/kubevast/vast/sdk/store"
)

// ranBefore returns the manifest of a run that was finished while others went
// on. Hours may have passed since: where the store has lost it, or a file that it
// lists, there is none, and the run is sent again.
func (k *Keeper) ranBefore(ctx context.Context, r *result) (*keep.Manifest, error) {
	content, _, err := k.store.Get(ctx, r.Prefix+keep.ManifestFile, 0)
	if lost := (*api.NotFound)(nil); errors.As(err, &lost) && lost.Kind == "object" {
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
	m := &keep.Manifest{}
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
