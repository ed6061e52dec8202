package task

import (
	"context"
	"fmt"

	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/manifest"
)

// findEarlier finds the Job of the task that an earlier call with the same request
// ID created, under whatever name. A Job of a version that did not record creators
// keeps its ID, so that the task is not created twice.
func (s *submission) findEarlier(ctx context.Context) error {
	if s.options.RequestID == "" {
		return nil
	}
	c, in := s.c, &s.input
	before := requestID(in.User, "", s.options)
	list, err := c.conn.Kube.BatchV1().Jobs(c.conn.Namespace).List(ctx,
		metav1.ListOptions{LabelSelector: fmt.Sprintf("%s,%s in (%s,%s)", kindSelector, kube.LabelTaskID, in.ID, before)})
	if err != nil {
		return c.conn.Classify(err, "list", jobsResource)
	}
	best := 0
	for i := range list.Items {
		if rank := rankRequest(&list.Items[i], in); rank > best {
			s.earlier, best = &list.Items[i], rank
		}
	}
	if s.earlier != nil {
		in.ID = s.earlier.Labels[kube.LabelTaskID]
	}
	return nil
}

// checkEarlier returns a ConflictError if the Job of the same request is not the one
// that this submission would create.
func (s *submission) checkEarlier(context.Context) error {
	if s.earlier == nil {
		return nil
	}
	return adoptable(s.earlier, s.objects.Job, s.options)
}

// rankRequest returns how likely a Job with the label of a request's task is that
// task, 0 for not at all: anybody may set the label on their own Jobs.
func rankRequest(job *batchv1.Job, in *manifest.Input) int {
	switch {
	case job.Name == kube.JobName(in.Task.Name, in.ID):
		return 3
	case job.Labels[kube.LabelTaskID] == in.ID:
		return 2
	case job.Annotations[kube.AnnotationCreator] == "":
		return 1
	}
	return 0 // versions that derived such IDs did not record creators
}

// adoptable returns a ConflictError if a Job is not the wanted one: if another user
// created it, or if it does something else. Its spec is compared, because anybody
// who may create Jobs can set its annotations.
func adoptable(job, want *batchv1.Job, o api.SubmitOptions) error {
	conflict := func(format string, args ...any) error {
		return &api.ConflictError{Message: fmt.Sprintf(format, args...)}
	}
	creator := job.Annotations[kube.AnnotationCreator]
	switch {
	case creator != "" && creator != want.Annotations[kube.AnnotationCreator]:
		return conflict("Job %s, which is where request %q would be, was created by %s, not by you; choose another request id",
			job.Name, o.RequestID, manifest.Whose(job))
	case job.DeletionTimestamp != nil:
		return conflict("task %s of the same request is being deleted; try again when it is gone", job.Name)
	case job.Annotations[kube.AnnotationSpecHash] != want.Annotations[kube.AnnotationSpecHash], job.Name != want.Name:
		return conflict("request %q was used before for another task (%s) of %s; choose another request id, or delete that task",
			o.RequestID, job.Name, manifest.Whose(job))
	}
	if path := manifest.Difference(want, job); path != "" {
		return conflict("Job %s of %s exists for request %q, but its %s differs from what this submission would create: someone else created it, the cluster has changed, or another version of this program created it; choose another request id, or delete that Job",
			job.Name, manifest.Whose(job), o.RequestID, path)
	}
	return nil
}
