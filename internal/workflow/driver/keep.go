package driver

import (
	"bytes"
	"context"
	"net/http"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/apiserver"
	"github.com/kubevast/vast/internal/history"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/workflow/record"
)

// Keep adds a run that has ended to the history, and then marks it as kept in the cluster. It
// makes the driver's Job an owner of the run: with the TTL of that Job the run leaves the
// cluster, with all that it owns. A run without such a Job stays until it is deleted. Keep is
// idempotent. A run that does not exist any more, or has not ended, is ignored.
func Keep(ctx context.Context, api *apiserver.Client, namespace, id string, log *history.Log) error {
	c := &cluster{api: api, namespace: namespace}
	cm := &corev1.ConfigMap{}
	err := api.Send(ctx, http.MethodGet, c.core("configmaps/"+kube.RunName(id)), nil, cm)
	if apiserver.Is(err, http.StatusNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	run, err := record.FromObject(cm)
	if err != nil || !run.State.Phase.Final() || cm.Annotations[kube.AnnotationRecorded] != "" {
		return err
	}
	parts, err := c.parts(ctx, run)
	if err != nil {
		return err
	}
	if err := log.Add(ctx, cm, bytes.Join(parts, nil)); err != nil {
		return err
	}
	meta := map[string]any{"uid": run.UID, "annotations": map[string]any{kube.AnnotationRecorded: api.Now().UTC().Format(time.RFC3339)}}
	job, err := c.newestDriver(ctx, id)
	switch {
	case err != nil:
		return err
	case job == nil:
	case run.IsOwned(job) && job.DeletionTimestamp == nil:
		meta["ownerReferences"] = append(cm.OwnerReferences, metav1.OwnerReference{APIVersion: batchv1.SchemeGroupVersion.String(), Kind: "Job", Name: job.Name, UID: job.UID})
	}
	_, err = c.patchRun(ctx, run, map[string]any{"metadata": meta})
	if apiserver.Is(err, http.StatusForbidden) && meta["ownerReferences"] != nil { // some clusters require the right to delete for that
		delete(meta, "ownerReferences")
		_, err = c.patchRun(ctx, run, map[string]any{"metadata": meta})
	}
	if apiserver.Is(err, http.StatusNotFound) { // it was deleted meanwhile, and that is what counts
		return log.Remove(ctx, run)
	}
	return err
}
