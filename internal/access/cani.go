package access

import (
	"strings"

	"github.com/kubevast/vast/sdk/api"
)

// CanI returns the remedy that checks whether the caller has a right in a namespace,
// or in the whole cluster if that is empty. resource is one such as "jobs.batch" or
// "pods/log"; name is that of one object, or empty.
func CanI(verb, resource, name, namespace string) api.Remedy {
	resource, sub, _ := strings.Cut(resource, "/")
	if name != "" {
		resource += "/" + name
	}
	r := api.Remedy{Action: api.KubectlAction("auth can-i " + verb + " " + resource), Namespace: namespace, Purpose: "check"}
	if sub != "" {
		r.Options = append(r.Options, "subresource="+sub)
	}
	if namespace == "" {
		r.Namespace = "*"
		r.Options = append(r.Options, "all-namespaces")
	}
	return r
}
