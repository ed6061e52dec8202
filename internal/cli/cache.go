package cli

import (
	"os"
	"path/filepath"
	"time"
)

// remembered is how long an entry is valid.
const remembered = time.Hour

// fileCache is a folder with an empty file for each entry, whose modification time is
// that of the entry. Errors are treated as missing entries.
type fileCache struct {
	dir string
	now func() time.Time
}

// newCache returns the cache in <user's cache folder>/kubevast/known, or in
// $VAST_CACHE_DIR/known; nil if there is no such folder.
func newCache(now func() time.Time) *fileCache {
	dir := os.Getenv("VAST_CACHE_DIR")
	if dir == "" {
		base, err := os.UserCacheDir()
		if err != nil {
			return nil
		}
		dir = filepath.Join(base, "kubevast")
	}
	return &fileCache{dir: filepath.Join(dir, "known"), now: now}
}

// Has implements sdk.Cache.
func (c *fileCache) Has(key string) bool {
	info, err := os.Stat(filepath.Join(c.dir, key))
	return key != "" && err == nil && c.fresh(info)
}

func (c *fileCache) fresh(info os.FileInfo) bool {
	age := c.now().Sub(info.ModTime())
	return age >= 0 && age < remembered
}

// Add implements sdk.Cache. A new entry also removes stale ones.
func (c *fileCache) Add(key string) {
	if key == "" || os.MkdirAll(c.dir, 0o700) != nil {
		return
	}
	path := filepath.Join(c.dir, key)
	if _, err := os.Stat(path); os.IsNotExist(err) {
		c.sweep()
	}
	if os.WriteFile(path, nil, 0o600) == nil {
		_ = os.Chtimes(path, c.now(), c.now()) // else the file's own time counts
	}
}

func (c *fileCache) sweep() {
	entries, err := os.ReadDir(c.dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		if info, err := e.Info(); err == nil && !c.fresh(info) {
			_ = os.Remove(filepath.Join(c.dir, e.Name())) // it is stale wherever it is
		}
	}
}
