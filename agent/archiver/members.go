package archiver

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/sdk/api"
)

const (
	// smallFile is up to which size, in bytes, a file is read before its turn; inMemory
	// bounds what is read so of all files, and ahead their number.
	smallFile = 256 << 10
	inMemory  = 4 << 20
	ahead     = 64
	// maxInventory bounds what is read of an inventory, in bytes.
	maxInventory = 512 << 20
	// maxPath is more than any system accepts as a path, in bytes.
	maxPath = 64 << 10

	plainFile = 0o644
	plainDir  = 0o755
)

// group is the objects of one run or node, or one object that belongs to none.
type group struct {
	prefix  string
	objects []store.Object
	// complete: there is an inventory.
	complete bool
}

// groups yields the objects below a prefix in the order of their keys.
func groups(ctx context.Context, b store.Backend, prefix string) iter.Seq2[*group, error] {
	return func(yield func(*group, error) bool) {
		var last *group
		for o, err := range b.List(ctx, prefix, store.ListOptions{}) {
			if err != nil {
				yield(nil, err)
				return
			}
			of := groupOf(prefix, o.Key)
			if last == nil || last.prefix != of {
				if last != nil && !yield(last, nil) {
					return
				}
				last = &group{prefix: of}
			}
			last.objects = append(last.objects, o)
			last.complete = last.complete || o.Key == of+layout.InventoryFile
		}
		if last != nil {
			yield(last, nil)
		}
	}
}

// groupOf returns the prefix of the run or node that a key belongs to; prefix itself for
// any other key.
func groupOf(prefix, key string) string {
	parts := strings.Split(strings.TrimPrefix(key, prefix), "/")
	number := 1 // <config>/<run>/...
	if strings.HasPrefix(prefix, layout.Tasks) {
		number = 0 // <rank>/...
	}
	if len(parts) < number+2 || number == 1 && strings.HasPrefix(parts[0], "_") {
		return prefix
	}
	if n, err := strconv.Atoi(parts[number]); err != nil || n < 0 {
		return prefix
	}
	return prefix + strings.Join(parts[:number+1], "/") + "/"
}

// entries returns what a group puts into the archive, sorted by name.
func (g *group) entries(ctx context.Context, b store.Backend, o Options) ([]*member, error) {
	below := strings.TrimPrefix(g.prefix, o.Prefix)
	var out []*member
	add := func(name string, m member) {
		m.name = path.Join(o.Folder, below, name)
		if m.folder = o.Folder; layout.Regular(m.name) && strings.HasPrefix(m.name, o.Folder+"/") {
			out = append(out, &m)
		}
	}
	inventory, err := g.inventory(ctx, b)
	if err != nil {
		return nil, err
	}
	if inventory == nil {
		err := g.saved(ctx, b, o, add)
		return sorted(out), err
	}
	for _, f := range inventory.Files {
		add(f.Path, memberOf(f, g.prefix, inventory.Ended))
	}
	inside := strings.HasPrefix(inventory.LogPrefix, g.prefix)
	for _, f := range inventory.Logs {
		if inside {
			add(layout.LogDir+f.Path, memberOf(f, inventory.LogPrefix, inventory.Ended))
		}
	}
	i := slices.IndexFunc(g.objects, func(o store.Object) bool { return o.Key == g.prefix+layout.InventoryFile })
	add(layout.InventoryFile, member{key: g.objects[i].Key, size: g.objects[i].Size, mode: plainFile, modified: inventory.Ended})
	return sorted(out), nil
}

// sorted sorts members, and omits all but the first of a name.
func sorted(all []*member) []*member {
	slices.SortStableFunc(all, func(a, b *member) int { return cmp.Compare(a.name, b.name) })
	return slices.CompactFunc(all, func(a, b *member) bool { return a.name == b.name })
}

func memberOf(f layout.File, prefix string, ended time.Time) member {
	m := member{size: f.Size, sha256: f.SHA256, mode: fs.FileMode(f.Mode).Perm(), modified: ended, link: f.Link, dir: f.Dir}
	switch {
	case f.Dir:
		m.mode = cmp.Or(m.mode, plainDir)
	case f.Link == "":
		m.key = prefix + f.ObjectKey()
		m.mode = cmp.Or(m.mode, plainFile)
	}
	return m
}

// inventory returns nil where there is none, or one that cannot be read.
func (g *group) inventory(ctx context.Context, b store.Backend) (*layout.Inventory, error) {
	if !g.complete {
		return nil, nil
	}
	body, _, err := b.Get(ctx, g.prefix+layout.InventoryFile, 0)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	inventory := &layout.Inventory{}
	err = json.NewDecoder(io.LimitReader(body, maxInventory)).Decode(inventory)
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case err == nil && inventory.Version == layout.InventoryVersion:
		return inventory, nil
	case err == nil, errors.As(err, &syntax), errors.As(err, &kind), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return nil, nil
	}
	return nil, err
}

// saved adds the objects of a result without an inventory, and what is no result. Their
// times are not known to be the same after the store was moved, so they have none.
func (g *group) saved(ctx context.Context, b store.Backend, o Options, add func(string, member)) error {
	for _, object := range g.objects {
		key := strings.TrimPrefix(object.Key, g.prefix)
		m := member{key: object.Key, size: object.Size, mode: plainFile, modified: time.Unix(0, 0)}
		switch {
		case g.prefix == o.Prefix || !strings.HasPrefix(key, layout.LongDir):
			if name := strings.TrimSuffix(key, "/"); name != key { // some programs mark folders so
				add(layout.FilePath(name), member{dir: true, mode: plainDir, modified: m.modified})
				continue
			}
			if g.prefix != o.Prefix && !strings.HasPrefix(key, layout.Own) {
				key = layout.FilePath(key)
			}
			add(key, m)
		case layout.IsLongKey(key):
			name, err := longPath(ctx, b, object.Key)
			if err != nil {
				return err
			}
			if layout.LongKey(name) != key {
				name = key
			}
			add(name, m)
		}
	}
	return nil
}

// longPath reads the path of a file whose key does not contain it; empty if it is missing.
func longPath(ctx context.Context, b store.Backend, key string) (string, error) {
	body, _, err := b.Get(ctx, layout.LongPathKey(key), 0)
	if api.IsNotFound(err) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	defer body.Close()
	name, err := io.ReadAll(io.LimitReader(body, maxPath))
	if err != nil {
		return "", fmt.Errorf("read the path of %s: %w", key, err)
	}
	return string(name), nil
}
