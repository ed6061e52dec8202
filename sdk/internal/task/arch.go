package task

import (
	"context"
	"fmt"
	"slices"
	"strings"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/kube"
)

// maxArchPods limits the pods whose architecture Architectures looks up: one page of a list.
const maxArchPods = 500

// lacksArch returns a message if no node has one of the architectures, with those that there
// are. It is empty if arch is, and if no node may be read.
func lacksArch(nodes []corev1.Node, arch []string) string {
	if len(arch) == 0 || len(nodes) == 0 {
		return ""
	}
	var have []string
	for i := range nodes {
		is := archOf(&nodes[i])
		if slices.Contains(arch, is) {
			return ""
		}
		if is != "" && !slices.Contains(have, is) {
			have = append(have, is)
		}
	}
	slices.Sort(have)
	return fmt.Sprintf("no node of the cluster has the architecture %s; they have %s", strings.Join(arch, " or "), strings.Join(have, " and "))
}

// archOf returns the architecture of a node in Kubernetes' words; empty if it is not known.
func archOf(n *corev1.Node) string {
	if arch := n.Labels[corev1.LabelArchStable]; arch != "" {
		return arch
	}
	return n.Status.NodeInfo.Architecture
}

// Architectures returns the architectures of the nodes that the pods of a run's tasks are on,
// by the name of the Job; those of different nodes of one task are joined by a comma. It has
// no element for a Job whose pods are gone, and none at all if the pods or nodes cannot be
// read, or if there are more than 500 pods.
func (c *Client) Architectures(ctx context.Context, run string) map[string]string {
	pods, err := c.conn.Kube.CoreV1().Pods(c.conn.Namespace).List(ctx, metav1.ListOptions{Limit: maxArchPods,
		LabelSelector: kube.LabelWorkflow + "=" + run + "," + kube.LabelStep})
	if err != nil || len(pods.Items) == 0 || pods.Continue != "" {
		return nil
	}
	nodes, err := c.queues.Machines(ctx)
	if err != nil {
		return nil
	}
	return archOfJobs(pods.Items, nodes)
}

// archOfJobs returns the architectures of the nodes that pods are on by the pods' Jobs.
func archOfJobs(pods []corev1.Pod, nodes []corev1.Node) map[string]string {
	byName := make(map[string]string, len(nodes))
	for i := range nodes {
		byName[nodes[i].Name] = archOf(&nodes[i])
	}
	all := map[string][]string{}
	for i := range pods {
		job := pods[i].Labels[batchv1.JobNameLabel]
		if arch := byName[pods[i].Spec.NodeName]; arch != "" && job != "" && !slices.Contains(all[job], arch) {
			all[job] = append(all[job], arch)
		}
	}
	out := make(map[string]string, len(all))
	for job, arch := range all {
		slices.Sort(arch)
		out[job] = strings.Join(arch, ",")
	}
	return out
}
