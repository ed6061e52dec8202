package manifest

import (
	"fmt"
	"slices"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/internal/agentspec"
	"github.com/kubevast/vast/sdk/api"
)

// Network is what the pods of a task can connect to. Empty is NetworkDefault.
type Network string

const (
	// NetworkDefault adds no NetworkPolicy.
	NetworkDefault Network = "default"
	// NetworkNone lets the nodes of a task connect to each other and nothing else.
	NetworkNone Network = "none"
)

// Networks lists the values, the default one first.
var Networks = []Network{NetworkDefault, NetworkNone}

// networkWarning is about what cannot be detected from outside.
const networkWarning = "network none is a NetworkPolicy: it isolates the task only if the cluster's network plugin enforces policies, " +
	"and a moment after a pod has its address"

// network adds the NetworkPolicy of a task without a network. It has the labels and the
// owner of the other helpers, so that it is deleted with the Job.
func (b *builder) network() {
	if b.in.Network != NetworkNone {
		return
	}
	b.warnings = append(b.warnings, networkWarning)
	pods := metav1.LabelSelector{MatchLabels: map[string]string{batchv1.JobNameLabel: b.name}}
	// Policy types without rules deny all traffic.
	policy := &networkingv1.NetworkPolicy{
		TypeMeta:   metav1.TypeMeta{APIVersion: networkingv1.SchemeGroupVersion.String(), Kind: "NetworkPolicy"},
		ObjectMeta: b.helperMeta(""),
		Spec: networkingv1.NetworkPolicySpec{
			PodSelector: pods,
			PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress},
		},
	}
	if b.task.NumNodes > 1 {
		nodes := []networkingv1.NetworkPolicyPeer{{PodSelector: &pods}}
		policy.Spec.Ingress = []networkingv1.NetworkPolicyIngressRule{{From: nodes}}
		policy.Spec.Egress = []networkingv1.NetworkPolicyEgressRule{{To: nodes}, clusterDNS()}
	}
	b.helperObjects = append(b.helperObjects, policy)
}

// clusterDNS allows DNS, by which the nodes of a task find each other. CoreDNS and
// kube-dns have these labels in common clusters; elsewhere the nodes do not find each
// other, and the launcher reports that.
func clusterDNS() networkingv1.NetworkPolicyEgressRule {
	port := func(p corev1.Protocol) networkingv1.NetworkPolicyPort {
		return networkingv1.NetworkPolicyPort{Protocol: &p, Port: ptr.To(intstr.FromInt32(53))}
	}
	return networkingv1.NetworkPolicyEgressRule{
		To: []networkingv1.NetworkPolicyPeer{{
			NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{corev1.LabelMetadataName: metav1.NamespaceSystem}},
			PodSelector:       &metav1.LabelSelector{MatchLabels: map[string]string{"k8s-app": "kube-dns"}},
		}},
		Ports: []networkingv1.NetworkPolicyPort{port(corev1.ProtocolUDP), port(corev1.ProtocolTCP)},
	}
}

// checkNetwork returns errors for what a task without a network cannot have. A
// NetworkPolicy selects pods, so the user's containers reach what ours may reach.
func (b *builder) checkNetwork(pod *corev1.PodSpec) error {
	if b.in.Network != NetworkNone {
		return nil
	}
	var problems []api.Problem
	refuse := func(format string, args ...any) {
		problems = append(problems, api.Problem{Option: "Network", Message: fmt.Sprintf(format, args...)})
	}
	if b.in.Results != nil {
		refuse("none is not possible if results and logs are kept, because the pods have to reach the store")
		problems[0].Remedies = []api.Remedy{{Options: []string{"NoResults"}, Purpose: "keep none"}}
	}
	fetch, _ := b.fetchOrders()
	if slices.ContainsFunc(fetch.Items, func(i agentspec.Item) bool { return i.Git != "" }) {
		refuse("none is not possible with files from a Git repository, which the pods have to reach; use a local directory")
	}
	if slices.ContainsFunc(fetch.Items, func(i agentspec.Item) bool { return i.URI != "" }) {
		refuse("none is not possible with files from a bucket, which the pods have to reach; put them into a volume")
	}
	if slices.ContainsFunc(fetch.Items, func(i agentspec.Item) bool { return i.Pack != "" }) {
		refuse("none is not possible with files of this size, which the pods have to fetch from the store; put them into a volume or the image")
	}
	if pod.HostNetwork {
		refuse("none is not possible with %s.spec.hostNetwork: NetworkPolicies do not apply to the node's network; remove one of the two", podConfigPath)
	}
	if len(problems) == 0 {
		return nil
	}
	return &api.InvalidSpecError{Problems: problems}
}
