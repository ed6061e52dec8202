package taskimage

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/kubevast/vast/testenv/internal/archive"
	"github.com/kubevast/vast/testenv/internal/cache"
	"github.com/kubevast/vast/testenv/internal/engine"
	"github.com/kubevast/vast/testenv/internal/rootfs"
	"github.com/kubevast/vast/testenv/internal/run"
)

// accounts are the users that every image has.
const (
	passwd = "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n"
	group  = "root:x:0:\nnobody:x:65534:\n"
)

func busyboxFS() cache.Artefact {
	return cache.Artefact{
		Name: "rootfs-busybox",
		Hash: cache.Hash("busybox-static 2", rootfs.Suite, runtime.GOARCH, passwd, group),
		Why:  "the image " + Busybox + "; a few seconds",
		Build: func(ctx context.Context, dir string) error {
			program, err := busyboxProgram(ctx, dir)
			if err != nil {
				return err
			}
			return busyboxTree(ctx, program, filepath.Join(dir, rootfs.File))
		},
	}
}

// busyboxProgram takes the program out of Debian's package without installing it.
func busyboxProgram(ctx context.Context, dir string) (string, error) {
	download := run.Cmd{Args: []string{"apt-get", "download", "-q", "busybox-static"}, Dir: dir}
	if err := download.Run(ctx); err != nil {
		if err := engine.UpdateLists(ctx); err != nil {
			return "", err
		}
		if err := download.Run(ctx); err != nil {
			return "", err
		}
	}
	packages, err := filepath.Glob(filepath.Join(dir, "busybox-static_*.deb"))
	if err != nil || len(packages) != 1 {
		return "", fmt.Errorf("apt-get download busybox-static left %d packages", len(packages))
	}
	unpacked := filepath.Join(dir, "unpacked")
	if err := run.Command("dpkg-deb", "-x", packages[0], unpacked).Run(ctx); err != nil {
		return "", err
	}
	for _, place := range []string{"bin/busybox", "usr/bin/busybox"} { // before and after the merge of /usr
		if _, err := os.Stat(filepath.Join(unpacked, place)); err == nil {
			return filepath.Join(unpacked, place), nil
		}
	}
	return "", fmt.Errorf("no busybox in %s", packages[0])
}

func busyboxTree(ctx context.Context, program, layer string) error {
	applets, err := run.Command(program, "--list").Output(ctx)
	if err != nil {
		return err
	}
	tree, err := archive.NewTree(layer)
	if err != nil {
		return err
	}
	tree.Dir("tmp", 0o1777)
	tree.Dir("root", 0o700)
	tree.Dir("home", 0o755)
	tree.Bytes("etc/passwd", 0o644, []byte(passwd))
	tree.Bytes("etc/group", 0o644, []byte(group))
	tree.File("bin/busybox", 0o755, program)
	for _, applet := range strings.Fields(string(applets)) {
		if applet != "busybox" {
			tree.Link("bin/"+applet, "busybox")
		}
	}
	_, err = tree.Close()
	return err
}
