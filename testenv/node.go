package testenv

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/kubevast/vast/testenv/internal/kindcluster"
	"github.com/kubevast/vast/testenv/internal/run"
)

// healTimeout is how long a node may take to come back. Kubernetes looks for nodes
// that answer again every few seconds, the pods on it take longer.
const healTimeout = 3 * time.Minute

// KillNode stops a node as a power cut would. Kubernetes notices after its grace
// period. Only for kind clusters.
func (c *Cluster) KillNode(ctx context.Context, name string) error {
	if c.way == WayExisting {
		return ErrNotKind
	}
	return run.Command("docker", "kill", name).Run(ctx)
}

// HealNode starts a node that was stopped and returns when pods can run there again
// and nothing else in the cluster suffers from its absence. A node that runs is looked
// after just the same. Only for kind clusters.
func (c *Cluster) HealNode(ctx context.Context, name string) error {
	if c.way == WayExisting {
		return ErrNotKind
	}
	running, err := kindcluster.Nodes(ctx, c.name)
	if err != nil {
		return err
	}
	// The status of the node may be from before it stopped.
	var since time.Time
	if !running[name] {
		since = time.Now()
		if err := run.Command("docker", "start", name).Run(ctx); err != nil {
			return err
		}
	}
	var last error
	err = wait.PollUntilContextTimeout(ctx, 500*time.Millisecond, healTimeout, true, func(ctx context.Context) (bool, error) {
		// The container may have got another address, which the node reports only after
		// a while: set up the network until the node is well.
		if last = c.connectPods(ctx); last == nil {
			last = c.nodeWorks(ctx, name, since)
		}
		return last == nil, nil
	})
	if err != nil {
		return fmt.Errorf("node %s does not come back: %w: %v", name, err, last)
	}
	return c.settle(ctx)
}

// nodeWorks returns what keeps pods from running on a node that was started at the time
// given.
func (c *Cluster) nodeWorks(ctx context.Context, name string, since time.Time) error {
	lease, err := c.client.CoordinationV1().Leases(corev1.NamespaceNodeLease).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	if lease.Spec.RenewTime == nil || lease.Spec.RenewTime.Time.Before(since) {
		return errors.New("it has not reported yet")
	}
	node, err := c.client.CoreV1().Nodes().Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	if !nodeReady(node) {
		return errors.New("it is not ready")
	}
	for _, taint := range node.Spec.Taints {
		if taint.Effect != corev1.TaintEffectPreferNoSchedule {
			return fmt.Errorf("it has the taint %s", taint.Key)
		}
	}
	pods, err := c.client.CoreV1().Pods("").List(ctx, metav1.ListOptions{FieldSelector: "spec.nodeName=" + name})
	if err != nil {
		return err
	}
	for _, pod := range pods.Items {
		if ofDaemonSet(&pod) && !(podReady(&pod) && startedSince(&pod, since)) {
			return fmt.Errorf("pod %s/%s is not ready", pod.Namespace, pod.Name)
		}
	}
	return nil
}

// startedSince reports whether the containers are not those from before the node stopped.
func startedSince(pod *corev1.Pod, since time.Time) bool {
	for _, container := range pod.Status.ContainerStatuses {
		// The API has whole seconds.
		if running := container.State.Running; running == nil || running.StartedAt.Time.Before(since.Truncate(time.Second)) {
			return false
		}
	}
	return true
}

// ofDaemonSet picks the pods that other pods on a node depend on, such as kube-proxy.
func ofDaemonSet(pod *corev1.Pod) bool {
	owner := metav1.GetControllerOf(pod)
	return owner != nil && owner.Kind == "DaemonSet"
}

func podReady(pod *corev1.Pod) bool {
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}

// RestartAPIServer kills the API server and returns when it answers again. What was
// connected to it is cut off. Only for kind clusters.
func (c *Cluster) RestartAPIServer(ctx context.Context) error {
	node, err := c.controlPlane(ctx)
	if err != nil {
		return err
	}
	before, err := c.apiServerPID(ctx, node)
	if err != nil {
		return err
	}
	if _, err := c.Exec(ctx, node, "kill", "-KILL", before); err != nil {
		return err
	}
	var last error
	err = wait.PollUntilContextTimeout(ctx, 300*time.Millisecond, healTimeout, true, func(ctx context.Context) (bool, error) {
		now, err := c.apiServerPID(ctx, node)
		if err == nil && now == before {
			err = fmt.Errorf("process %s has not ended", before)
		}
		if err == nil {
			err = c.ready(ctx)
		}
		last = err
		return err == nil, nil
	})
	if err != nil {
		return fmt.Errorf("the API server does not come back: %w: %v", err, last)
	}
	return c.settle(ctx)
}

func (c *Cluster) apiServerPID(ctx context.Context, node string) (string, error) {
	out, err := c.Exec(ctx, node, "pgrep", "-x", "kube-apiserver")
	return strings.TrimSpace(string(out)), err
}
