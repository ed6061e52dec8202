package authz

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/sdk/api"
)

// descriptionKey is how Kubernetes has objects described.
const descriptionKey = "kubernetes.io/description"

// RoleName is what the Role of that kind is called, and its ClusterRole.
func RoleName(kind string) string { return "vast-" + kind }

// RolesFor returns the Role that grants in a namespace what the commands need
// (RoleUser), or what those need that change nothing (RoleReader), and a
// ClusterRole with what can be done without. Any other kind is InvalidSpecError.
func RolesFor(kind, namespace string) (*rbacv1.Role, *rbacv1.ClusterRole, error) {
	if kind != RoleUser && kind != RoleReader {
		return nil, nil, api.Invalid("", "there is no role %q; there are %s and %s", kind, RoleUser, RoleReader)
	}
	var here, everywhere []Right
	for _, p := range Purposes() {
		if !slices.Contains(p.Roles, kind) {
			continue
		}
		for _, r := range p.Rights {
			if r.Cluster {
				everywhere = append(everywhere, r)
			} else {
				here = append(here, r)
			}
		}
	}
	what := map[string]string{
		RoleUser:   "What the commands of Kubevast need in a namespace.",
		RoleReader: "What the commands of Kubevast that change nothing need in a namespace.",
	}[kind]
	meta := metav1.ObjectMeta{Name: RoleName(kind), Annotations: map[string]string{descriptionKey: what}}
	wide := *meta.DeepCopy()
	wide.Annotations[descriptionKey] = "Optional: without it Kubevast shows no quotas, nodes, classes and priorities of the cluster."
	meta.Namespace = namespace
	return &rbacv1.Role{TypeMeta: metav1.TypeMeta{APIVersion: rbacv1.SchemeGroupVersion.String(), Kind: "Role"}, ObjectMeta: meta, Rules: rules(here)},
		&rbacv1.ClusterRole{TypeMeta: metav1.TypeMeta{APIVersion: rbacv1.SchemeGroupVersion.String(), Kind: "ClusterRole"}, ObjectMeta: wide, Rules: rules(everywhere)}, nil
}

// rules are the rights by their resources, in a fixed order, each once. Resources
// of one group with the same verbs share a rule.
func rules(all []Right) []rbacv1.PolicyRule {
	type place struct{ group, resource, name string }
	verbs := map[place][]string{}
	var order []place
	for _, r := range all {
		at := place{name: r.Name}
		at.group, at.resource = split(r.Resource)
		if verbs[at] == nil {
			order = append(order, at)
		}
		if !slices.Contains(verbs[at], r.Verb) {
			verbs[at] = append(verbs[at], r.Verb)
		}
	}
	slices.SortStableFunc(order, func(a, b place) int {
		return cmp.Or(strings.Compare(a.group, b.group), strings.Compare(a.resource, b.resource), strings.Compare(a.name, b.name))
	})
	var out []rbacv1.PolicyRule
	for _, at := range order {
		slices.SortFunc(verbs[at], byVerb)
		rule := rbacv1.PolicyRule{APIGroups: []string{at.group}, Resources: []string{at.resource}, Verbs: verbs[at]}
		if at.name != "" {
			rule.ResourceNames = []string{at.name}
		}
		if i := slices.IndexFunc(out, func(o rbacv1.PolicyRule) bool { return joins(o, rule) }); i >= 0 {
			out[i].Resources = slices.Compact(append(out[i].Resources, at.resource))
			out[i].ResourceNames = append(out[i].ResourceNames, rule.ResourceNames...)
			continue
		}
		out = append(out, rule)
	}
	return out
}

// joins: two rules become one if that grants no more than both.
func joins(a, b rbacv1.PolicyRule) bool {
	same := a.APIGroups[0] == b.APIGroups[0] && slices.Equal(a.Verbs, b.Verbs)
	if len(a.ResourceNames) > 0 || len(b.ResourceNames) > 0 {
		return same && len(a.ResourceNames) > 0 && len(b.ResourceNames) > 0 && slices.Equal(a.Resources, b.Resources)
	}
	return same
}

var verbOrder = []string{"get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"}

func byVerb(a, b string) int { return slices.Index(verbOrder, a) - slices.Index(verbOrder, b) }

// split takes "jobs.batch" and "pods/log" apart: the group, and the resource as
// RBAC has it.
func split(text string) (group, resource string) {
	resource, sub, _ := strings.Cut(text, "/")
	resource, group, _ = strings.Cut(resource, ".")
	if sub != "" {
		resource = fmt.Sprintf("%s/%s", resource, sub)
	}
	return group, resource
}
