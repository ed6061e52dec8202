package apiserver

import (
	"context"
	"net/http"
	"net/url"

	batchv1 "k8s.io/api/batch/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
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

// PutLease creates the Lease, or replaces the one of that name whatever is in
// it. It fills in the resourceVersion, so that the next call is one request.
func (c *Client) PutLease(ctx context.Context, lease *coordinationv1.Lease) error {
	path := "/apis/coordination.k8s.io/v1/namespaces/" + lease.Namespace + "/leases"
	if lease.ResourceVersion == "" {
		err := c.do(ctx, http.MethodPost, path, lease, lease)
		if !Is(err, http.StatusConflict) {
			return err
		}
	} else {
		err := c.do(ctx, http.MethodPut, path+"/"+lease.Name, lease, lease)
		if Is(err, http.StatusNotFound) { // somebody removed it
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
	lease.ResourceVersion = there.ResourceVersion
	return c.do(ctx, http.MethodPut, path+"/"+lease.Name, lease, lease)
}
