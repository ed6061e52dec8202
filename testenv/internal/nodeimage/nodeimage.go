// Package nodeimage puts kind's node image together from source, for machines that
// reach no registry: a Debian system, kind's own files for a node, and Kubernetes
// with what belongs to it compiled from Go modules.
package nodeimage

import (
	"context"
	"embed"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/kubevast/vast/testenv/internal/archive"
	"github.com/kubevast/vast/testenv/internal/cache"
	"github.com/kubevast/vast/testenv/internal/gobuild"
	"github.com/kubevast/vast/testenv/internal/rootfs"
	"github.com/kubevast/vast/testenv/internal/run"
)

// The recipe is one of the image's inputs: another recipe makes another image.
//
//go:embed *.go files
var recipe embed.FS

// Builder makes the image. Inputs are looked up once, by Tag.
type Builder struct {
	Cache    *cache.Dir
	Root     string // the folder testenv
	Progress func(format string, args ...any)

	inputs []cache.Artefact // in the order in which they are built
	kind   string           // folder of kind's module
}

var modules = []gobuild.Module{
	gobuild.Kubernetes, gobuild.Etcd, gobuild.Containerd, gobuild.CoreDNS, gobuild.Provisioner,
}

// Tag returns the name of the image, which depends on all its inputs.
func (b *Builder) Tag(ctx context.Context) (string, error) {
	b.inputs = nil
	var parts []string
	add := func(artefact cache.Artefact) {
		b.inputs = append(b.inputs, artefact)
		parts = append(parts, artefact.Name, artefact.Hash)
	}
	for _, module := range modules {
		artefact, err := module.Artefact(b.Root)
		if err != nil {
			return "", err
		}
		add(artefact)
	}
	add(nodeFS.Artefact())
	add(proxyFS.Artefact())
	pause, err := pauseArtefact(b.Root)
	if err != nil {
		return "", err
	}
	add(pause)
	kind, err := gobuild.SourceDir(ctx, b.Root, "sigs.k8s.io/kind")
	if err != nil {
		return "", err
	}
	b.kind = kind
	parts = append(parts, filepath.Base(kind)) // kind@version
	recipe, err := recipeParts()
	if err != nil {
		return "", err
	}
	hash := cache.Hash(append(parts, recipe...)...)
	return "kubevast/node:" + gobuild.KubernetesVersion + "-" + hash, nil
}

func recipeParts() ([]string, error) {
	var parts []string
	err := fs.WalkDir(recipe, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasSuffix(path, "_test.go") {
			return err
		}
		content, err := recipe.ReadFile(path)
		parts = append(parts, path, string(content))
		return err
	})
	return parts, err
}

// Ensure makes the image known to Docker and returns its name.
func (b *Builder) Ensure(ctx context.Context) (string, error) {
	tag, err := b.Tag(ctx)
	if err != nil {
		return "", err
	}
	if run.Command("docker", "image", "inspect", tag).Run(ctx) == nil {
		return tag, nil
	}
	work, err := b.Cache.Path("work", "node")
	if err != nil {
		return "", err
	}
	work, err = os.MkdirTemp(filepath.Dir(work), "node-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(work)
	image, err := b.assemble(ctx, work, tag)
	if err != nil {
		return "", err
	}
	b.Progress("node image: loading it into Docker")
	return tag, load(ctx, image)
}

// assemble collects the layers of the image: the system, and all that is added to it.
func (b *Builder) assemble(ctx context.Context, work, tag string) (archive.Image, error) {
	dirs := map[string]string{}
	for _, artefact := range b.inputs {
		dir, err := b.Cache.Get(ctx, artefact, b.Progress)
		if err != nil {
			return archive.Image{}, err
		}
		dirs[artefact.Name] = dir
	}
	b.Progress("node image: putting %s together", tag)
	components, err := b.componentArchive(ctx, work, dirs)
	if err != nil {
		return archive.Image{}, err
	}
	system, err := archive.LayerFile(filepath.Join(dirs["rootfs-node"], rootfs.File))
	if err != nil {
		return archive.Image{}, err
	}
	added, err := b.nodeLayer(ctx, work, dirs, components)
	if err != nil {
		return archive.Image{}, err
	}
	return archive.Image{
		Tags:   []string{tag},
		Layers: []archive.Layer{system, added},
		Config: archive.Config{
			Env:        []string{"container=docker", searchPath},
			Entrypoint: []string{"/usr/local/bin/entrypoint", "/sbin/init"},
			StopSignal: "SIGRTMIN+3",
		},
	}, nil
}
