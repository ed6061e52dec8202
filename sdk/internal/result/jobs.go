package result

import (
	"context"
	"errors"
	"fmt"
	"strings"

	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/pager"

	"github.com/kubevast/vast/internal/diagnose"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/sdk/api"
)

// pageSize is the number of objects of one list request.
const pageSize = 500

// jobState is what a Job shows of a result that lacks its inventory.
type jobState struct {
	active bool
	// queued: it is suspended, and so waits for its turn, for the first time or
	// again. What is not may only seem to be pending, since it saves its results.
	queued     bool
	user, name string
	created    metav1.Time
	// unknown: the Jobs could not be listed, so it may be active.
	unknown bool
}

// errEnough ends a listing.
var errEnough = errors.New("enough")

// eachJob calls do for the Jobs that set selects, until it returns false.
func (c *Client) eachJob(ctx context.Context, set labels.Set, do func(*batchv1.Job) bool) error {
	p := pager.New(func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
		list, err := c.conn.Kube.BatchV1().Jobs(c.conn.Namespace).List(ctx, o)
		return list, c.conn.Classify(err, "list", "jobs.batch")
	})
	p.PageSize = pageSize
	err := p.EachListItem(ctx, metav1.ListOptions{LabelSelector: set.String()}, func(obj runtime.Object) error {
		if !do(obj.(*batchv1.Job)) {
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

// hasJobs reports whether there are Jobs of a campaign.
func (c *Client) hasJobs(ctx context.Context, campaign string) (bool, error) {
	has := false
	err := c.eachJob(ctx, labels.Set{kube.LabelCampaign: kube.LabelValue(campaign)}, func(*batchv1.Job) bool {
		has = true
		return false
	})
	return has, err
}

// countJobs counts the runs of a campaign that only their Jobs show. Without
// the right to list Jobs the count is lower.
func (s *session) countJobs(ctx context.Context, campaign string, outcomes map[string]ending, n *api.RunCounts) {
	err := s.eachJob(ctx, labels.Set{kube.LabelCampaign: kube.LabelValue(campaign)}, func(job *batchv1.Job) bool {
		for _, key := range keysOf(job) {
			if _, ended := outcomes[campaign+"/"+key]; !ended {
				layout.Note(n, diagnose.State(job), false)
			}
		}
		return true
	})
	if err != nil && ctx.Err() == nil {
		s.conn.Warn(fmt.Sprintf("whether campaign %s still runs is not known: %v", campaign, err))
	}
}

// stateOf is the state of a Job.
func stateOf(job *batchv1.Job) jobState {
	return jobState{active: !diagnose.Over(job), queued: diagnose.State(job) == api.Queued,
		user: job.Annotations[kube.AnnotationUser], name: job.Annotations[kube.AnnotationTaskName], created: job.CreationTimestamp}
}

// ask adds the state of the Jobs to units without an inventory. It is one
// listing for all; without the right to list Jobs less is reported, and less is
// deleted.
func (s *session) ask(ctx context.Context, p place, units []*unit) {
	without := false
	for _, u := range units {
		without = without || !u.complete
	}
	if !without {
		return
	}
	var set labels.Set
	switch {
	case p.task != "":
		set = labels.Set{kube.LabelTaskID: p.task}
	case p.campaign != "":
		set = labels.Set{kube.LabelCampaign: kube.LabelValue(p.campaign)}
	default:
		set = labels.Set{kube.LabelKind: kube.KindTask}
	}
	states := map[string]jobState{}
	err := s.eachJob(ctx, set, func(job *batchv1.Job) bool {
		state := stateOf(job)
		for _, key := range keysOf(job) {
			states[key] = state
		}
		return true
	})
	if err != nil && ctx.Err() == nil {
		s.conn.Warn("whether the incomplete results still grow is not known: " + err.Error())
	}
	for _, u := range units {
		if u.complete {
			continue
		}
		if err != nil {
			u.job = jobState{unknown: true}
			continue
		}
		key := u.TaskID
		if u.Campaign != "" {
			key = strings.TrimPrefix(u.name(), u.Campaign+"/")
		}
		u.job = states[key]
	}
}

// keysOf are the task id, or the runs that a Job of a campaign holds.
func keysOf(job *batchv1.Job) []string {
	if job.Labels[kube.LabelKind] != kube.KindRun {
		return []string{job.Labels[kube.LabelTaskID]}
	}
	if packed := job.Annotations[kube.AnnotationRuns]; packed != "" {
		return strings.Fields(packed)
	}
	return []string{job.Annotations[kube.AnnotationConfig] + "/" + job.Annotations[kube.AnnotationRun]}
}

// whyNothing returns why nothing is kept of an existing task.
func (c *Client) whyNothing(ctx context.Context, id string) string {
	why := ""
	_ = c.eachJob(ctx, labels.Set{kube.LabelTaskID: id}, func(job *batchv1.Job) bool {
		switch {
		case job.Annotations[kube.AnnotationKept] == "":
			why = "the task was submitted without a store, or without results"
		case !diagnose.Over(job):
			why = "nothing was saved yet"
		default:
			why = "nothing was saved before its pods ended"
		}
		return true
	}) // without an answer the ordinary hint is given
	return why
}

// namesOf are the names of the incomplete units whose Jobs are so.
func namesOf(units []*unit, so func(jobState) bool) []string {
	var names []string
	for _, u := range units {
		if !u.complete && so(u.job) {
			names = append(names, u.name())
		}
	}
	return names
}
