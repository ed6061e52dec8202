// Package cache keeps what is expensive to make, each thing under a hash of what it
// is made from: inputs that have not changed are never built twice, inputs that
// have changed are never mistaken for the old ones.
package cache

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// DirEnv names the variable that moves the cache.
const DirEnv = "VAST_CACHE"

// Dir is the cache on disk.
type Dir struct {
	root string
}

// Open returns the cache: below $VAST_CACHE or the user's cache directory.
func Open() (*Dir, error) {
	root := os.Getenv(DirEnv)
	if root == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return nil, fmt.Errorf("no place for the cache, set %s: %w", DirEnv, err)
		}
		root = filepath.Join(user, "kubevast")
	}
	root, err := filepath.Abs(filepath.Join(root, "testenv"))
	if err != nil {
		return nil, err
	}
	return At(root)
}

// At returns the cache in the directory given.
func At(root string) (*Dir, error) {
	if err := os.MkdirAll(root, 0o755); err != nil {
		return nil, err
	}
	return &Dir{root: root}, nil
}

// Path returns a place in the cache; the directory that holds it exists.
func (d *Dir) Path(elem ...string) (string, error) {
	path := filepath.Join(append([]string{d.root}, elem...)...)
	return path, os.MkdirAll(filepath.Dir(path), 0o755)
}

// Artefact is something to be built: a directory of files.
type Artefact struct {
	Name string
	Hash string
	// Why is a short text: what a build makes and how long it takes.
	Why string
	// Build fills the empty directory.
	Build func(ctx context.Context, dir string) error
}

// Find returns the directory of the artefact and whether it has been built.
func (d *Dir) Find(a Artefact) (path string, built bool) {
	path = filepath.Join(d.root, a.Name+"-"+a.Hash)
	_, err := os.Stat(path)
	return path, err == nil
}

// Get returns the directory of the artefact, which is built when it is not there.
// It becomes visible in one step, so a build that was cut short leaves nothing.
func (d *Dir) Get(ctx context.Context, a Artefact, progress func(string, ...any)) (string, error) {
	final, built := d.Find(a)
	if built {
		return final, nil
	}
	unlock, err := Lock(ctx, final+".lock")
	if err != nil {
		return "", err
	}
	defer unlock()
	if _, built := d.Find(a); built { // by another process, just now
		return final, nil
	}
	progress("%s: building, not in the cache (%s)", a.Name, a.Why)
	if err := removeLeftovers(final); err != nil {
		return "", err
	}
	partial, err := os.MkdirTemp(d.root, filepath.Base(final)+partialMark)
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(partial)
	if err := a.Build(ctx, partial); err != nil {
		return "", fmt.Errorf("build %s: %w", a.Name, err)
	}
	if err := os.Chmod(partial, 0o755); err != nil {
		return "", err
	}
	return final, os.Rename(partial, final)
}

// partialMark is between the name of an artefact and the rest of that of its directory
// while it is built.
const partialMark = ".partial-"

// removeLeftovers removes what a build that was killed has left; the caller holds the
// lock of the artefact.
func removeLeftovers(final string) error {
	leftovers, err := filepath.Glob(final + partialMark + "*")
	for _, leftover := range leftovers {
		err = errors.Join(err, os.RemoveAll(leftover))
	}
	return err
}
