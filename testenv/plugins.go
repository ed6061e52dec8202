package testenv

import (
	"context"
	"path/filepath"

	"github.com/kubevast/vast/testenv/internal/cache"
	"github.com/kubevast/vast/testenv/internal/run"
)

// Plugins builds kubectl-vast and kubectl-vastvol from the work tree, linked with the
// images that the nodes have, and returns the folder with both. The folder is the same
// for every call from one work tree: go build links only what has changed since.
func Plugins(ctx context.Context) (string, error) {
	root, err := findRoot()
	if err != nil {
		return "", err
	}
	kept, err := cache.Open()
	if err != nil {
		return "", err
	}
	repository := filepath.Dir(root)
	dir, err := kept.Path("plugins", cache.Hash(repository), "bin")
	if err != nil {
		return "", err
	}
	unlock, err := cache.Lock(ctx, dir+".lock")
	if err != nil {
		return "", err
	}
	defer unlock()
	return dir, run.Cmd{
		// Without symbols and debug information linking takes 16 instead of 25 CPU seconds,
		// and the tests start these programs more than a thousand times.
		Args: []string{"go", "build", "-ldflags", "-s -w " + Link, "-o", dir + string(filepath.Separator),
			"./plugins/kubectl-vast", "./plugins/kubectl-vastvol"},
		Dir: repository, Env: []string{"CGO_ENABLED=0"}, // as they are released
	}.Run(ctx)
}
