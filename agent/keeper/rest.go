package keeper

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/internal/store"
)

// rest is what is kept of a tree in the end.
type rest struct {
	files   []layout.File
	missing []layout.Missing
}

// attempts is how often a file may change while it is sent for the last time.
const attempts = 5

// sendRest sends what is not in the store yet, and compares the store's list
// with the tree. alone means that nothing else is below the prefix: files of an
// earlier attempt that this one does not have are removed.
func (k *Keeper) sendRest(ctx context.Context, t *tree, alone bool) (rest, error) {
	var found *beside
	wrong := map[string]string{}
	for range attempts {
		found = t.look()
		if err := k.sender.send(ctx, t, true, func(name, why string) { wrong[name] = why }); err != nil {
			return rest{}, err
		}
		if err := k.verify(ctx, t, alone); err != nil {
			return rest{}, err
		}
		if !slices.ContainsFunc(t.due(true), func(name string) bool { return wrong[name] == "" }) {
			break
		}
	}
	out := rest{files: found.entries, missing: found.missing}
	for name, f := range t.files {
		if f.had {
			kept := layout.File{Path: name, Size: f.copySize, SHA256: f.sum, Mode: uint32(f.mode)}
			if key := layout.FileKey(t.prefix, name); key != name {
				kept.Key = key
			}
			out.files = append(out.files, kept)
		}
		switch {
		case f.current():
		case f.had:
			out.missing = append(out.missing, layout.Missing{Path: name, Reason: cmp.Or(wrong[name], "it was written to all the time; an earlier state is kept")})
		default:
			out.missing = append(out.missing, layout.Missing{Path: name, Reason: cmp.Or(wrong[name], "it was written to all the time")})
		}
	}
	slices.SortFunc(out.files, func(a, b layout.File) int { return cmp.Compare(a.Path, b.Path) })
	slices.SortFunc(out.missing, func(a, b layout.Missing) int { return cmp.Compare(a.Path, b.Path) })
	return out, nil
}

// verify looks whether the store has what was sent; what it has lost is due
// again.
func (k *Keeper) verify(ctx context.Context, t *tree, alone bool) error {
	there := map[string]bool{}
	odd := map[string]string{} // paths of those that lie under another key
	for name := range t.files {
		if key := layout.FileKey(t.prefix, name); key != name {
			odd[key] = name
		}
	}
	var old []string
	for o, err := range k.store.List(ctx, t.prefix, store.ListOptions{}) {
		if err != nil {
			return err
		}
		key := strings.TrimPrefix(o.Key, t.prefix)
		name, isOdd := odd[key]
		if !isOdd && layout.FileKey(t.prefix, key) == key {
			name = key
		}
		switch f := t.files[name]; {
		case f != nil && f.had && f.copySize == o.Size:
			there[name] = true
		case f != nil, !alone, odd[layout.LongKeyOf(key)] != "":
		case strings.HasPrefix(key, layout.LongDir), !strings.HasPrefix(key, layout.Own):
			old = append(old, o.Key)
		}
	}
	for name, f := range t.files {
		if f.had && !there[name] {
			f.had = false
		}
	}
	if len(old) == 0 {
		return nil
	}
	return k.store.Delete(ctx, old...)
}
