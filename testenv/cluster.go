package testenv

import (
	"context"
	"errors"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/kubevast/vast/testenv/internal/run"
)

// ErrNotKind is returned for what can only be done to a cluster that kind made.
var ErrNotKind = errors.New("not a kind cluster of this test environment")

// controlPlaneLabel is on the nodes that run the control plane.
const controlPlaneLabel = "node-role.kubernetes.io/control-plane"

// Cluster is a cluster that runs.
type Cluster struct {
	name       string
	way        Way
	kubeconfig string
	kubectl    string
	client     kubernetes.Interface

	// What it should have; nothing is expected of an existing cluster.
	nodes int
	kueue bool
}

// newCluster connects to the cluster of a kubeconfig.
func newCluster(name string, way Way, kubeconfig string) (*Cluster, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, fmt.Errorf("kubeconfig %s: %w", kubeconfig, err)
	}
	config.QPS, config.Burst = 50, 100
	config.WarningHandler = rest.NoWarnings{}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	return &Cluster{name: name, way: way, kubeconfig: kubeconfig, client: client}, nil
}

// Kubeconfig returns the path of a kubeconfig whose current context is the cluster.
func (c *Cluster) Kubeconfig() string { return c.kubeconfig }

// Kubectl returns the path of a kubectl.
func (c *Cluster) Kubectl() string { return c.kubectl }

// Way returns how the cluster came about.
func (c *Cluster) Way() Way { return c.way }

// Client returns a client with the rights of an administrator.
func (c *Cluster) Client() kubernetes.Interface { return c.client }

// Nodes returns the names of the nodes, sorted.
func (c *Cluster) Nodes(ctx context.Context) ([]string, error) {
	nodes, err := c.listNodes(ctx)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, node := range nodes {
		names = append(names, node.Name)
	}
	slices.Sort(names)
	return names, nil
}

// Worker returns the name of a node that is no control plane: the one to kill.
func (c *Cluster) Worker(ctx context.Context) (string, error) {
	return c.findNode(ctx, false)
}

func (c *Cluster) controlPlane(ctx context.Context) (string, error) {
	return c.findNode(ctx, true)
}

func (c *Cluster) findNode(ctx context.Context, controlPlane bool) (string, error) {
	nodes, err := c.listNodes(ctx)
	if err != nil {
		return "", err
	}
	for _, node := range nodes {
		if _, ok := node.Labels[controlPlaneLabel]; ok == controlPlane {
			return node.Name, nil
		}
	}
	return "", fmt.Errorf("no node of the cluster is one (control plane: %v)", controlPlane)
}

func (c *Cluster) listNodes(ctx context.Context) ([]corev1.Node, error) {
	list, err := c.client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	return list.Items, nil
}

// Exec runs a command on a node and returns what it wrote to standard output; what
// it wrote besides is in the error. Only for kind clusters.
func (c *Cluster) Exec(ctx context.Context, node string, command ...string) ([]byte, error) {
	if c.way == WayExisting {
		return nil, ErrNotKind
	}
	return run.Command(append([]string{"docker", "exec", node}, command...)...).Output(ctx)
}
