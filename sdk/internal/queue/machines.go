package queue

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	scheduling "k8s.io/component-helpers/scheduling/corev1"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"
	"k8s.io/klog/v2"

	"github.com/kubevast/vast/internal/text"
)

// one is the quantity 1.
var one = resource.MustParse("1")

// Machines lists the cluster's nodes, in pages of 500; none if the caller may not list
// them. The result is cached for a moment.
func (c *Client) Machines(ctx context.Context) ([]corev1.Node, error) {
	return c.allNodes.Get("", func() ([]corev1.Node, error) { return c.machines(ctx) })
}

func (c *Client) machines(ctx context.Context) ([]corev1.Node, error) {
	var all []corev1.Node
	o := metav1.ListOptions{Limit: pageSize}
	for {
		list, err := c.conn.Kube.CoreV1().Nodes().List(ctx, o)
		if apierrors.IsForbidden(err) {
			return nil, nil
		} else if err != nil {
			return nil, c.conn.Classify(err, "list", "nodes")
		}
		all = append(all, list.Items...)
		if o.Continue = list.Continue; o.Continue == "" {
			return all, nil
		}
	}
}

// machineProblems returns the resources of which no node has enough for one pod of the
// task. Only nodes count on which its pods may run.
func machineProblems(machines []corev1.Node, d *Demand) []string {
	var fit []*corev1.Node
	for i := range machines {
		if mayRunOn(&machines[i], d.Pod) {
			fit = append(fit, &machines[i])
		}
	}
	if len(fit) == 0 {
		return nil
	}
	var out []string
	for _, name := range ordered(d.PerPod) {
		need, largest := d.PerPod[name], resource.Quantity{}
		for _, m := range fit {
			if have := m.Status.Allocatable[name]; have.Cmp(largest) > 0 {
				largest = have
			}
		}
		if need.Cmp(largest) > 0 {
			a, b := numbers(name, need, largest)
			if largest.IsZero() {
				b = "none"
			}
			out = append(out, fmt.Sprintf("%s needs %s %s, the largest machine has %s", d.subject(), a, unit(name), b))
		}
	}
	if len(out) == 0 && !anyHolds(fit, d.PerPod) {
		out = append(out, fmt.Sprintf("%s needs %s, and no machine has all of that", d.subject(), list(d.PerPod)))
	}
	return out
}

func (d *Demand) subject() string {
	if d.Pods > 1 {
		return "each node"
	}
	return "the node"
}

func anyHolds(machines []*corev1.Node, need corev1.ResourceList) bool {
	for _, m := range machines {
		holds := true
		for name, q := range need {
			have := m.Status.Allocatable[name]
			holds = holds && q.Cmp(have) <= 0
		}
		if holds {
			return true
		}
	}
	return false
}

// mayRunOn reports whether a pod may ever be scheduled on a node. Of the taints only
// those of control-plane roles count: others are temporary, or are tolerated by what
// a flavor or an admission plugin adds to the pod.
func mayRunOn(m *corev1.Node, pod *corev1.PodSpec) bool {
	if m.Spec.Unschedulable {
		return false
	}
	if pod == nil {
		pod = &corev1.PodSpec{}
	}
	role := func(t *corev1.Taint) bool {
		return t.Effect != corev1.TaintEffectPreferNoSchedule && strings.HasPrefix(t.Key, "node-role.kubernetes.io/")
	}
	if _, tainted := scheduling.FindMatchingUntoleratedTaint(klog.Background(), m.Spec.Taints, pod.Tolerations, role, false); tainted {
		return false
	}
	matches, err := nodeaffinity.GetRequiredNodeAffinity(&corev1.Pod{Spec: *pod}).Match(m)
	return err != nil || matches
}

// list returns the requests in words.
func list(need corev1.ResourceList) string {
	var all []string
	for _, name := range ordered(need) {
		all = append(all, amount(name, need[name]))
	}
	return text.And(all)
}
