package task

import (
	"context"
	"encoding/json"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/kube"
)

// Stop implements sdk.TaskWriter. One patch both says who stopped the task
// and gives its Job a deadline that is over: Kubernetes then ends the pods and
// calls the Job finished, so that it leaves its queue and is cleaned up when
// its time has come. (Suspending it would free neither.)
func (c *Client) Stop(ctx context.Context, ref string, o api.StopOptions) (*api.TaskStatus, error) {
	job, err := c.resolve(ctx, ref)
	if err != nil {
		return nil, err
	}
	if s := fromJob(job); s.State.Ended() {
		return &s, nil
	}
	user, err := c.conn.User(ctx)
	if err != nil {
		return nil, err
	}
	patch, err := json.Marshal(map[string]any{
		// Only this very Job, not another one that got its name.
		"metadata": map[string]any{"uid": job.UID, "annotations": map[string]any{
			kube.AnnotationStoppedBy: user,
			kube.AnnotationStoppedAt: time.Now().UTC().Format(time.RFC3339),
		}},
		"spec": map[string]any{"activeDeadlineSeconds": 1},
	})
	if err != nil {
		return nil, err
	}
	return c.patch(ctx, job, patch, metav1.PatchOptions{DryRun: dryRun(o.DryRun), FieldManager: o.FieldManager})
}

func (c *Client) patch(ctx context.Context, job *batchv1.Job, patch []byte, o metav1.PatchOptions) (*api.TaskStatus, error) {
	changed, err := c.conn.Kube.BatchV1().Jobs(job.Namespace).Patch(ctx, job.Name, types.MergePatchType, patch, o)
	if apierrors.IsNotFound(err) {
		return nil, c.notFound(job.Name)
	}
	if err != nil {
		return nil, c.conn.Classify(err, "patch", jobsResource)
	}
	s := fromJob(changed)
	return &s, nil
}

func dryRun(d api.DryRun) []string {
	if d == api.DryRunServer {
		return []string{metav1.DryRunAll}
	}
	return nil
}
