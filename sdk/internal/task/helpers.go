package task

import (
	"context"
	"fmt"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/sdk/api"
)

// createHelper makes one object that the pods need, owned by the Job. One that
// is there already must have been made by an earlier, unfinished run of the
// same request.
func (c *Client) createHelper(ctx context.Context, obj runtime.Object, job *batchv1.Job, o api.SubmitOptions) error {
	core, create := c.conn.Kube.CoreV1(), metav1.CreateOptions{DryRun: o.DryRun.Param(), FieldManager: o.FieldManager}
	kind := helperResource(obj)
	var err error
	var there func(string) (metav1.Object, error)
	get := metav1.GetOptions{}
	switch helper := obj.(type) {
	case *corev1.Service:
		helper.OwnerReferences = ownedBy(job)
		_, err = core.Services(job.Namespace).Create(ctx, helper, create)
		there = func(name string) (metav1.Object, error) { return core.Services(job.Namespace).Get(ctx, name, get) }
	case *corev1.Secret:
		helper.OwnerReferences = ownedBy(job)
		_, err = core.Secrets(job.Namespace).Create(ctx, helper, create)
		there = func(name string) (metav1.Object, error) { return core.Secrets(job.Namespace).Get(ctx, name, get) }
	case *corev1.ConfigMap:
		helper.OwnerReferences = ownedBy(job)
		_, err = core.ConfigMaps(job.Namespace).Create(ctx, helper, create)
		there = func(name string) (metav1.Object, error) { return core.ConfigMaps(job.Namespace).Get(ctx, name, get) }
	case *networkingv1.NetworkPolicy:
		policies := c.conn.Kube.NetworkingV1().NetworkPolicies(job.Namespace)
		helper.OwnerReferences = ownedBy(job)
		_, err = policies.Create(ctx, helper, create)
		there = func(name string) (metav1.Object, error) { return policies.Get(ctx, name, get) }
	}
	if apierrors.IsAlreadyExists(err) && o.DryRun.Keeps() {
		return c.foreign(kind, obj.(metav1.Object).GetName(), job, there)
	}
	return c.conn.Classify(err, "create", kind)
}

// helperResource names a helper's kind as rights do.
func helperResource(obj runtime.Object) string {
	switch obj.(type) {
	case *corev1.Service:
		return "services"
	case *corev1.Secret:
		return "secrets"
	case *corev1.ConfigMap:
		return "configmaps"
	case *networkingv1.NetworkPolicy:
		return "networkpolicies.networking.k8s.io"
	}
	panic(fmt.Sprintf("task: a %T is no helper", obj))
}

// foreign refuses a helper that belongs to another Job: one of the same
// request that was just deleted, whose helpers are about to be collected. Who
// may not read it is trusted.
func (c *Client) foreign(kind, name string, job *batchv1.Job, there func(string) (metav1.Object, error)) error {
	have, err := there(name)
	if apierrors.IsForbidden(err) || err == nil && metav1.IsControlledBy(have, job) {
		return nil
	}
	return &api.UnavailableError{Message: fmt.Sprintf("%s %s of an earlier task is still being removed; try again in a moment", kind, name)}
}

func ownedBy(job *batchv1.Job) []metav1.OwnerReference {
	return []metav1.OwnerReference{{APIVersion: "batch/v1", Kind: "Job", Name: job.Name, UID: job.UID,
		Controller: ptr.To(true)}}
}
