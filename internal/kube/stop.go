package kube

import (
	"encoding/json"
	"strconv"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	"k8s.io/utils/ptr"
)

// StopPatch returns a merge patch that records who stopped a task and makes its Job finish,
// so that it leaves its queue. A running Job gets a deadline that has passed. A suspended
// Job has no deadline; it gets 0 completions, and Kubernetes marks it as complete without
// starting it. The patch only applies to this Job, at the resourceVersion that was read.
func StopPatch(job *batchv1.Job, user string, now time.Time) ([]byte, error) {
	annotations := map[string]any{
		AnnotationStoppedBy: user,
		AnnotationStoppedAt: now.UTC().Format(time.RFC3339),
	}
	spec := map[string]any{"activeDeadlineSeconds": 1}
	if ptr.Deref(job.Spec.Suspend, false) {
		annotations[AnnotationNodes] = strconv.Itoa(NumNodes(job))
		spec = map[string]any{"parallelism": 0, "completions": 0}
	}
	return json.Marshal(map[string]any{
		"metadata": map[string]any{"uid": job.UID, "resourceVersion": job.ResourceVersion, "annotations": annotations},
		"spec":     spec,
	})
}

// NumNodes returns the number of a task's nodes, also after it was stopped.
func NumNodes(job *batchv1.Job) int {
	if n, err := strconv.Atoi(job.Annotations[AnnotationNodes]); err == nil {
		return n
	}
	return int(ptr.Deref(job.Spec.Completions, 1))
}
