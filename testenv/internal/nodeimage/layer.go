package nodeimage

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/kubevast/vast/testenv/internal/archive"
	"github.com/kubevast/vast/testenv/internal/gobuild"
	"github.com/kubevast/vast/testenv/internal/run"
)

// enabled are the units that systemd starts; a link is all that `systemctl enable`
// would make.
var enabled = []string{"containerd.service", "kubelet.service", "undo-mount-hacks.service", "kubevast-images.service"}

// cniPlugins are the ones that the cluster's network configuration names.
var cniPlugins = []string{"host-local", "loopback", "portmap", "ptp"}

// nodeLayer is all that makes a node of a Debian system. It follows the Dockerfile
// of kind's base image.
func (b *Builder) nodeLayer(ctx context.Context, work string, dirs map[string]string, components string) (archive.Layer, error) {
	tree, err := archive.NewTree(filepath.Join(work, "node.tar"))
	if err != nil {
		return archive.Layer{}, err
	}
	if err := b.addKindFiles(tree); err != nil {
		return archive.Layer{}, err
	}
	for _, program := range []string{"containerd", "containerd-shim-runc-v2", "ctr"} {
		tree.File("usr/local/bin/"+program, 0o755, filepath.Join(dirs["containerd"], program))
	}
	tree.File("usr/local/bin/kubernetes", 0o755, filepath.Join(dirs["kubernetes"], "kubernetes"))
	for _, program := range []string{"kubeadm", "kubectl", "kubelet"} {
		tree.Link("usr/bin/"+program, "../local/bin/kubernetes")
	}
	for _, plugin := range cniPlugins {
		tree.Link("opt/cni/bin/"+plugin, "/usr/lib/cni/"+plugin)
	}
	spec, err := baseSpec(ctx, filepath.Join(dirs["containerd"], "ctr"))
	if err != nil {
		return archive.Layer{}, err
	}
	tree.Bytes("etc/containerd/cri-base.json", 0o644, spec)
	if err := addManifests(tree, provisionerImage(dirs["provisioner"])); err != nil {
		return archive.Layer{}, err
	}
	for _, unit := range enabled {
		tree.Link("etc/systemd/system/multi-user.target.wants/"+unit, "/etc/systemd/system/"+unit)
	}
	tree.Link("etc/systemd/system/systemd-binfmt.service", "/dev/null")
	tree.Bytes("etc/systemd/journald.conf.d/kind.conf", 0o644, []byte("[Journal]\nReadKMsg=no\n"))
	tree.Dir("etc/kubernetes/manifests", 0o755)
	tree.File("kind/images/components.tar", 0o644, components)
	return tree.Close()
}

// addManifests adds what kind and this package look up in a node; image is that of the
// provisioner.
func addManifests(tree *archive.Tree, image string) error {
	storage, err := recipe.ReadFile("files/default-storage.yaml")
	if err != nil {
		return err
	}
	unit, err := recipe.ReadFile("files/kubevast-images.service")
	if err != nil {
		return err
	}
	tree.Bytes("kind/version", 0o644, []byte(gobuild.KubernetesVersion))
	tree.Bytes("kind/manifests/default-storage.yaml", 0o644,
		bytes.ReplaceAll(storage, []byte("PROVISIONER_IMAGE"), []byte(image)))
	tree.Bytes("etc/systemd/system/kubevast-images.service", 0o644, unit)
	return addSavings(tree)
}

// PatchDir is the folder of the node with kubeadm's patches of the control plane. They ask
// for readiness every ten seconds, where kubeadm has one and a handshake each, and for one
// replica of CoreDNS.
const PatchDir = "/kind/patches"

// addSavings adds what saves the CPU time of a cluster for tests.
func addSavings(tree *archive.Tree) error {
	collect, err := recipe.ReadFile("files/gogc.conf")
	if err != nil {
		return err
	}
	for _, unit := range []string{"containerd", "kubelet"} {
		tree.Bytes("etc/systemd/system/"+unit+".service.d/20-gogc.conf", 0o644, collect)
	}
	patches, err := recipe.ReadDir("files/patches")
	if err != nil {
		return err
	}
	for _, patch := range patches {
		content, err := recipe.ReadFile("files/patches/" + patch.Name())
		if err != nil {
			return err
		}
		tree.Bytes(PatchDir[1:]+"/"+patch.Name(), 0o644, content)
	}
	return nil
}

// addKindFiles copies the files that kind's module holds for its base image. A module
// download has no permissions; programs are recognized by their folder.
func (b *Builder) addKindFiles(tree *archive.Tree) error {
	root := filepath.Join(b.kind, "images", "base", "files")
	return filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		mode := int64(0o644)
		if dir := filepath.Dir(name); dir == "usr/local/bin" || dir == "kind/bin" {
			mode = 0o755
		}
		if !strings.HasPrefix(name, "LICENSES") {
			tree.File(name, mode, path)
		}
		return nil
	})
}

// baseSpec is the container specification that the node's containerd starts from:
// its own default without limits that the node may not raise. kind's hook, which gives the
// containers of a node another product name of the machine, starts eight programs for each
// container and is omitted.
func baseSpec(ctx context.Context, ctr string) ([]byte, error) {
	out, err := run.Command(ctr, "oci", "spec").Output(ctx)
	if err != nil {
		return nil, err
	}
	return editSpec(out)
}

func editSpec(raw []byte) ([]byte, error) {
	var spec map[string]any
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber() // some numbers do not fit a float64
	if err := decoder.Decode(&spec); err != nil {
		return nil, fmt.Errorf("ctr oci spec: %w", err)
	}
	process, ok := spec["process"].(map[string]any)
	if !ok {
		return nil, fmt.Errorf("ctr oci spec: no process in it")
	}
	delete(process, "rlimits")
	return json.MarshalIndent(spec, "", "  ")
}
