package manifest

import (
	"encoding/json"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/internal/kube"
)

// job returns the Indexed Job of the pod: one completion per node, so that Kueue admits
// all of them or none; no retries, so that one failed node fails the task and
// terminates the others.
func (b *builder) job(pod corev1.PodTemplateSpec) *batchv1.Job {
	nodes := int32(b.task.NumNodes)
	annotations := b.annotations()
	annotations[kube.AnnotationSpecHash] = b.in.Identity
	if b.in.Creator != "" {
		annotations[kube.AnnotationCreator] = b.in.Creator
	}
	job := &batchv1.Job{
		TypeMeta: metav1.TypeMeta{APIVersion: "batch/v1", Kind: "Job"},
		ObjectMeta: metav1.ObjectMeta{
			Name: b.name, Namespace: b.in.Namespace, Labels: b.labels(), Annotations: annotations,
		},
		Spec: batchv1.JobSpec{
			CompletionMode:          ptr.To(batchv1.IndexedCompletion),
			Completions:             &nodes,
			Parallelism:             &nodes,
			BackoffLimit:            ptr.To[int32](0),
			TTLSecondsAfterFinished: ptr.To(int32(b.in.TTL.Seconds())),
			Template:                pod,
		},
	}
	if b.in.Deadline > 0 {
		job.Spec.ActiveDeadlineSeconds = ptr.To(int64(b.in.Deadline.Seconds()))
	}
	if b.in.Queue != "" {
		// Kueue's webhook would suspend it. It is set here, so that the object is
		// final, and so that it stays suspended if the webhook is not called.
		job.Spec.Suspend = ptr.To(true)
		job.Labels[kube.LabelQueue] = b.in.Queue
		if b.in.QueuePriority != "" {
			job.Labels[kube.LabelQueuePriority] = b.in.QueuePriority
		}
	}
	return job
}

// Unreleased returns the Job as it is created before its helpers: suspended, and without
// a queue, so that Kueue cannot admit it. Release undoes that.
func (o *Objects) Unreleased() *batchv1.Job {
	job := o.Job.DeepCopy()
	job.Spec.Suspend = ptr.To(true)
	job.Annotations[kube.AnnotationSubmitting] = "true"
	delete(job.Labels, kube.LabelQueue)
	return job
}

// Release returns the JSON merge patch that lets an unreleased Job start or wait in its
// queue. It only applies to the Job of this UID.
func (o *Objects) Release(uid types.UID) ([]byte, error) {
	metadata := map[string]any{"uid": uid, "annotations": map[string]any{kube.AnnotationSubmitting: nil}}
	patch := map[string]any{"metadata": metadata}
	if queue := o.Job.Labels[kube.LabelQueue]; queue != "" {
		metadata["labels"] = map[string]any{kube.LabelQueue: queue}
	} else {
		patch["spec"] = map[string]any{"suspend": false}
	}
	return json.Marshal(patch)
}
