package gobuild

import (
	"context"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kubevast/vast/testenv/internal/cache"
	"github.com/kubevast/vast/testenv/internal/run"
)

// agentPackage is built in the module that this one tests, above the folder testenv.
const agentPackage = "./agent"

// ownPackages prints the folders of a program's packages that belong to its own module.
const ownPackages = "{{with .Module}}{{if .Main}}{{$.Dir}}{{end}}{{end}}"

// agentEnvironment builds for the nodes on a machine that is no Linux, too: kind's stock
// nodes can run there.
var agentEnvironment = slices.Concat(environment, []string{"GOOS=linux"})

// Agent describes the program of our own image. Its hash covers what it is compiled
// from and no more, so that work on other parts does not build it again.
func Agent(ctx context.Context, root string) (cache.Artefact, error) {
	repository := filepath.Dir(filepath.Clean(root))
	out, err := run.Cmd{
		Args: []string{"go", "list", "-deps", "-f", ownPackages, agentPackage}, Dir: repository, Env: agentEnvironment,
	}.Output(ctx)
	if err != nil {
		return cache.Artefact{}, err
	}
	toolchain, err := toolchain()
	if err != nil {
		return cache.Artefact{}, err
	}
	flags := Module{}.flags()
	parts := []string{string(toolchain), strings.Join(flags, " ")}
	for _, dir := range append(strings.Fields(string(out)), "go.mod", "go.sum") {
		if !filepath.IsAbs(dir) {
			dir = filepath.Join(repository, dir)
		}
		hash, err := cache.HashSources(dir)
		if err != nil {
			return cache.Artefact{}, err
		}
		parts = append(parts, hash)
	}
	return cache.Artefact{
		Name: "agent",
		Hash: cache.Hash(parts...),
		Why:  "the program in our own image; half a minute",
		Build: func(ctx context.Context, out string) error {
			args := slices.Concat([]string{"go", "build"}, flags, []string{"-o", filepath.Join(out, "agent"), agentPackage})
			return run.Cmd{Args: args, Dir: repository, Env: agentEnvironment}.Run(ctx)
		},
	}, nil
}
