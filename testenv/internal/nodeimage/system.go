package nodeimage

import (
	"context"
	"io"
	"path/filepath"

	"github.com/kubevast/vast/testenv/internal/archive"
	"github.com/kubevast/vast/testenv/internal/cache"
	"github.com/kubevast/vast/testenv/internal/rootfs"
	"github.com/kubevast/vast/testenv/internal/run"
)

const searchPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// nodeFS is the system of a node: the packages of kind's base image, and runc and
// the CNI plugins from Debian instead of from source. The hook takes away what kind
// takes away: units that make no sense in a container.
var nodeFS = rootfs.RootFS{
	Name: "node",
	Packages: []string{
		"systemd", "systemd-sysv", "dbus", "conntrack", "iptables", "nftables", "iproute2", "ethtool",
		"util-linux", "mount", "kmod", "libseccomp2", "pigz", "e2fsprogs", "bash", "ca-certificates",
		"curl", "jq", "procps", "runc", "containernetworking-plugins", "socat",
	},
	Hook: `cd "$1"
rm -f lib/systemd/system/sysinit.target.wants/systemd-tmpfiles-setup.service \
  lib/systemd/system/multi-user.target.wants/* etc/systemd/system/*.wants/* \
  lib/systemd/system/local-fs.target.wants/* lib/systemd/system/basic.target.wants/* \
  lib/systemd/system/sockets.target.wants/*udev* lib/systemd/system/sockets.target.wants/*initctl*
`,
	Why: "the system of a node; about a minute",
}

// proxyFS is what kube-proxy calls: the other components call nothing.
var proxyFS = rootfs.RootFS{
	Name:     "proxy",
	Packages: []string{"iptables", "nftables", "conntrack", "kmod"},
	Why:      "the system under kube-proxy; half a minute",
}

func pauseArtefact(root string) (cache.Artefact, error) {
	source := filepath.Join(root, "build", "pause")
	hash, err := cache.HashSources(source)
	if err != nil {
		return cache.Artefact{}, err
	}
	return cache.Artefact{
		Name: "pause", Hash: hash, Why: "the process of a pod's sandbox; a second",
		Build: func(ctx context.Context, dir string) error {
			return run.Command("gcc", "-Os", "-static", "-s", "-Wall", "-Werror",
				"-o", filepath.Join(dir, "pause"), filepath.Join(source, "pause.c")).Run(ctx)
		},
	}, nil
}

// load streams the image into Docker.
func load(ctx context.Context, image archive.Image) error {
	reader, writer := io.Pipe()
	go func() { writer.CloseWithError(archive.Write(writer, image)) }()
	defer reader.Close() // ends the writer when docker ended first
	return run.Cmd{Args: []string{"docker", "load", "--quiet"}, Stdin: reader}.Run(ctx)
}
