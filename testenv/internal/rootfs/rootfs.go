// Package rootfs makes root file systems of Debian packages, as tar files that
// become layers of images.
package rootfs

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/kubevast/vast/testenv/internal/cache"
	"github.com/kubevast/vast/testenv/internal/engine"
	"github.com/kubevast/vast/testenv/internal/run"
)

// Suite is the Debian release that the root file systems are made of.
const Suite = "bookworm"

// File is the name of the tar file in the directory of an artefact.
const File = "layer.tar"

// RootFS is a choice of packages and what to change after their installation.
type RootFS struct {
	Name     string
	Packages []string
	// Hook is a shell script; its first argument is the directory with the system.
	Hook string
	Why  string
}

// minimize removes what is not needed in a container.
var minimize = []string{
	"--dpkgopt=path-exclude=/usr/share/man/*",
	"--dpkgopt=path-exclude=/usr/share/locale/*",
	"--dpkgopt=path-exclude=/usr/share/doc/*",
	"--dpkgopt=path-include=/usr/share/doc/*/copyright",
	"--skip=output/dev",
}

// Artefact describes the tar file.
func (r RootFS) Artefact() cache.Artefact {
	return cache.Artefact{
		Name: "rootfs-" + r.Name,
		Hash: cache.Hash(Suite, runtime.GOARCH, strings.Join(r.Packages, ","), r.Hook, strings.Join(minimize, " ")),
		Why:  r.Why,
		Build: func(ctx context.Context, dir string) error {
			if _, err := exec.LookPath("mmdebstrap"); err != nil {
				if err := engine.Install(ctx, "mmdebstrap"); err != nil {
					return err
				}
			}
			args, err := r.command(ctx, dir)
			if err != nil {
				return err
			}
			return run.Cmd{Args: args}.Run(ctx)
		},
	}
}

// command puts the call of mmdebstrap together. Packages come from where the host
// gets its own: a mirror that is near, or the only one that can be reached.
func (r RootFS) command(ctx context.Context, dir string) ([]string, error) {
	args := append([]string{"mmdebstrap", "--quiet", "--variant=minbase"}, minimize...)
	args = append(args, "--include="+strings.Join(r.Packages, ","))
	if r.Hook != "" {
		hook := filepath.Join(dir, "hook.sh")
		if err := os.WriteFile(hook, []byte("#!/bin/sh\nset -eu\n"+r.Hook), 0o755); err != nil {
			return nil, err
		}
		args = append(args, "--customize-hook="+hook)
	}
	args = append(args, proxyOptions(ctx)...)
	args = append(args, Suite, filepath.Join(dir, File))
	sources := hostSources()
	if len(sources) == 0 {
		return args, nil // mmdebstrap knows Debian's own mirror
	}
	list := filepath.Join(dir, "sources.list")
	return append(args, list), os.WriteFile(list, []byte(strings.Join(sources, "\n")+"\n"), 0o644)
}

// proxyOptions hands the host's apt proxy on.
func proxyOptions(ctx context.Context) []string {
	var options []string
	for _, key := range []string{"Acquire::http::Proxy", "Acquire::https::Proxy"} {
		out, err := run.Command("apt-config", "shell", "value", key).Output(ctx)
		if err != nil {
			continue
		}
		if value := strings.Trim(strings.TrimPrefix(strings.TrimSpace(string(out)), "value="), "'"); value != "" {
			options = append(options, "--aptopt="+key+" \""+value+"\"")
		}
	}
	return options
}
