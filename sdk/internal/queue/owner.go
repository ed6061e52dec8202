package queue

import (
	"context"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/sdk/api"
)

// JobOf returns the name of the Job that a Workload of the client's namespace belongs
// to. It returns a NotFoundError if the Workload does not exist or does not belong to
// a Job.
func (c *Client) JobOf(ctx context.Context, workload string) (string, error) {
	set, err := c.conn.Kueue()
	if err != nil {
		return "", err
	}
	w, err := set.KueueV1beta2().Workloads(c.conn.Namespace).Get(ctx, workload, metav1.GetOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		return "", c.conn.Classify(err, "get", workloads)
	}
	if err == nil {
		if owner := metav1.GetControllerOf(w); owner != nil && owner.Kind == "Job" {
			return owner.Name, nil
		}
	}
	return "", &api.NotFoundError{Kind: "task", Name: workload, Namespace: c.conn.Namespace,
		Hint: "no Job has that Workload", Remedies: []api.Remedy{{Action: api.QueuesPending}}}
}
