package task

import (
	"context"
	"errors"
	"fmt"
	"io"
	"syscall"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/sdk/api"
)

// createHelper makes one object that the pods need, owned by the Job. One that
// is there already was made by an earlier, unfinished run of the same request.
func (c *Client) createHelper(ctx context.Context, obj runtime.Object, job *batchv1.Job, o api.SubmitOptions) error {
	core, create := c.conn.Kube.CoreV1(), metav1.CreateOptions{DryRun: dryRun(o.DryRun), FieldManager: o.FieldManager}
	var kind string
	var err error
	switch helper := obj.(type) {
	case *corev1.Service:
		kind, helper.OwnerReferences = "services", ownedBy(job)
		_, err = core.Services(job.Namespace).Create(ctx, helper, create)
	case *corev1.Secret:
		kind, helper.OwnerReferences = "secrets", ownedBy(job)
		_, err = core.Secrets(job.Namespace).Create(ctx, helper, create)
	case *corev1.ConfigMap:
		kind, helper.OwnerReferences = "configmaps", ownedBy(job)
		_, err = core.ConfigMaps(job.Namespace).Create(ctx, helper, create)
	default:
		return fmt.Errorf("cannot create a %T", obj)
	}
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	return c.conn.Classify(err, "create", kind)
}

func ownedBy(job *batchv1.Job) []metav1.OwnerReference {
	return []metav1.OwnerReference{{APIVersion: "batch/v1", Kind: "Job", Name: job.Name, UID: job.UID,
		Controller: ptr.To(true)}}
}

// isReset reports a connection that broke after it had been made.
func isReset(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}
