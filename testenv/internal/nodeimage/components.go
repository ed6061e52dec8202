package nodeimage

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/kubevast/vast/testenv/internal/archive"
	"github.com/kubevast/vast/testenv/internal/gobuild"
	"github.com/kubevast/vast/testenv/internal/rootfs"
	"github.com/kubevast/vast/testenv/internal/run"
)

// components are the programs that run as pods and are the multi-call binary under
// another name.
var components = []string{"kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy"}

// provisionerImage names the image after the program, dir is what it was built to, so
// that a cluster never runs an old one.
func provisionerImage(dir string) string {
	return "kubevast/provisioner:" + strings.TrimPrefix(filepath.Base(dir), "provisioner-")
}

// componentArchive writes the images of everything that runs as a pod in a cluster
// with nothing in it. Their names are those that kubeadm and containerd ask for.
func (b *Builder) componentArchive(ctx context.Context, work string, dirs map[string]string) (string, error) {
	names, err := b.imageNames(ctx, dirs["kubernetes"])
	if err != nil {
		return "", err
	}
	images, err := b.kubernetesImages(work, dirs, names)
	if err != nil {
		return "", err
	}
	for _, single := range []struct {
		program, artefact string
		tags              []string
	}{
		{"etcd", "etcd", names["etcd"]},
		{"coredns", "coredns", names["coredns"]},
		{"pause", "pause", names["pause"]},
		{"provisioner", "provisioner", []string{provisionerImage(dirs["provisioner"])}},
	} {
		layer, err := programLayer(work, filepath.Join(dirs[single.artefact], single.program), single.program)
		if err != nil {
			return "", err
		}
		images = append(images, archive.Image{
			Tags: single.tags, Layers: []archive.Layer{layer},
			Config: archive.Config{Env: []string{searchPath}, Entrypoint: []string{"/usr/local/bin/" + single.program}},
		})
	}
	path := filepath.Join(work, "components.tar")
	file, err := os.Create(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	return path, archive.Write(file, images...)
}

// kubernetesImages share the layer with the multi-call binary. It is the lowest one
// even of kube-proxy, so that a node unpacks it once.
func (b *Builder) kubernetesImages(work string, dirs map[string]string, names map[string][]string) ([]archive.Image, error) {
	binary, err := programLayer(work, filepath.Join(dirs["kubernetes"], "kubernetes"), components...)
	if err != nil {
		return nil, err
	}
	system, err := archive.LayerFile(filepath.Join(dirs["rootfs-proxy"], rootfs.File))
	if err != nil {
		return nil, err
	}
	var images []archive.Image
	for _, name := range components {
		image := archive.Image{
			Tags: names[name], Layers: []archive.Layer{binary},
			Config: archive.Config{Env: []string{searchPath}, Entrypoint: []string{"/usr/local/bin/" + name}},
		}
		if name == "kube-proxy" {
			image.Layers = append(image.Layers, system)
		}
		images = append(images, image)
	}
	return images, nil
}

// programLayer is a layer with one program under one or more names.
func programLayer(work, source string, names ...string) (archive.Layer, error) {
	tree, err := archive.NewTree(filepath.Join(work, "layer-"+filepath.Base(source)+".tar"))
	if err != nil {
		return archive.Layer{}, err
	}
	first := filepath.Base(source)
	tree.File("usr/local/bin/"+first, 0o755, source)
	for _, name := range names {
		if name != first {
			tree.Link("usr/local/bin/"+name, first)
		}
	}
	return tree.Close()
}

// imageNames asks kubeadm and kind's containerd configuration which images they
// expect; the key is the last part of the name.
func (b *Builder) imageNames(ctx context.Context, kubernetes string) (map[string][]string, error) {
	out, err := run.Command(filepath.Join(kubernetes, "kubernetes"), "kubeadm", "config", "images", "list",
		"--kubernetes-version", gobuild.KubernetesVersion).Output(ctx)
	if err != nil {
		return nil, err
	}
	config, err := os.ReadFile(filepath.Join(b.kind, "images", "base", "files", "etc", "containerd", "config.toml"))
	if err != nil {
		return nil, err
	}
	sandbox, err := sandboxImage(string(config))
	if err != nil {
		return nil, err
	}
	return namesByProgram(append(strings.Fields(string(out)), sandbox)), nil
}

func namesByProgram(images []string) map[string][]string {
	names := map[string][]string{}
	for _, image := range images {
		repository, _, _ := strings.Cut(image, ":")
		program := repository[strings.LastIndexByte(repository, '/')+1:]
		names[program] = append(names[program], image)
	}
	return names
}

var sandboxLine = regexp.MustCompile(`(?m)^\s*sandbox_image\s*=\s*"([^"]+)"`)

func sandboxImage(config string) (string, error) {
	match := sandboxLine.FindStringSubmatch(config)
	if match == nil {
		return "", fmt.Errorf("kind's containerd configuration names no sandbox image")
	}
	return match[1], nil
}
