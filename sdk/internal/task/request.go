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

// findRequest looks for the task of a request that was made before, under
// whatever name; nil if there is none. One that was made by a version that did not
// know who creates Jobs keeps the id that it has, or it would be made twice.
func (c *Client) findRequest(ctx context.Context, in *manifest.Input, o api.SubmitOptions) (*batchv1.Job, error) {
	if o.RequestID == "" {
		return nil, nil //nolint:nilnil // there is none
	}
	before := requestID(in.User, "", o)
	list, err := c.conn.Kube.BatchV1().Jobs(c.conn.Namespace).List(ctx,
		metav1.ListOptions{LabelSelector: fmt.Sprintf("%s,%s in (%s,%s)", kindSelector, kube.LabelTaskID, in.ID, before)})
	if err != nil {
		return nil, c.conn.Classify(err, "list", jobsResource)
	}
	var found *batchv1.Job
	best := 0
	for i := range list.Items {
		if rank := rankRequest(&list.Items[i], in); rank > best {
			found, best = &list.Items[i], rank
		}
	}
	if found != nil {
		in.ID = found.Labels[kube.LabelTaskID]
	}
	return found, nil
}

// rankRequest is how surely a Job with the label of a request's task is that task:
// anybody may put the label on something of theirs. 0 is not at all.
func rankRequest(job *batchv1.Job, in *manifest.Input) int {
	switch {
	case job.Name == kube.JobName(in.Task.Name, in.ID):
		return 3
	case job.Labels[kube.LabelTaskID] == in.ID:
		return 2
	case job.Annotations[kube.AnnotationCreator] == "":
		return 1
	}
	return 0 // no version that gave such ids knew who creates Jobs
}

// adoptable refuses a Job that cannot be taken for the one that was asked for:
// somebody else's, or one that is to do something else. Of what it is to do its
// annotations are no proof.
func adoptable(job, want *batchv1.Job, o api.SubmitOptions) error {
	conflict := func(format string, args ...any) error {
		return &api.ConflictError{Message: fmt.Sprintf(format, args...)}
	}
	creator := job.Annotations[kube.AnnotationCreator]
	switch {
	case creator != "" && creator != want.Annotations[kube.AnnotationCreator]:
		return conflict("Job %s, which is where request %q would be, was made by %s, not by you; choose another --request-id",
			job.Name, o.RequestID, manifest.Whose(job))
	case job.DeletionTimestamp != nil:
		return conflict("task %s of the same request is being deleted; try again when it is gone", job.Name)
	case job.Annotations[kube.AnnotationSpecHash] != want.Annotations[kube.AnnotationSpecHash], job.Name != want.Name:
		return conflict("request %q was made before for another task (%s) of %s; choose another --request-id, or delete that task",
			o.RequestID, job.Name, manifest.Whose(job))
	}
	if path := manifest.Difference(want, job); path != "" {
		return conflict("Job %s of %s is there for request %q, but its %s is not what this would submit: someone else made it, the cluster has changed, or another version of this program made it; choose another --request-id, or delete that Job",
			job.Name, manifest.Whose(job), o.RequestID, path)
	}
	return nil
}
