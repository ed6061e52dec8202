package manifest

import (
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/sdk/kube"
)

// job wraps the pod in an Indexed Job: one completion a node, so that Kueue
// admits all of them or none; no retries, so that one failed node fails the
// task and ends the others.
func (b *builder) job(pod corev1.PodTemplateSpec) *batchv1.Job {
	nodes := int32(b.task.NumNodes)
	annotations := b.annotations()
	annotations[kube.AnnotationSpecHash] = b.in.Identity
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
			TTLSecondsAfterFinished: ptr.To(int32(b.in.Keep.Seconds())),
			Template:                pod,
		},
	}
	if b.in.Deadline > 0 {
		job.Spec.ActiveDeadlineSeconds = ptr.To(int64(b.in.Deadline.Seconds()))
	}
	return job
}

// suspend holds a Job back until its helpers exist. The annotation tells such
// a Job from one that waits in a queue.
func suspend(job *batchv1.Job) {
	job.Spec.Suspend = ptr.To(true)
	job.Annotations[kube.AnnotationSubmitting] = "true"
}
