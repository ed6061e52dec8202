package main

import (
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/client-go/tools/cache"
)

// concern holds the cluster's NetworkPolicies, to drop events that no rule depends on. The
// controller writes all rules of its node anew after every event of a pod or namespace, and
// starts about ten programs for that; most pods of the tests are in namespaces without a
// policy. A policy that is created later is an event of its own: all rules are written then.
// A rule that is left of such a pod accepts, and goes at the next sync.
type concern struct{ policies cache.Store }

// pods passes an event of a pod to next if a policy is in the pod's namespace, or selects
// pods by their namespace.
func (c concern) pods(next cache.ResourceEventHandler) cache.ResourceEventHandler {
	return cache.FilteringResourceEventHandler{Handler: next, FilterFunc: func(object any) bool {
		m, err := meta.Accessor(object)
		if err != nil {
			return true // a tombstone
		}
		return c.any(func(p *networkingv1.NetworkPolicy) bool {
			return p.Namespace == m.GetNamespace() || acrossNamespaces(p)
		})
	}}
}

// namespaces passes an event of a namespace to next if a policy selects pods by their
// namespace.
func (c concern) namespaces(next cache.ResourceEventHandler) cache.ResourceEventHandler {
	return cache.FilteringResourceEventHandler{Handler: next, FilterFunc: func(any) bool { return c.any(acrossNamespaces) }}
}

func (c concern) any(is func(*networkingv1.NetworkPolicy) bool) bool {
	for _, object := range c.policies.List() {
		if policy, ok := object.(*networkingv1.NetworkPolicy); ok && is(policy) {
			return true
		}
	}
	return false
}

// acrossNamespaces reports whether a policy selects pods of other namespaces.
func acrossNamespaces(policy *networkingv1.NetworkPolicy) bool {
	var peers []networkingv1.NetworkPolicyPeer
	for _, rule := range policy.Spec.Ingress {
		peers = append(peers, rule.From...)
	}
	for _, rule := range policy.Spec.Egress {
		peers = append(peers, rule.To...)
	}
	for _, peer := range peers {
		if peer.NamespaceSelector != nil {
			return true
		}
	}
	return false
}
