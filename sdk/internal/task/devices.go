package task

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	resourcehelper "k8s.io/component-helpers/resource"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/text"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/manifest"
)

// lacksDevices returns a message if no node has the devices that a pod requests, with
// those that there are. It is empty if a node has them, free or not; if the pod requests
// none; and if no node may be read.
func lacksDevices(nodes []corev1.Node, pod *corev1.PodSpec) string {
	needs := devicesOf(pod)
	if len(needs) == 0 || len(nodes) == 0 {
		return ""
	}
	allowed := nodeaffinity.GetRequiredNodeAffinity(&corev1.Pod{Spec: *pod})
	for i := range nodes {
		if ok, err := allowed.Match(&nodes[i]); err != nil || ok && holds(&nodes[i], needs) {
			return ""
		}
	}
	var asked []string
	for _, name := range slices.Sorted(maps.Keys(needs)) {
		q := needs[name]
		asked = append(asked, q.String()+" "+string(name))
	}
	what := text.And(asked)
	if pod.Affinity != nil || len(pod.NodeSelector) > 0 {
		what += " and the labels that the task requires"
	}
	return "no node of the cluster has " + what + "; " + offered(nodes)
}

// devicesOf returns the devices that a pod requests.
func devicesOf(pod *corev1.PodSpec) corev1.ResourceList {
	out := resourcehelper.PodRequests(&corev1.Pod{Spec: *pod}, resourcehelper.PodResourcesOptions{})
	maps.DeleteFunc(out, func(name corev1.ResourceName, _ resource.Quantity) bool { return !manifest.IsDevice(name) })
	return out
}

func holds(m *corev1.Node, needs corev1.ResourceList) bool {
	for name, need := range needs {
		if have := m.Status.Allocatable[name]; have.Cmp(need) < 0 {
			return false
		}
	}
	return true
}

// maxOffered is the number of kinds of nodes in a message.
const maxOffered = 10

// offered lists the devices of the nodes: "they have L4:1 (2 nodes), T4:4".
func offered(nodes []corev1.Node) string {
	count := map[string]int{}
	for i := range nodes {
		if what := manifest.Accelerators(nodes[i].Labels, nodes[i].Status.Allocatable); what != "" {
			count[what]++
		}
	}
	if len(count) == 0 {
		return "none of them has an accelerator"
	}
	kinds := slices.Sorted(maps.Keys(count))
	more := max(len(kinds)-maxOffered, 0)
	parts := make([]string, 0, len(kinds))
	for _, s := range kinds[:len(kinds)-more] {
		if n := count[s]; n > 1 {
			s += fmt.Sprintf(" (%d nodes)", n)
		}
		parts = append(parts, s)
	}
	if more > 0 {
		parts = append(parts, fmt.Sprintf("%d other kinds", more))
	}
	return "they have " + strings.Join(parts, ", ")
}

// setDevices sets the hint of a task that no node can run for lack of its devices: what
// devices the nodes have. If the caller may not list nodes, the hint stays.
func (c *Client) setDevices(ctx context.Context, job *batchv1.Job, d *api.Diagnosis) {
	pod := &job.Spec.Template.Spec
	if d == nil || d.Cause != api.CauseUnschedulable || len(devicesOf(pod)) == 0 {
		return
	}
	nodes, err := c.queues.Machines(ctx)
	if err != nil {
		return // it is only a hint
	}
	if why := lacksDevices(nodes, pod); why != "" {
		d.Hint = why
	}
}

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
