package testenv

import (
	"context"
	"slices"
	"strings"

	"github.com/kubevast/vast/testenv/internal/engine"
	"github.com/kubevast/vast/testenv/internal/kindcluster"
)

// Status describes a cluster; to find it out changes nothing.
type Status struct {
	Name       string
	Way        Way    // empty if there is none
	Image      string // node image
	Kubeconfig string
	Kubectl    string
	Version    string // of Kubernetes
	Nodes      []NodeStatus
	// Problems is what keeps the cluster from being up; none means that it is.
	Problems []string
}

// NodeStatus is one node.
type NodeStatus struct {
	Name  string
	Roles string
	Ready bool
}

// Up reports whether tests can use the cluster.
func (s Status) Up() bool { return len(s.Problems) == 0 }

// GetStatus looks at the cluster.
func GetStatus(ctx context.Context, opts Options) (Status, error) {
	s, err := opts.resolve()
	if err != nil {
		return Status{}, err
	}
	status := Status{Name: s.Name}
	c, err := s.look(ctx, &status)
	if err != nil || c == nil {
		return status, err
	}
	status.Way, status.Kubeconfig, status.Kubectl = c.way, c.kubeconfig, s.findKubectl(ctx, c)
	status.Problems = append(status.Problems, c.problems(ctx)...)
	c.describe(ctx, &status)
	return status, nil
}

// look finds the cluster; without one, the problems say why there is none.
func (s *setup) look(ctx context.Context, status *Status) (*Cluster, error) {
	if s.Kubeconfig != "" {
		return newCluster(s.Name, WayExisting, s.Kubeconfig)
	}
	known, err := s.readStamp()
	if err != nil {
		return nil, err
	}
	if known.Way == "" {
		status.Problems = []string{"there is no cluster"}
		return nil, nil
	}
	status.Image = known.Image
	if !engine.Running(ctx) {
		status.Problems = []string{"no Docker engine answers"}
		return nil, nil
	}
	nodes, err := kindcluster.Nodes(ctx, s.Name)
	if err != nil {
		return nil, err
	}
	for node, running := range nodes {
		if !running {
			status.Problems = append(status.Problems, "the container of node "+node+" has stopped")
		}
	}
	if len(nodes) == 0 {
		status.Problems = []string{"its node containers are gone"}
		return nil, nil
	}
	return s.connect(known.Way)
}

// describe fills in what is only known where the API server answers.
func (c *Cluster) describe(ctx context.Context, status *Status) {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	if version, err := c.client.Discovery().ServerVersion(); err == nil {
		status.Version = version.GitVersion
	}
	nodes, err := c.listNodes(ctx)
	if err != nil {
		return // it is among the problems
	}
	for _, node := range nodes {
		role := "worker"
		if _, ok := node.Labels[controlPlaneLabel]; ok {
			role = "control-plane"
		}
		status.Nodes = append(status.Nodes, NodeStatus{Name: node.Name, Roles: role, Ready: nodeReady(&node)})
	}
	slices.SortFunc(status.Nodes, func(a, b NodeStatus) int { return strings.Compare(a.Name, b.Name) })
}
