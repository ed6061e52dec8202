package result

import (
	"cmp"
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"
	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
)

// newest is the newest of what was seen; the zero value saw nothing.
type newest struct {
	id      string
	created metav1.Time
}

func (n *newest) see(id string, created metav1.Time) {
	if id != "" && (n.id == "" || n.created.Before(&created)) {
		n.id, n.created = id, created
	}
}

// latest is the id of the caller's newest task or campaign: as long as its Jobs
// are there by that, otherwise by what is kept. A campaign's ConfigMap stays when
// its Jobs are gone, and those of newer tasks may be gone then, too.
func (s *session) latest(ctx context.Context) (string, error) { return s.latestOf(ctx, false) }

// latestOwn is latest for who changes something: nothing that names no user.
func (s *session) latestOwn(ctx context.Context) (string, error) { return s.latestOf(ctx, true) }

func (s *session) latestOf(ctx context.Context, own bool) (string, error) {
	user, err := s.conn.User(ctx)
	if err != nil {
		return "", err
	}
	var task, campaign newest
	group, asking := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		task, err = s.newestJob(asking, user)
		return err
	})
	group.Go(func() (err error) {
		campaign, err = s.newestCampaign(asking, user, own)
		return err
	})
	if err := group.Wait(); err != nil {
		return "", err
	}
	last := task
	last.see(campaign.id, campaign.created)
	there := last.id != ""
	if there && last.id == campaign.id {
		if there, err = s.hasJobs(ctx, campaign.id); err != nil {
			return "", err
		}
	}
	if there {
		return last.id, nil
	}
	return s.newestKept(ctx, user, s.everything, own)
}

// latestTask is the id of the caller's newest task, found in the same way.
func (s *session) latestTask(ctx context.Context) (string, error) {
	user, err := s.conn.User(ctx)
	if err != nil {
		return "", err
	}
	if last, err := s.newestJob(ctx, user); last.id != "" || err != nil {
		return last.id, err
	}
	return s.newestKept(ctx, user, s.tasks, true)
}

// newestJob is the user's newest task of which something is kept.
func (c *Client) newestJob(ctx context.Context, user string) (newest, error) {
	var last newest
	err := c.eachJob(ctx, labels.Set{kube.LabelKind: kube.KindTask, kube.LabelUser: kube.LabelValue(user)}, func(job *batchv1.Job) bool {
		if job.Annotations[kube.AnnotationKept] != "" {
			last.see(job.Labels[kube.LabelTaskID], job.CreationTimestamp)
		}
		return true
	})
	return last, err
}

// newestKept is the newest of the user's results in the store that list lists.
func (s *session) newestKept(ctx context.Context, user string, list func(context.Context, string) ([]api.Result, error), own bool) (string, error) {
	results, err := list(ctx, user)
	if err != nil {
		return "", err
	}
	var last newest
	for _, r := range results {
		if r.User == user || r.User == "" && r.Campaign != "" && !own {
			last.see(cmp.Or(r.Campaign, r.TaskID), ptr.Deref(r.StartTime, metav1.Time{}))
		}
	}
	if last.id == "" {
		return "", s.notFound(kube.Latest, fmt.Sprintf("nothing is kept of user %q here", user))
	}
	return last.id, nil
}
