package architecture

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// Module is the path of the module, with a slash at its end.
const Module = "github.com/kubevast/vast/"

// Package is what `go list` reports of a package.
type Package struct {
	ImportPath     string
	Dir            string
	Doc            string
	Export         string
	Standard       bool
	GoFiles        []string
	IgnoredGoFiles []string
	Imports        []string
	Deps           []string
	Module         *struct{ Path string }
}

// Name returns the import path of p below the module, and false for a package
// of another module.
func (p *Package) Name() (string, bool) { return strings.CutPrefix(p.ImportPath, Module) }

// Platform is the environment of a build that is the same on every computer.
var Platform = []string{"GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=0"}

// List returns the packages that patterns match and, with "-deps" in front of
// them, all that those import. It runs `go list` with args in the module's root.
func List(ctx context.Context, env []string, args ...string) ([]*Package, error) {
	root, err := Root(ctx)
	if err != nil {
		return nil, err
	}
	fields := "ImportPath,Dir,Doc,Standard,GoFiles,IgnoredGoFiles,Imports,Deps,Module"
	if slices.Contains(args, "-export") {
		fields += ",Export"
	}
	out, err := run(ctx, root, env, append([]string{"list", "-json=" + fields}, args...)...)
	if err != nil {
		return nil, err
	}
	var all []*Package
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		p := &Package{}
		if err := dec.Decode(p); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
		all = append(all, p)
	}
}

// Root returns the folder of the module.
func Root(ctx context.Context) (string, error) {
	out, err := run(ctx, "", nil, "list", "-m", "-f", "{{.Dir}}")
	return strings.TrimSpace(string(out)), err
}

func run(ctx context.Context, dir string, env []string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	var stderr bytes.Buffer
	cmd.Dir, cmd.Env, cmd.Stderr = dir, append(os.Environ(), env...), &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go %s: %w\n%s", args[0], err, stderr.Bytes())
	}
	return out, nil
}
