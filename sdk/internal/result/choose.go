package result

import (
	"context"
	"errors"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
	batchv1 "k8s.io/api/batch/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/sdk/api"
)

// choose returns the id of the task, or the campaign, that a word means; empty
// for none. kind is what it has to be, empty for either.
func (s *session) choose(ctx context.Context, word string, kind kube.RefKind, changes bool) (id string, campaign bool, err error) {
	if ours := idOfJob(word); ours != "" && kind != kube.RefCampaign {
		tasks, err := s.folders(ctx, layout.Tasks, ours)
		if err != nil || slices.Contains(tasks, ours) {
			return ours, false, err
		}
	}
	var tasks, campaigns, named []string
	group, asking := errgroup.WithContext(ctx)
	if kind != kube.RefCampaign {
		if isID(word) {
			group.Go(func() (err error) {
				tasks, err = s.folders(asking, layout.Tasks, word)
				return err
			})
		}
		group.Go(func() (err error) {
			named, err = s.named(asking, word)
			return err
		})
	}
	if kind != kube.RefTask && kind != kube.RefJob {
		group.Go(func() (err error) {
			campaigns, err = s.folders(asking, layout.Campaigns, word)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return "", false, err
	}
	var all []kube.Candidate
	for _, id := range tasks {
		if !slices.Contains(named, id) {
			all = append(all, kube.Candidate{ID: id})
		}
	}
	for _, id := range named {
		all = append(all, kube.Candidate{ID: id, Names: []string{word}})
	}
	for _, id := range campaigns {
		c, err := s.campaignCandidate(ctx, id, word, changes)
		if err != nil {
			return "", false, err
		}
		all = append(all, c)
	}
	i, err := kube.Choose(word, wordFor(tasks, named, campaigns), changes, all)
	if i < 0 || err != nil {
		return "", false, err
	}
	return all[i].ID, slices.Contains(campaigns, all[i].ID), nil
}

// campaignCandidate is what a campaign is found by. Who changes something by its
// name means one of his own.
func (s *session) campaignCandidate(ctx context.Context, id, word string, changes bool) (kube.Candidate, error) {
	name := kube.CampaignName(id)
	c := kube.Candidate{ID: id, Named: len(name)}
	if name != word {
		return c, nil
	}
	if changes {
		user, err := s.conn.User(ctx)
		if err != nil {
			return c, err
		}
		if record, err := s.record(ctx, id); err != nil || record.User != user {
			return c, err
		}
	}
	c.Names = []string{name}
	return c, nil
}

// named are the ids of the caller's tasks of that name, as far as their Jobs are
// there. Who may not list Jobs has none.
func (s *session) named(ctx context.Context, name string) ([]string, error) {
	user, err := s.conn.User(ctx)
	if err != nil {
		return nil, err
	}
	var ids []string
	set := labels.Set{kube.LabelKind: kube.KindTask, kube.LabelUser: kube.LabelValue(user), kube.LabelTaskName: kube.LabelValue(name)}
	err = s.eachJob(ctx, set, func(job *batchv1.Job) bool {
		if job.Annotations[kube.AnnotationTaskName] == name && job.Annotations[kube.AnnotationKept] != "" {
			ids = append(ids, job.Labels[kube.LabelTaskID])
		}
		return true
	})
	if errors.As(err, new(*api.ForbiddenError)) {
		err = nil
	}
	return ids, err
}

// runOfJob is the run of a campaign, in the parts of its ref, whose Job is called
// so; nil for any other Job, and for one that is gone. One that holds several
// runs is InvalidSpecError.
func (s *session) runOfJob(ctx context.Context, parts []string) ([]string, error) {
	if len(parts) != 1 || !strings.Contains(parts[0], "-") {
		return nil, nil
	}
	job, err := s.conn.Kube.BatchV1().Jobs(s.conn.Namespace).Get(ctx, parts[0], metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err), apierrors.IsForbidden(err):
		return nil, nil
	case err != nil:
		return nil, s.conn.Classify(err, "get", "jobs.batch")
	case job.Labels[kube.LabelKind] != kube.KindRun:
		return nil, nil
	}
	campaign := job.Annotations[kube.AnnotationCampaign]
	if runs := strings.Fields(job.Annotations[kube.AnnotationRuns]); len(runs) > 0 {
		return nil, api.Invalid("", "Job %s holds several runs (%s): name one, as in %s/%s", job.Name, some(runs), campaign, runs[0])
	}
	return []string{campaign, job.Annotations[kube.AnnotationConfig], job.Annotations[kube.AnnotationRun]}, nil
}

// wordFor says of what a word may be the beginning.
func wordFor(tasks, named, campaigns []string) string {
	switch {
	case len(campaigns) == 0:
		return "tasks"
	case len(tasks)+len(named) == 0:
		return "campaigns"
	}
	return "tasks and campaigns"
}
