package cluster

import (
	"slices"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/kubevast/vast/sdk/internal/authz"
)

// rights are what carrying out a plan needs, each once.
func (p *plan) rights() []authz.Right {
	var all []authz.Right
	add := func(more ...authz.Right) {
		for _, r := range more {
			if !slices.Contains(all, r) {
				all = append(all, r)
			}
		}
	}
	for _, obj := range append(p.without(p.objects()), p.record.object(p.namespace)) {
		u := toUnstructured(obj)
		gvk := u.GroupVersionKind()
		needed := authz.Each(schema.GroupResource{Group: gvk.Group, Resource: resources[gvk.Kind]}.String(), "create", "patch")
		if u.GetNamespace() == "" {
			needed = authz.InCluster(needed)
		}
		add(needed...)
	}
	if p.replaces {
		add(authz.Each("deployments.apps", "delete")...)
	}
	if len(p.groups) == 0 {
		add(authz.InCluster(append(authz.Each("nodes", "list"), authz.Each("pods", "list")...))...)
	}
	if p.install {
		// Helm makes much more; who may make these may make that, too.
		for _, resource := range []string{"namespaces", "customresourcedefinitions.apiextensions.k8s.io", "clusterroles.rbac.authorization.k8s.io"} {
			add(authz.InCluster(authz.Each(resource, "create"))...)
		}
	}
	return all
}
