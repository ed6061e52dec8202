package testenv

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/kubevast/vast/testenv/internal/cache"
	"github.com/kubevast/vast/testenv/internal/engine"
	"github.com/kubevast/vast/testenv/internal/kindcluster"
	"github.com/kubevast/vast/testenv/internal/kueue"
	"github.com/kubevast/vast/testenv/internal/nodeimage"
	"github.com/kubevast/vast/testenv/internal/run"
)

// reviveTimeout is how long the API server of a cluster that is there may take to answer
// before the cluster is given up.
const reviveTimeout = 90 * time.Second

// Up makes sure that a cluster is there, with all that tests need, and returns it.
// One that is up is found to be so within seconds; one that is half there, because
// the machine or the Docker engine stopped, is made again.
func Up(ctx context.Context, opts Options) (*Cluster, error) {
	s, err := opts.resolve()
	if err != nil {
		return nil, err
	}
	if s.Kubeconfig != "" {
		return s.useExisting(ctx)
	}
	path, err := s.cache.Path("clusters", s.Name, "lock")
	if err != nil {
		return nil, err
	}
	unlock, err := cache.Lock(ctx, path)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if c := s.alreadyUp(ctx); c != nil {
		return c, nil
	}
	docker := &engine.Engine{Cache: s.cache, Root: s.root, Progress: s.progress}
	started, err := docker.Ensure(ctx)
	if err != nil {
		return nil, err
	}
	if started {
		if err := s.removeDead(ctx); err != nil {
			return nil, err
		}
	}
	c, err := s.findOrCreate(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.complete(ctx, c); err != nil {
		return nil, err
	}
	s.progress("cluster %s is up", s.Name)
	return c, nil
}

// useExisting connects to an existing cluster. What is missing there is printed and not
// installed: the cluster has another owner.
func (s *setup) useExisting(ctx context.Context) (*Cluster, error) {
	c, err := newCluster(s.Name, WayExisting, s.Kubeconfig)
	if err != nil {
		return nil, err
	}
	probe, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	if err := c.ready(probe); err != nil {
		return nil, fmt.Errorf("the cluster of %s does not answer: %w", s.Kubeconfig, err)
	}
	for _, problem := range c.problems(ctx) {
		s.progress("the cluster is used as it is, but tests that need this will fail: %s", problem)
	}
	c.kubectl = s.findKubectl(ctx, c)
	return c, nil
}

// alreadyUp returns the cluster if nothing has to be done, and nil otherwise.
func (s *setup) alreadyUp(ctx context.Context) *Cluster {
	known, err := s.readStamp()
	if err != nil || known.Way == "" || known.Images != wantedImages() || known.Kueue != s.wantedKueue() {
		return nil
	}
	if agent, err := s.wantedAgent(ctx); err != nil || known.Agent != agent {
		return nil // complete returns what is wrong with its sources
	}
	if policies, err := s.wantedPolicies(known.Way); err != nil || known.Policies != policies {
		return nil
	}
	c, err := s.connect(known.Way)
	if err != nil || len(c.problems(ctx)) > 0 {
		return nil
	}
	s.progress("cluster %s is up already (%s, %s)", s.Name, known.Way, known.Image)
	s.reportOutdated(ctx, known)
	c.kubectl = s.findKubectl(ctx, c)
	return c
}

// reportOutdated prints that a new cluster would have another node image. The existing one
// is kept: another process may be using it.
func (s *setup) reportOutdated(ctx context.Context, known stamp) {
	if known.Way != WaySource {
		return
	}
	builder := &nodeimage.Builder{Cache: s.cache, Root: s.root, Progress: s.progress}
	if tag, err := builder.Tag(ctx); err == nil && tag != known.Image {
		s.progress("its node image has changed since; cluster-down and cluster-up get %s", tag)
	}
}

func (s *setup) connect(way Way) (*Cluster, error) {
	kubeconfig, err := s.kubeconfigPath()
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(kubeconfig); err != nil {
		return nil, err
	}
	c, err := newCluster(s.Name, way, kubeconfig)
	if err == nil {
		c.nodes, c.kueue = s.Nodes, !s.WithoutKueue
	}
	return c, err
}

// wantedKueue is the version of Kueue that the cluster should have; none is empty.
func (s *setup) wantedKueue() string {
	if s.WithoutKueue {
		return ""
	}
	return kueue.Version()
}

// removeDead removes a cluster that stopped with an engine that is no more. The new one
// starts its containers again, but its pods take longer to find each other than a new
// cluster takes, and no process can have used it meanwhile.
func (s *setup) removeDead(ctx context.Context) error {
	nodes, err := kindcluster.Nodes(ctx, s.Name)
	if err != nil || len(nodes) == 0 {
		return err
	}
	s.progress("cluster %s stopped with the engine that it ran on and is made again", s.Name)
	return s.remove()
}

// remove removes the cluster and all that is known of it.
func (s *setup) remove() error {
	kubeconfig, err := s.kubeconfigPath()
	if err != nil {
		return err
	}
	if err := kindcluster.Delete(s.Name, kubeconfig, s.progress); err != nil {
		return err
	}
	return s.forget()
}

// findOrCreate returns a cluster whose API server answers and whose nodes run.
func (s *setup) findOrCreate(ctx context.Context) (*Cluster, error) {
	nodes, err := kindcluster.Nodes(ctx, s.Name)
	if err != nil {
		return nil, err
	}
	if len(nodes) > 0 {
		c, reason := s.revive(ctx, nodes)
		if reason == nil {
			return c, nil
		}
		s.progress("cluster %s is half dead and is made again: %v", s.Name, reason)
	}
	if err := s.remove(); err != nil {
		return nil, err
	}
	return s.create(ctx)
}

// revive returns the cluster whose node containers are there, if it can still be
// used. A worker that stopped, which a test may have wanted, is started again; a
// control plane that stopped is not worth the trouble.
func (s *setup) revive(ctx context.Context, nodes map[string]bool) (*Cluster, error) {
	known, err := s.readStamp()
	if err != nil {
		return nil, err
	}
	if known.Way == "" {
		return nil, errors.New("its making was cut short")
	}
	c, err := s.connect(known.Way)
	if err != nil {
		return nil, err
	}
	if err := c.waitAPIServer(ctx, nodes); err != nil {
		return nil, err
	}
	for node, running := range nodes {
		if running {
			continue
		}
		s.progress("node %s has stopped, starting it", node)
		if err := c.HealNode(ctx, node); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// waitAPIServer waits for the API server of a control plane whose container runs: on a
// machine that is busy it may be slow to answer, and another process may be using the cluster.
func (c *Cluster) waitAPIServer(ctx context.Context, nodes map[string]bool) error {
	if !nodes[c.name+"-control-plane"] {
		return errors.New("the container of its control plane does not run")
	}
	var last error
	err := wait.PollUntilContextTimeout(ctx, time.Second, reviveTimeout, true, func(ctx context.Context) (bool, error) {
		last = c.ready(ctx)
		return last == nil, nil
	})
	if err != nil {
		return fmt.Errorf("its API server does not answer: %w: %v", err, last)
	}
	return nil
}

// create makes the cluster, with the stock node image if that can be had.
func (s *setup) create(ctx context.Context) (*Cluster, error) {
	kubeconfig, err := s.kubeconfigPath()
	if err != nil {
		return nil, err
	}
	way, why := choose(facts{
		wanted:    s.Way,
		imageHere: func() bool { return imageHere(ctx, kindcluster.StockImage) },
		registry:  func() bool { return registryAnswers(ctx, http.DefaultClient, registry) },
	})
	s.progress("cluster %s: node image %s (%s)", s.Name, way, why)
	spec := kindcluster.Spec{Name: s.Name, Kubeconfig: kubeconfig, Image: kindcluster.StockImage, Nodes: s.Nodes}
	if way == WayStock && !imageHere(ctx, spec.Image) {
		s.progress("docker: pulling %s", spec.Image)
		if err := run.Command("docker", "pull", "--quiet", spec.Image).Run(ctx); err != nil {
			if s.Way == WayStock {
				return nil, err
			}
			s.progress("it cannot be pulled, so it is built from source: %v", err)
			way = WaySource
		}
	}
	if way == WaySource {
		builder := &nodeimage.Builder{Cache: s.cache, Root: s.root, Progress: s.progress}
		image, err := builder.Ensure(ctx)
		if err != nil {
			return nil, err
		}
		spec.Image, spec.FromSource = image, true
	}
	if err := s.createTwice(ctx, spec); err != nil {
		return nil, err
	}
	// Until now nothing is known of the cluster, so one cut short is made again.
	if err := s.writeStamp(stamp{Way: way, Image: spec.Image}); err != nil {
		return nil, err
	}
	return s.connect(way)
}

func imageHere(ctx context.Context, image string) bool {
	return run.Command("docker", "image", "inspect", image).Run(ctx) == nil
}

// createTwice gives kind a second chance: on a machine that is very busy kubeadm may time
// out on the API server after a minute, which cannot be configured.
func (s *setup) createTwice(ctx context.Context, spec kindcluster.Spec) error {
	err := s.createOnce(ctx, spec)
	if err == nil || ctx.Err() != nil {
		return err
	}
	s.progress("the cluster could not be made, once more: %v", err)
	return s.createOnce(ctx, spec)
}

// createOnce leaves no nodes behind when it fails, but their journals.
func (s *setup) createOnce(ctx context.Context, spec kindcluster.Spec) error {
	err := kindcluster.Create(spec, s.progress)
	if err == nil {
		return nil
	}
	err = fmt.Errorf("kind: %w\n%s", err, kindcluster.FailedOutput(err))
	path, pathErr := s.cache.Path("clusters", s.Name, "failed.log")
	if pathErr == nil {
		pathErr = os.WriteFile(path, []byte(kindcluster.Journal(ctx, s.Name)), 0o644)
	}
	if pathErr == nil {
		err = fmt.Errorf("%w\n(the nodes' journals are in %s)", err, path)
	}
	return errors.Join(err, kindcluster.Delete(s.Name, spec.Kubeconfig, s.progress))
}
