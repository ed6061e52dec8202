// Package gobuild compiles the programs of the modules below testenv/build. Each is
// a module of its own because each needs another version of the Kubernetes libraries.
package gobuild

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"sync"

	"github.com/kubevast/vast/testenv/internal/cache"
	"github.com/kubevast/vast/testenv/internal/run"
)

// Module is what to compile in one module, by default the folder below
// testenv/build that has its name.
type Module struct {
	Name     string            // of the folder and of the artefact
	Sources  []string          // folders of the module testenv itself, instead of that one
	Programs map[string]string // file -> package to compile
	Tags     string
	LDFlags  string
	Why      string
}

// environment makes static programs that run in an image with nothing else in it.
var environment = []string{"CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off"}

// Artefact describes the compiled programs; root is the folder testenv.
func (m Module) Artefact(root string) (cache.Artefact, error) {
	dir, sources, err := m.sources(root)
	if err != nil {
		return cache.Artefact{}, err
	}
	toolchain, err := toolchain()
	if err != nil {
		return cache.Artefact{}, err
	}
	return cache.Artefact{
		Name: m.Name,
		Hash: cache.Hash(sources, toolchain, strings.Join(m.flags(), " ")),
		Why:  m.Why,
		Build: func(ctx context.Context, out string) error {
			for file, pkg := range m.Programs {
				args := append([]string{"go", "build"}, m.flags()...)
				args = append(args, "-o", filepath.Join(out, file), pkg)
				if err := (run.Cmd{Args: args, Dir: dir, Env: environment}).Run(ctx); err != nil {
					return err
				}
			}
			return nil
		},
	}, nil
}

// toolchain identifies the compiler. All modules require the same version of Go, so it is
// determined once.
var toolchain = sync.OnceValues(func() (string, error) {
	out, err := run.Command("go", "env", "GOVERSION", "GOOS", "GOARCH").Output(context.Background())
	return string(out), err
})

// sources returns where to compile, and a hash of what is read there.
func (m Module) sources(root string) (dir, hash string, err error) {
	if len(m.Sources) == 0 {
		dir = filepath.Join(root, "build", m.Name)
		hash, err = cache.HashSources(dir)
		return dir, hash, err
	}
	var hashes []string
	for _, folder := range m.Sources {
		hash, err := cache.HashSources(filepath.Join(root, folder))
		if err != nil {
			return "", "", err
		}
		hashes = append(hashes, hash)
	}
	return root, cache.Hash(hashes...), nil
}

func (m Module) flags() []string {
	flags := []string{"-trimpath", "-buildvcs=false", "-ldflags", strings.TrimSpace("-s -w " + m.LDFlags)}
	if m.Tags != "" {
		flags = append(flags, "-tags", m.Tags)
	}
	return flags
}

// SourceDir returns the folder of a module that another one requires, downloaded
// when it is not there; dir is a folder of the module that requires it.
func SourceDir(ctx context.Context, dir, path string) (string, error) {
	out, err := run.Cmd{Args: []string{"go", "mod", "download", "-json", path}, Dir: dir, Env: environment}.Output(ctx)
	if err != nil {
		return "", err
	}
	var module struct{ Dir string }
	if err := json.Unmarshal(out, &module); err != nil {
		return "", fmt.Errorf("go mod download %s: %w", path, err)
	}
	return module.Dir, nil
}
