package doctor

import (
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/sdk/api"
)

const (
	enforceLabel = "pod-security.kubernetes.io/enforce"
	defaultClass = "storageclass.kubernetes.io/is-default-class"
)

// anotherNamespace is the same call for another namespace.
var anotherNamespace = api.Remedy{Options: []string{"Namespace"}, Purpose: "name another one"}

// namespace checks that it exists and is not being deleted, and reports which pods it
// admits.
func (c *Client) namespace(ctx context.Context, _ api.DoctorOptions) []api.Check {
	name := c.conn.Namespace
	ns, err := c.conn.Kube.CoreV1().Namespaces().Get(ctx, name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return []api.Check{
			failed("namespace", fmt.Sprintf("namespace %q does not exist", name), "no task runs without it",
				api.Remedy{Action: api.KubectlAction("create namespace"), Ref: name, Namespace: "*"}, anotherNamespace),
			skipped("pod security", "there is no namespace"),
		}
	case apierrors.IsForbidden(err):
		return []api.Check{
			skipped("namespace", fmt.Sprintf("you may not get namespace %q itself, which tasks do not need", name)),
			skipped("pod security", "you may not get the namespace's labels"),
		}
	case err != nil:
		return one(failed("namespace", c.conn.Classify(err, "get", "namespaces").Error(), "try again"))
	case ns.DeletionTimestamp != nil:
		return one(failed("namespace", fmt.Sprintf("namespace %q is being deleted", name), "wait until it is gone and create it again", anotherNamespace))
	}
	return []api.Check{ok("namespace", fmt.Sprintf("namespace %q exists", name)), podSecurity(ns)}
}

// podSecurity reports which profile tasks get. Tasks run at every level.
func podSecurity(ns *corev1.Namespace) api.Check {
	switch level := ns.Labels[enforceLabel]; level {
	case "restricted":
		return ok("pod security", "the namespace enforces restricted; tasks run with that profile, as user 65534")
	case "", "privileged":
		return ok("pod security", "the namespace enforces nothing; tasks run with the profile baseline")
	default:
		return ok("pod security", fmt.Sprintf("the namespace enforces %s; tasks run with the profile baseline", level))
	}
}

// storageClass checks for a default, which volumes without a class get.
func (c *Client) storageClass(ctx context.Context, _ api.DoctorOptions) []api.Check {
	const name = "storage class"
	list, err := c.conn.Kube.StorageV1().StorageClasses().List(ctx, metav1.ListOptions{})
	if apierrors.IsForbidden(err) {
		return one(skipped(name, "you may not list storage classes"))
	}
	if err != nil {
		return one(warning(name, c.conn.Classify(err, "list", "storageclasses.storage.k8s.io").Error(), "try again"))
	}
	var defaults, others []string
	for _, class := range list.Items {
		if class.Annotations[defaultClass] == "true" {
			defaults = append(defaults, class.Name)
		} else {
			others = append(others, class.Name)
		}
	}
	slices.Sort(others)
	switch {
	case len(defaults) > 0:
		return one(ok(name, strings.Join(defaults, ", ")+" is the default"))
	case len(others) > 0:
		return one(warning(name, "none is the default; there are "+strings.Join(others, ", "),
			"volumes have to name one", api.Remedy{Options: []string{"StorageClass"}, Purpose: "name one for a volume"},
			api.Remedy{Action: api.KubectlAction("annotate storageclass " + others[0] + " " + defaultClass + "=true"), Namespace: "*", Purpose: "make it the default"}))
	}
	return one(warning(name, "the cluster has none, so volumes cannot be created", "install a storage provisioner; tasks without volumes need none"))
}
