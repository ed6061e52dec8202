// Package taskimage makes the images that tasks of the tests run in, where they
// cannot be pulled: as close to the public ones of the same name as the tests need.
package taskimage

import (
	"context"
	"io"
	"path/filepath"

	"github.com/kubevast/vast/testenv/internal/archive"
	"github.com/kubevast/vast/testenv/internal/cache"
	"github.com/kubevast/vast/testenv/internal/rootfs"
)

// Names of the images, the same whether they were pulled or made.
const (
	Busybox = "busybox:1.36"
	Python  = "python:3.13-slim" // the default image of a task
	// BusyboxUser is Busybox run by User, as an image without root is. No
	// registry has it.
	BusyboxUser = "kubevast.test/busybox-user:1.36"
	User        = "4712:4713"
)

// BusyboxUserDockerfile makes BusyboxUser of Busybox.
const BusyboxUserDockerfile = "FROM " + Busybox + "\nUSER " + User + "\n"

const searchPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// pythonFS has Debian's Python, which is older than the name of the image says: what
// a test does with it works with both.
var pythonFS = rootfs.RootFS{
	Name:     "python",
	Packages: []string{"python3"},
	Hook:     "ln -s python3 \"$1\"/usr/bin/python\n",
	Why:      "the image " + Python + "; half a minute",
}

// Artefacts lists what the images are made from.
func Artefacts() []cache.Artefact {
	return []cache.Artefact{busyboxFS(), pythonFS.Artefact()}
}

// Version changes when what Write writes does.
func Version() string {
	var parts []string
	for _, artefact := range Artefacts() {
		parts = append(parts, artefact.Name, artefact.Hash)
	}
	return cache.Hash(append(parts, Busybox, Python, BusyboxUserDockerfile)...)
}

// Write writes one archive with all images.
func Write(ctx context.Context, dir *cache.Dir, progress func(string, ...any), w io.Writer) error {
	var layers []archive.Layer
	for _, artefact := range Artefacts() {
		path, err := dir.Get(ctx, artefact, progress)
		if err != nil {
			return err
		}
		layer, err := archive.LayerFile(filepath.Join(path, rootfs.File))
		if err != nil {
			return err
		}
		layers = append(layers, layer)
	}
	return archive.Write(w,
		archive.Image{
			Tags: []string{Busybox, "busybox:latest"}, Layers: layers[:1],
			Config: archive.Config{Env: []string{searchPath}, Cmd: []string{"sh"}},
		},
		archive.Image{
			Tags: []string{BusyboxUser}, Layers: layers[:1],
			Config: archive.Config{Env: []string{searchPath}, Cmd: []string{"sh"}, User: User},
		},
		archive.Image{
			Tags: []string{Python}, Layers: layers[1:],
			Config: archive.Config{Env: []string{searchPath, "LANG=C.UTF-8"}, Cmd: []string{"python3"}},
		},
	)
}
