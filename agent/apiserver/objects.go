package apiserver

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	batchv1 "k8s.io/api/batch/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/kubevast/vast/internal/kube"
)

// Pod reads a pod.
func (c *Client) Pod(ctx context.Context, namespace, name string) (*corev1.Pod, error) {
	pod := &corev1.Pod{}
	return pod, c.do(ctx, http.MethodGet, "/api/v1/namespaces/"+namespace+"/pods/"+name, nil, pod)
}

// PodsOf reads the pods of a Job: those of a task's nodes.
func (c *Client) PodsOf(ctx context.Context, namespace, job string) ([]corev1.Pod, error) {
	var list corev1.PodList
	query := url.Values{"labelSelector": {batchv1.JobNameLabel + "=" + job}}
	err := c.do(ctx, http.MethodGet, "/api/v1/namespaces/"+namespace+"/pods?"+query.Encode(), nil, &list)
	return list.Items, err
}

// Job reads a Job.
func (c *Client) Job(ctx context.Context, namespace, name string) (*batchv1.Job, error) {
	job := &batchv1.Job{}
	return job, c.do(ctx, http.MethodGet, "/apis/batch/v1/namespaces/"+namespace+"/jobs/"+name, nil, job)
}

// ErrForeign is about an object that has the name of ours, and another owner.
var ErrForeign = errors.New("it was not made by kubevast")

// PutLease creates the Lease, or replaces the one of that name if it is of the
// same kind of ours (kube.LabelKind), whatever is in it. Any other is left as it
// is, and the error is ErrForeign: it may be what an operator's leader is elected
// by. It fills in the resourceVersion, so that the next call is one request.
func (c *Client) PutLease(ctx context.Context, lease *coordinationv1.Lease) error {
	path := "/apis/coordination.k8s.io/v1/namespaces/" + lease.Namespace + "/leases"
	if lease.ResourceVersion == "" {
		err := c.do(ctx, http.MethodPost, path, lease, lease)
		if !Is(err, http.StatusConflict) {
			return err
		}
	} else {
		err := c.do(ctx, http.MethodPut, path+"/"+lease.Name, lease, lease)
		if Is(err, http.StatusNotFound) { // it was removed
			lease.ResourceVersion, lease.UID = "", ""
			return c.PutLease(ctx, lease)
		}
		if !Is(err, http.StatusConflict) {
			return err
		}
	}
	there := &coordinationv1.Lease{}
	if err := c.do(ctx, http.MethodGet, path+"/"+lease.Name, nil, there); err != nil {
		return err
	}
	if kind := there.Labels[kube.LabelKind]; kind == "" || kind != lease.Labels[kube.LabelKind] {
		return fmt.Errorf("lease %q: %w", lease.Name, ErrForeign)
	}
	// With both of them it is this very one that is replaced, or none.
	lease.ResourceVersion, lease.UID = there.ResourceVersion, there.UID
	return c.do(ctx, http.MethodPut, path+"/"+lease.Name, lease, lease)
}
