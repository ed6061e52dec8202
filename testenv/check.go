package testenv

import (
	"context"
	"fmt"
	"sync"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/testenv/internal/kueue"
	"github.com/kubevast/vast/testenv/internal/network"
)

// checkTimeout bounds a look at the cluster: one that takes longer is not well.
const checkTimeout = 5 * time.Second

// podSubnet is kind's default for the addresses of all pods.
const podSubnet = "10.244.0.0/16"

// problems checks all that a cluster should have and returns what is missing.
func (c *Cluster) problems(ctx context.Context) []string {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	if err := c.ready(ctx); err != nil {
		return []string{"the API server does not answer: " + err.Error()}
	}
	checks := []func(context.Context) error{c.checkNodes, c.checkDNS, c.checkStorage, c.checkRoutes, c.checkPolicies}
	if c.kueue || c.way == WayExisting {
		checks = append(checks, c.checkKueue)
	}
	found := make([]string, len(checks))
	var all sync.WaitGroup
	for i, check := range checks {
		all.Go(func() {
			if err := check(ctx); err != nil {
				found[i] = err.Error()
			}
		})
	}
	all.Wait()
	var problems []string
	for _, problem := range found {
		if problem != "" {
			problems = append(problems, problem)
		}
	}
	return problems
}

func (c *Cluster) ready(ctx context.Context) error {
	return c.client.Discovery().RESTClient().Get().AbsPath("/readyz").Do(ctx).Error()
}

func (c *Cluster) checkNodes(ctx context.Context) error {
	nodes, err := c.listNodes(ctx)
	if err != nil {
		return err
	}
	for _, node := range nodes {
		if !nodeReady(&node) {
			return fmt.Errorf("node %s is not ready", node.Name)
		}
	}
	if len(nodes) < c.nodes {
		return fmt.Errorf("%d of %d nodes have joined", len(nodes), c.nodes)
	}
	return nil
}

func nodeReady(node *corev1.Node) bool {
	for _, condition := range node.Status.Conditions {
		if condition.Type == corev1.NodeReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}

// checkDNS finds the DNS server by its label, whatever its name is.
func (c *Cluster) checkDNS(ctx context.Context) error {
	list, err := c.client.AppsV1().Deployments("kube-system").List(ctx, metav1.ListOptions{LabelSelector: "k8s-app=kube-dns"})
	if err != nil {
		return err
	}
	for _, deployment := range list.Items {
		if available(&deployment) {
			return nil
		}
	}
	return fmt.Errorf("no DNS server is available")
}

func (c *Cluster) checkStorage(ctx context.Context) error {
	classes, err := c.client.StorageV1().StorageClasses().List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	for _, class := range classes.Items {
		if class.Annotations["storageclass.kubernetes.io/is-default-class"] == "true" {
			return nil
		}
	}
	return fmt.Errorf("no StorageClass is the default")
}

func (c *Cluster) checkKueue(ctx context.Context) error {
	deployment, err := c.client.AppsV1().Deployments(kueue.Namespace).Get(ctx, kueue.Deployment, metav1.GetOptions{})
	if err != nil {
		return fmt.Errorf("Kueue: %w", err)
	}
	if !available(deployment) {
		return fmt.Errorf("Kueue is not available")
	}
	return nil
}

// checkRoutes finds a node that was restarted and has lost its routes.
func (c *Cluster) checkRoutes(ctx context.Context) error {
	if c.way != WaySource {
		return nil
	}
	nodes, err := c.networkNodes(ctx)
	if err != nil {
		return err
	}
	for _, node := range nodes {
		routes, err := c.Exec(ctx, node.Name, "ip", "route")
		if err != nil {
			return err
		}
		if missing := network.Missing(node, nodes, string(routes)); len(missing) > 0 {
			return fmt.Errorf("node %s has no route to the pods of %v", node.Name, missing)
		}
	}
	return nil
}

// available reports whether there is a pod that works. The condition of that name is met
// by a deployment that was scaled to none, too.
func available(deployment *appsv1.Deployment) bool {
	return deployment.Status.AvailableReplicas > 0
}
