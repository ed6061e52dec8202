package testenv

import (
	"context"
	_ "embed"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/testenv/internal/archive"
	"github.com/kubevast/vast/testenv/internal/cache"
	"github.com/kubevast/vast/testenv/internal/gobuild"
	"github.com/kubevast/vast/testenv/internal/rootfs"
	"github.com/kubevast/vast/testenv/internal/run"
)

// policiesName is the DaemonSet that enforces NetworkPolicies.
const policiesName = "vast-networkpolicy"

//go:embed policies.yaml
var policiesManifest string

// policiesFS is what the program that enforces them calls.
var policiesFS = rootfs.RootFS{
	Name:     "networkpolicy",
	Packages: []string{"iptables", "ipset"},
	Why:      "the system under what enforces NetworkPolicies; half a minute",
}

// wantedPolicies changes when NetworkPolicies are to be enforced by another program;
// it is empty where the nodes' own network does it, as kind's has since 0.24.
func (s *setup) wantedPolicies(way Way) (string, error) {
	if way != WaySource {
		return "", nil
	}
	program, err := gobuild.NetworkPolicy.Artefact(s.root)
	return cache.Hash(program.Hash, policiesFS.Artefact().Hash, policiesManifest), err
}

// enforcePolicies puts the program into the nodes and has it run on each. The point to
// point links of the pods' network let all that pods send pass the node's own rules.
func (s *setup) enforcePolicies(ctx context.Context, c *Cluster) error {
	version, err := s.wantedPolicies(c.way)
	if err != nil || version == "" {
		return err
	}
	file, err := s.built(ctx, gobuild.NetworkPolicy, "networkpolicy")
	if err != nil {
		return err
	}
	system, err := s.cache.Get(ctx, policiesFS.Artefact(), s.progress)
	if err != nil {
		return err
	}
	s.progress("loading what enforces NetworkPolicies into the nodes")
	image := "kubevast/networkpolicy:" + version
	if err := c.loadOnSystem(ctx, program{tags: []string{image}, file: file, path: "/usr/local/bin/networkpolicy"}, system); err != nil {
		return err
	}
	node, err := c.controlPlane(ctx)
	if err != nil {
		return err
	}
	return run.Cmd{
		Args: []string{"docker", "exec", "-i", node, "kubectl", "--kubeconfig=/etc/kubernetes/admin.conf",
			"apply", "--server-side", "--force-conflicts", "-f", "-"},
		Stdin: strings.NewReader(strings.Replace(policiesManifest, "IMAGE", image, 1)),
	}.Run(ctx)
}

// loadOnSystem is loadPrograms for one that calls others: they are in a system of
// Debian's packages, and it runs as root.
func (c *Cluster) loadOnSystem(ctx context.Context, p program, system string) error {
	return withWork(func(work string) error {
		image, err := p.image(filepath.Join(work, "program.tar"))
		if err != nil {
			return err
		}
		layer, err := archive.LayerFile(filepath.Join(system, rootfs.File))
		if err != nil {
			return err
		}
		image.Layers = append([]archive.Layer{layer}, image.Layers...)
		image.Config.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
		return c.loadStream(ctx, func(w io.Writer) error { return archive.Write(w, image) })
	})
}

// checkPolicies returns an error if NetworkPolicies are not enforced on all nodes.
func (c *Cluster) checkPolicies(ctx context.Context) error {
	if c.way != WaySource {
		return nil
	}
	set, err := c.client.AppsV1().DaemonSets(metav1.NamespaceSystem).Get(ctx, policiesName, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return fmt.Errorf("nothing enforces NetworkPolicies")
	}
	if err != nil {
		return err
	}
	wanted, status := set.Status.DesiredNumberScheduled, set.Status
	if status.ObservedGeneration < set.Generation || status.UpdatedNumberScheduled < wanted || status.NumberReady < wanted || wanted == 0 {
		return fmt.Errorf("NetworkPolicies are enforced on %d of %d nodes", status.NumberReady, wanted)
	}
	return nil
}
