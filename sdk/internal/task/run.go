package task

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	batchv1 "k8s.io/api/batch/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
)

// byRun finds the Job of one run of a campaign, CAMPAIGN/CONFIG/RUN. The campaign is
// named as elsewhere: by its id, its name, a beginning of these, or @latest.
func (c *Client) byRun(ctx context.Context, ref string, changes bool) (*batchv1.Job, error) {
	parts := strings.Split(ref, "/")
	if len(parts) != 3 || slices.Contains(parts, "") {
		return nil, c.notFound(ref)
	}
	campaign, err := c.results.Campaign(ctx, parts[0], changes)
	if err != nil || campaign == "" {
		return nil, cmp.Or[error](err, c.notFound(ref))
	}
	var found *batchv1.Job
	err = c.eachJob(ctx, c.conn.Namespace, selector(labels.Set{kube.LabelKind: kube.KindRun, kube.LabelCampaign: kube.LabelValue(campaign),
		kube.LabelConfig: kube.LabelValue(parts[1]), kube.LabelRun: kube.LabelValue(parts[2])}),
		func(job *batchv1.Job) { found = job.DeepCopy() })
	if err == nil && found == nil {
		err = c.notFound(campaign + "/" + parts[1] + "/" + parts[2])
	}
	return found, err
}

// wholeRun is a ref of a run with the id of its campaign, by which the store knows
// it, too; any other ref as it is.
func (c *Client) wholeRun(ctx context.Context, text string) string {
	ref, err := kube.ParseRef(text, kube.RefTask, kube.RefJob)
	campaign, rest, isRun := strings.Cut(ref.Name, "/")
	if err != nil || !isRun {
		return text
	}
	if id, err := c.results.Campaign(ctx, campaign, false); err == nil && id != "" {
		return id + "/" + rest
	}
	return text
}

// noLatest is what is said to somebody who has no task here. Campaigns are no tasks,
// but it may be the log of a run that is looked for.
func (c *Client) noLatest(ctx context.Context, user string, changes bool) error {
	missing := &api.NotFoundError{Kind: "task", Name: Latest, Namespace: c.conn.Namespace, Hint: fmt.Sprintf("user %q has none here", user)}
	if id, err := c.results.Campaign(ctx, Latest, changes); err == nil && id != "" {
		missing.Hint += "; the newest campaign is " + id + ": name one of its runs, as in " + Latest + "/CONFIG/RUN"
	}
	return missing
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
