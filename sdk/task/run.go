package task

import (
	"context"
	"slices"
	"strings"

	batchv1 "k8s.io/api/batch/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubevast/vast/sdk/kube"
)

// byRun finds the Job of one run of a campaign, CAMPAIGN/CONFIG/RUN.
func (c *Client) byRun(ctx context.Context, ref string) (*batchv1.Job, error) {
	parts := strings.Split(ref, "/")
	if len(parts) != 3 || slices.Contains(parts, "") {
		return nil, c.notFound(ref)
	}
	var found *batchv1.Job
	err := c.eachJob(ctx, c.conn.Namespace, selector(labels.Set{kube.LabelKind: kube.KindRun, kube.LabelCampaign: kube.LabelValue(parts[0]),
		kube.LabelConfig: kube.LabelValue(parts[1]), kube.LabelRun: kube.LabelValue(parts[2])}),
		func(job *batchv1.Job) { found = job.DeepCopy() })
	if err == nil && found == nil {
		err = c.notFound(ref)
	}
	return found, err
}

// keptRef is the name by which the results of a Job are found.
func keptRef(job *batchv1.Job) string {
	if job.Labels[kube.LabelKind] != kube.KindRun {
		return job.Labels[kube.LabelTaskID]
	}
	run := job.Annotations[kube.AnnotationConfig] + "/" + job.Annotations[kube.AnnotationRun]
	if packed := strings.Fields(job.Annotations[kube.AnnotationRuns]); len(packed) > 0 {
		run = packed[0] // they share the log
	}
	return job.Annotations[kube.AnnotationCampaign] + "/" + run
}
