package cluster

import (
	"context"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/util/retry"

	"github.com/kubevast/vast/internal/access"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
)

// resources are the plural names of the kinds that setup makes.
var resources = map[string]string{
	"ConfigMap": "configmaps", "Secret": "secrets", "Service": "services", "ServiceAccount": "serviceaccounts",
	"PersistentVolumeClaim": "persistentvolumeclaims", "Deployment": "deployments", "StorageClass": "storageclasses",
	"Role": "roles", "RoleBinding": "rolebindings", "Namespace": "namespaces",
	"ResourceFlavor": "resourceflavors", "ClusterQueue": "clusterqueues", "LocalQueue": "localqueues",
	"WorkloadPriorityClass":     "workloadpriorityclasses",
	"NetworkPolicy":             "networkpolicies",
	"ValidatingAdmissionPolicy": "validatingadmissionpolicies", "ValidatingAdmissionPolicyBinding": "validatingadmissionpolicybindings",
}

// at returns the client for the objects of one kind, and the words for it in
// an error.
func (c *Client) at(obj *unstructured.Unstructured) (dynamic.ResourceInterface, string, error) {
	set, err := c.objects()
	if err != nil {
		return nil, "", err
	}
	gvk := obj.GroupVersionKind()
	plural, ok := resources[gvk.Kind]
	if !ok {
		panic("cluster: the plural of " + gvk.Kind + " is missing")
	}
	words := schema.GroupResource{Group: gvk.Group, Resource: plural}.String()
	kind := set.Resource(gvk.GroupVersion().WithResource(plural))
	if ns := obj.GetNamespace(); ns != "" {
		return kind.Namespace(ns), words, nil
	}
	return kind, words, nil
}

// apply makes an object what it should be. What is so already is not touched.
func (c *Client) apply(ctx context.Context, obj runtime.Object, dryRun api.DryRun) (*unstructured.Unstructured, error) {
	u := toUnstructured(obj)
	client, words, err := c.at(u)
	if err != nil {
		return nil, err
	}
	opts := metav1.ApplyOptions{FieldManager: fieldManager, Force: true, DryRun: dryRun.Param()}
	var applied *unstructured.Unstructured
	// Two setups that make the same object meet once; after that it is there.
	err = retry.OnError(retry.DefaultRetry,
		func(err error) bool { return apierrors.IsConflict(err) || apierrors.IsAlreadyExists(err) },
		func() (err error) {
			applied, err = client.Apply(ctx, u.GetName(), u, opts)
			return err
		})
	return applied, c.conn.Classify(err, "patch", words)
}

// get returns an object as it is in the cluster; nil when it is not there.
func (c *Client) get(ctx context.Context, obj runtime.Object) (*unstructured.Unstructured, error) {
	u := toUnstructured(obj)
	client, words, err := c.at(u)
	if err != nil {
		return nil, err
	}
	there, err := client.Get(ctx, u.GetName(), metav1.GetOptions{})
	if isAbsent(err) {
		return nil, nil // absence is no error here
	}
	return there, c.conn.Classify(err, "get", words)
}

// remove deletes an object that was looked up, and does not wait until it is gone.
// One that is not there is no error.
func (c *Client) remove(ctx context.Context, obj *unstructured.Unstructured, dryRun api.DryRun) error {
	client, words, err := c.at(obj)
	if err != nil {
		return err
	}
	policy := metav1.DeletePropagationBackground
	if obj.GetKind() == "Deployment" {
		policy = metav1.DeletePropagationForeground // it goes when its pods are gone
	}
	opts := access.Exactly(obj.GetUID(), metav1.DeleteOptions{PropagationPolicy: &policy, DryRun: dryRun.Param()})
	err = client.Delete(ctx, obj.GetName(), opts)
	if isAbsent(err) {
		return nil
	}
	return c.conn.Deleted(err, words, obj.GetName())
}

// lookup gets many objects side by side. What is not there is left out.
func (c *Client) lookup(ctx context.Context, objects []runtime.Object) ([]*unstructured.Unstructured, error) {
	found := make([]*unstructured.Unstructured, len(objects))
	calls := make([]func() error, len(objects))
	for i, obj := range objects {
		calls[i] = func() (err error) {
			found[i], err = c.get(ctx, obj)
			return err
		}
	}
	err := together(calls...)
	return slices.DeleteFunc(found, func(u *unstructured.Unstructured) bool { return u == nil }), err
}

// foreign is the Conflict about objects that have the names of ours but another
// owner; nil when there are none.
func foreign(there []*unstructured.Unstructured) error {
	var names []string
	for _, u := range there {
		if !isOurs(u) {
			names = append(names, describe(u))
		}
	}
	if len(names) == 0 {
		return nil
	}
	return &api.ConflictError{Message: fmt.Sprintf(
		"these were not made by `cluster setup` and have the names that it needs: %s; nothing was changed. Rename or delete them, or use another namespace",
		strings.Join(names, ", "))}
}

func isOurs(obj metav1.Object) bool { return obj.GetLabels()[kube.LabelManagedBy] == kube.ManagedBy }

// describe is how an object is named to people: "deployment/vast-store".
func describe(u *unstructured.Unstructured) string {
	return strings.ToLower(u.GetKind()) + "/" + u.GetName()
}

// toUnstructured turns an object into what is sent: without a status, which is
// not ours to say.
func toUnstructured(obj runtime.Object) *unstructured.Unstructured {
	if u, ok := obj.(*unstructured.Unstructured); ok {
		return u
	}
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(obj)
	if err != nil {
		panic("cluster: an object of ours must convert: " + err.Error())
	}
	u := &unstructured.Unstructured{Object: content}
	unstructured.RemoveNestedField(u.Object, "status")
	unstructured.RemoveNestedField(u.Object, "metadata", "creationTimestamp")
	unstructured.RemoveNestedField(u.Object, "spec", "template", "metadata", "creationTimestamp")
	return u
}
