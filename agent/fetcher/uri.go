package fetcher

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/kubevast/vast/internal/agentspec"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/sdk/api"
)

// uri copies an object, or all objects below a prefix.
func (f *Fetcher) uri(ctx context.Context, item agentspec.Item) error {
	s, prefix, err := store.OpenURI(item.URI, f.Getenv)
	if err != nil {
		return err
	}
	defer s.Close()
	return copyFrom(ctx, s, prefix, item)
}

func copyFrom(ctx context.Context, s store.Backend, prefix string, item agentspec.Item) error {
	// A slash at the end says that a folder is meant.
	if prefix != "" && !strings.HasSuffix(item.URI, "/") {
		o, err := s.Stat(ctx, prefix)
		if err == nil {
			return copyFile(ctx, s, o, item.To)
		}
		if missing := (*api.NotFoundError)(nil); !errors.As(err, &missing) || missing.Kind != "object" {
			return fmt.Errorf("%s: %w", item.URI, err)
		}
	}
	return copyFolder(ctx, s, prefix, item)
}

func copyFile(ctx context.Context, s store.Backend, o store.Object, to string) error {
	root, err := os.OpenRoot(filepath.Dir(to))
	if err != nil {
		return err
	}
	defer root.Close()
	return store.DownloadAll(ctx, s, []store.Download{{Key: o.Key, Path: filepath.Base(to), Size: o.Size, SHA256: o.SHA256}},
		store.TransferOptions{Root: root, Overwrite: true})
}

// batch is how many objects are known at a time: a bucket may have millions.
const batch = 10_000

func copyFolder(ctx context.Context, s store.Backend, prefix string, item agentspec.Item) error {
	if err := os.MkdirAll(item.To, 0o755); err != nil {
		return err
	}
	root, err := os.OpenRoot(item.To)
	if err != nil {
		return err
	}
	defer root.Close()
	if prefix != "" {
		prefix += "/"
	}
	any := false
	var items []store.Download
	send := func() error {
		err := store.DownloadAll(ctx, s, items, store.TransferOptions{Root: root, Overwrite: true})
		items = items[:0]
		return err
	}
	for o, err := range s.List(ctx, prefix, store.ListOptions{}) {
		if err != nil {
			return fmt.Errorf("%s: %w", item.URI, err)
		}
		any = true
		name := strings.TrimPrefix(o.Key, prefix)
		if name == "" || strings.HasSuffix(name, "/") { // how some tools mark a folder
			if err := root.MkdirAll(path.Clean("./"+name), 0o755); err != nil {
				return fmt.Errorf("%s: %w", item.URI, err)
			}
			continue
		}
		if items = append(items, store.Download{Key: o.Key, Path: filepath.FromSlash(name), Size: o.Size}); len(items) == batch {
			if err := send(); err != nil {
				return fmt.Errorf("%s: %w", item.URI, err)
			}
		}
	}
	if !any {
		return fmt.Errorf("%s: there is no such object, and none below it", item.URI)
	}
	if err := send(); err != nil {
		return fmt.Errorf("%s: %w", item.URI, err)
	}
	return nil
}
