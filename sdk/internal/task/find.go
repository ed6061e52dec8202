package task

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	batchv1 "k8s.io/api/batch/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/authz"
)

// resolve finds the Job that ref names for a read: by its name, its ID, the name of one
// of the caller's tasks, or a prefix of these; by @latest, or by CAMPAIGN/CONFIG/RUN
// for a run of a campaign.
func (c *Client) resolve(ctx context.Context, ref string) (*batchv1.Job, error) {
	return c.find(ctx, ref, false)
}

// resolveFor finds the Job that ref names for a change, and checks concurrently whether
// the caller has the right to do it.
func (c *Client) resolveFor(ctx context.Context, ref, verb string) (*batchv1.Job, error) {
	var asked sync.WaitGroup
	var refused error
	asked.Go(func() { refused = c.rights.Require(ctx, authz.Each(jobsResource, verb)...) })
	job, err := c.find(ctx, ref, true)
	asked.Wait()
	if err = cmp.Or(err, refused); err != nil {
		return nil, err
	}
	return job, nil
}

// find finds the Job that ref names; changes is set if the caller is going to change
// it.
func (c *Client) find(ctx context.Context, text string, changes bool) (*batchv1.Job, error) {
	ref, err := kube.ParseRef(text, kube.RefTask, kube.RefJob, kube.RefQueued)
	switch {
	case err != nil:
		return nil, err
	case ref.Name == "":
		err := api.Invalid("", "no task named; give its id")
		err.Problems[0].Remedies = []api.Remedy{{Action: api.TasksList}}
		return nil, err
	case ref.Name == kube.Latest:
		return c.latest(ctx, changes)
	case strings.Contains(ref.Name, "/"):
		return c.byRun(ctx, ref.Name, changes)
	case ref.Kind == kube.RefQueued:
		if ref.Name, err = c.queues.JobOf(ctx, ref.Name); err != nil {
			return nil, err
		}
	}
	if len(validation.IsDNS1123Subdomain(ref.Name)) == 0 && strings.Contains(ref.Name, "-") {
		// A Job's name is unique: no other request is needed.
		job, err := c.byName(ctx, ref.Name)
		if !isNotFound(err) {
			return job, err
		}
	}
	job, err := c.exactly(ctx, ref.Name, changes)
	if job != nil || err != nil {
		return job, err
	}
	if changes && isWhole(ref.Name) {
		return nil, c.notFound(ref.Name) // its Job is gone, and it is not a prefix of another one's name
	}
	return c.beginning(ctx, ref.Name, changes)
}

// exactly finds the task with that ID, or the caller's task with that name; nil for
// none.
func (c *Client) exactly(ctx context.Context, word string, changes bool) (*batchv1.Job, error) {
	var asked sync.WaitGroup
	var byID, byName []batchv1.Job
	var idErr, nameErr error
	if len(word) == kube.IDLength && isID(word) {
		asked.Go(func() {
			idErr = c.eachJob(ctx, c.conn.Namespace, selector(labels.Set{kube.LabelTaskID: word}), func(job *batchv1.Job) {
				byID = append(byID, *job)
			})
		})
	}
	user, err := c.conn.User(ctx)
	if err == nil {
		set := labels.Set{kube.LabelTaskName: kube.LabelValue(word)}
		nameErr = c.eachJob(ctx, c.conn.Namespace, selector(kindSelector, userSet(user), set), func(job *batchv1.Job) {
			if job.Annotations[kube.AnnotationTaskName] == word && job.Labels[kube.LabelTaskID] != word {
				byName = append(byName, *job)
			}
		})
	}
	asked.Wait()
	if err := cmp.Or(idErr, err, nameErr); err != nil {
		return nil, err
	}
	return choose(word, user, changes, append(byID, byName...))
}

// beginning finds the task whose ID or name begins with word among all tasks of the
// namespace. It is rarely needed.
func (c *Client) beginning(ctx context.Context, word string, changes bool) (*batchv1.Job, error) {
	user, err := c.conn.User(ctx)
	if err != nil {
		return nil, err
	}
	var found []batchv1.Job
	err = c.eachJob(ctx, c.conn.Namespace, selector(kindSelector), func(job *batchv1.Job) {
		names := candidate(job, user)
		for _, name := range append(names.Names, names.ID) {
			if strings.HasPrefix(name, word) {
				found = append(found, *job)
				return
			}
		}
	})
	if err != nil {
		return nil, err
	}
	job, err := choose(word, user, changes, found)
	if job == nil && err == nil {
		err = c.notFound(word)
	}
	return job, err
}

func choose(word, user string, changes bool, jobs []batchv1.Job) (*batchv1.Job, error) {
	all := make([]kube.Candidate, len(jobs))
	for i := range jobs {
		all[i] = candidate(&jobs[i], user)
	}
	i, err := kube.Choose(word, "tasks", changes, all)
	if i < 0 || err != nil {
		return nil, err
	}
	return &jobs[i], nil
}

// candidate returns the words that a Job is found by. A name selects only the caller's
// own tasks.
func candidate(job *batchv1.Job, user string) kube.Candidate {
	c := kube.Candidate{ID: job.Labels[kube.LabelTaskID], Display: job.Labels[kube.LabelTaskID] + " (" + job.Name + ")"}
	if job.Annotations[kube.AnnotationUser] == user {
		c.Names = []string{job.Name, job.Annotations[kube.AnnotationTaskName]}
	}
	return c
}

// maybeKept reports whether the store may have a task of that ref whose Job is gone.
func maybeKept(text string) bool {
	ref, err := kube.ParseRef(text, kube.RefTask, kube.RefJob)
	return err == nil && ref.Name != kube.Latest
}

// byName finds a Job by its own name.
func (c *Client) byName(ctx context.Context, name string) (*batchv1.Job, error) {
	job, err := c.conn.Kube.BatchV1().Jobs(c.conn.Namespace).Get(ctx, name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err) || (err == nil && !runsWork(job)):
		return nil, c.notFound(name)
	case err != nil:
		return nil, c.conn.Classify(err, "get", jobsResource)
	}
	return job, nil
}

// isID reports whether s may be the beginning of an ID.
func isID(s string) bool {
	return s != "" && len(s) <= kube.IDLength && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789") == ""
}

// isWhole reports whether s looks like a whole ID or a Job's name, "<name>-<id>".
func isWhole(s string) bool {
	id := s[strings.LastIndexByte(s, '-')+1:]
	return len(id) == kube.IDLength && isID(id)
}

// byRun finds the Job of one run of a campaign, CAMPAIGN/CONFIG/RUN. CAMPAIGN is its
// ID, its name, a prefix of these, or @latest.
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

// wholeRun replaces the campaign of a run's ref by its ID, which the store uses as
// well. It returns any other ref as it is.
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

// noLatest returns the error for a user without tasks. It names the user's newest
// campaign, since its runs have logs as well.
func (c *Client) noLatest(ctx context.Context, user string, changes bool) error {
	missing := &api.NotFoundError{Kind: "task", Name: kube.Latest, Namespace: c.conn.Namespace, Hint: fmt.Sprintf("user %q has none here", user)}
	if id, err := c.results.Campaign(ctx, kube.Latest, changes); err == nil && id != "" {
		missing.Hint += "; the newest campaign is " + id + ": name one of its runs, as in " + kube.Latest + "/CONFIG/RUN"
	}
	return missing
}

// keptRef returns the ref of a Job's results.
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
