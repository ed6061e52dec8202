package testenv

import (
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	"github.com/kubevast/vast/testenv/internal/gobuild"
	"github.com/kubevast/vast/testenv/internal/run"
)

// findKubectl returns a kubectl that fits the cluster: the one that was built with
// it, or else that of the user, or else a copy of the node's. When there is none the
// bare name is left, whose failure speaks for itself.
func (s *setup) findKubectl(ctx context.Context, c *Cluster) string {
	if c.way == WaySource {
		if path, err := s.builtKubectl(); err == nil {
			return path
		}
	}
	if path, err := exec.LookPath("kubectl"); err == nil {
		return path
	}
	if c.way != WayExisting && runtime.GOOS == "linux" {
		if path, err := s.copyKubectl(ctx, c); err == nil {
			return path
		}
	}
	return "kubectl"
}

// builtKubectl is the multi-call binary of the node image under the name of kubectl.
func (s *setup) builtKubectl() (string, error) {
	artefact, err := gobuild.Kubernetes.Artefact(s.root)
	if err != nil {
		return "", err
	}
	dir, built := s.cache.Find(artefact)
	if !built {
		return "", fs.ErrNotExist
	}
	target := filepath.Join(dir, "kubernetes")
	link, err := s.cache.Path("bin", "kubectl")
	if err != nil {
		return "", err
	}
	if current, err := os.Readlink(link); err == nil && current == target {
		return link, nil
	}
	if err := removeFile(link); err != nil {
		return "", err
	}
	return link, os.Symlink(target, link)
}

func (s *setup) copyKubectl(ctx context.Context, c *Cluster) (string, error) {
	path, err := s.cache.Path("clusters", s.Name, "kubectl")
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	node, err := c.controlPlane(ctx)
	if err != nil {
		return "", err
	}
	return filepath.Clean(path), run.Command("docker", "cp", "--follow-link", node+":/usr/bin/kubectl", path).Run(ctx)
}
