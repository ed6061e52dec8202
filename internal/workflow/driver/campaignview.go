package driver

import (
	"cmp"
	"context"
	"iter"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/internal/apiserver"
	"github.com/kubevast/vast/internal/diagnose"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/workflow"
	"github.com/kubevast/vast/internal/workflow/record"
	"github.com/kubevast/vast/sdk/api"
)

// campaign is what is known of an attempt at a task that is a campaign.
type campaign struct {
	spec *record.Campaign
	// uid is that of its record, empty while it does not exist.
	uid types.UID
	// complete and stopped are those of the record, and reason is why it was stopped.
	complete, stopped bool
	stoppedBy, reason string
	round             int
	jobs              map[string]runJob
	// statuses counts the Jobs by their status.
	statuses map[workflow.Status]int
	// started is when the first Job has started, zero if none has.
	started time.Time
	// cause is why it has failed, empty while that is not known. gone: Jobs that are not in
	// jobs do not exist.
	cause string
	gone  bool
	// busy: its Jobs are being created or stopped.
	busy bool
}

// runJob is a Job of a campaign.
type runJob struct {
	uid     types.UID
	version string
	status  workflow.Status
	ended   time.Time
	saveBy  time.Time
	// saved, suspended, timedOut: by its deadline. stopping: it was stopped.
	saved, suspended, timedOut, stopping bool
	round                                int
}

// campaignOf returns the campaign of an attempt, nil for a task that is none. It is called
// with v.mu.
func (v *view) campaignOf(at workflow.Attempt) *campaign {
	spec := v.specs[at.Task]
	if spec == nil {
		return nil
	}
	c := v.campaigns[at]
	if c == nil {
		c = &campaign{spec: spec, jobs: map[string]runJob{}, statuses: map[workflow.Status]int{}}
		v.campaigns[at] = c
	}
	return c
}

// putRecord records what the ConfigMap of a campaign has. An older version changes nothing.
func (v *view) putRecord(cm *corev1.ConfigMap) error {
	at, ours := v.campaignAttempt(cm)
	if !ours {
		return nil
	}
	r, err := record.CampaignOf(cm)
	if err != nil {
		return err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	c := v.campaignOf(at)
	if c.uid != cm.UID {
		c.uid, c.complete, c.stopped = cm.UID, false, false
	}
	c.round = v.recordRound
	c.complete = c.complete || r.Complete
	if r.Stopped && !c.stopped {
		c.stopped, c.stoppedBy, c.reason = true, cmp.Or(r.StoppedBy, theWorkflow), cm.Annotations[kube.AnnotationReason]
	}
	v.wake()
	return nil
}

func (v *view) recordGone(cm *corev1.ConfigMap) {
	at, ours := v.campaignAttempt(cm)
	if !ours {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if c := v.campaigns[at]; c != nil && c.uid == cm.UID {
		c.uid = ""
		v.wake()
	}
}

func (v *view) beginRecords() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.recordRound++
}

func (v *view) endRecords() {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, c := range v.campaigns {
		if c.round < v.recordRound {
			c.uid = ""
		}
	}
	v.recordsListed = true
	v.wake()
}

// putRunJob records what a Job of a campaign shows. It is called with v.mu.
func (v *view) putRunJob(c *campaign, job *batchv1.Job) {
	s := seen(job)
	now := runJob{uid: job.UID, version: job.ResourceVersion, status: s.Status, ended: s.Ended, saveBy: saveBy(job, s), saved: s.Saved,
		suspended: ptr.Deref(job.Spec.Suspend, false), timedOut: s.TimedOut, stopping: job.Annotations[kube.AnnotationStoppedBy] != "", round: v.round}
	before, had := c.jobs[job.Name]
	if had {
		c.statuses[before.status]--
	}
	c.jobs[job.Name] = now
	c.statuses[now.status]++
	if !s.Started.IsZero() && (c.started.IsZero() || s.Started.Before(c.started)) {
		c.started = s.Started
		v.wake()
	}
	if c.over() || c.stopped && !now.status.Final() && !now.stopping {
		v.wake()
	}
}

func (c *campaign) remove(name string) {
	if job, had := c.jobs[name]; had {
		c.statuses[job.status]--
		delete(c.jobs, name)
	}
}

// ended is how many Jobs have ended; over reports whether all that are known have.
func (c *campaign) ended() int {
	return c.statuses[workflow.StatusSuccess] + c.statuses[workflow.StatusFailed] + c.statuses[workflow.StatusStopped]
}

func (c *campaign) over() bool { return c.ended() == len(c.jobs) }

// undecided reports whether it is to be found out why the campaign has failed, or whether Jobs
// are missing.
func (c *campaign) undecided() (why, missing bool) {
	if c.uid == "" || c.stopped || !c.complete || !c.over() {
		return false, false
	}
	missing = len(c.jobs) < c.spec.Jobs && !c.gone
	return c.cause == "" && c.statuses[workflow.StatusFailed] > 0, missing
}

// seen returns what the campaign shows of its attempt.
func (c *campaign) seen(now time.Time) workflow.Seen {
	s := workflow.Seen{Status: workflow.StatusNotStarted, Started: c.started}
	success, failed := c.statuses[workflow.StatusSuccess], c.statuses[workflow.StatusFailed]
	why, missing := c.undecided()
	switch {
	case c.busy: // requests may be in flight that create Jobs
		if !c.started.IsZero() {
			s.Status = workflow.StatusRunning
		}
	case c.over() && success == c.spec.Jobs && c.reason == "":
		s.Status = workflow.StatusSuccess
	case c.over() && c.stopped && c.reason != "":
		s.Status, s.Cause, s.TimedOut = workflow.StatusFailed, c.reason, c.reason == string(api.CauseDeadline)
	case c.over() && c.stopped && c.started.IsZero():
		s.Status = workflow.StatusCancelled
	case c.over() && c.stopped:
		s.Status = workflow.StatusStopped
	case c.over() && c.complete && !why && !missing:
		switch {
		case failed > 0:
			s.Status, s.Cause = workflow.StatusFailed, c.cause
		case len(c.jobs) < c.spec.Jobs:
			s.Status, s.Cause = workflow.StatusFailed, workflow.CauseDeleted
		default:
			s.Status = workflow.StatusStopped
		}
	case !c.started.IsZero():
		s.Status = workflow.StatusRunning
	}
	if !s.Status.Final() {
		return s
	}
	if s.Saved = true; c.started.IsZero() { // there is nothing to save
		return s
	}
	for _, job := range c.jobs {
		if job.ended.After(s.Ended) {
			s.Ended = job.ended
		}
		s.Saved = s.Saved && (job.saved || !job.saveBy.IsZero() && now.After(job.saveBy))
	}
	return s
}

// observedCampaigns adds what the campaigns show. It is called with v.mu.
func (v *view) observedCampaigns(o *workflow.Observed, s workflow.State) {
	for at, c := range v.campaigns {
		if c.uid == "" {
			continue
		}
		one := c.seen(o.Now)
		if t := s.Tasks[at.Task]; one.Status == workflow.StatusCancelled && t.Attempt == at.Number && t.Status == workflow.StatusRunning {
			one.Status = workflow.StatusStopped
		}
		o.Tasks[at] = one
	}
}

// nextCampaign returns the first time at which a campaign has exceeded its timeout or counts as
// saved, zero for none. It is called with v.mu.
func (v *view) nextCampaign(now time.Time) time.Time {
	var first time.Time
	add := func(at time.Time) {
		if at.After(now) && (first.IsZero() || at.Before(first)) {
			first = at
		}
	}
	for _, c := range v.campaigns {
		switch {
		case c.uid == "":
		case c.over():
			for _, job := range c.jobs {
				if !job.saved {
					add(job.saveBy)
				}
			}
		case !c.stopped && c.spec.Timeout > 0 && !c.started.IsZero():
			add(c.deadline())
		}
	}
	return first
}

func (c *campaign) deadline() time.Time {
	return c.started.Add(time.Duration(c.spec.Timeout) * time.Second)
}

// work is what is to be done for a campaign.
type work string

const (
	makeJobs work = "the creation of the Jobs"
	stopJobs work = "the stop of the Jobs"
	exceeded work = "the timeout"
)

// campaignWork yields what is to be done for the campaigns of a run.
func (v *view) campaignWork(s workflow.State, now time.Time) iter.Seq2[workflow.Attempt, work] {
	v.mu.Lock()
	defer v.mu.Unlock()
	todo := map[workflow.Attempt]work{}
	for at, c := range v.campaigns {
		t := s.Tasks[at.Task]
		current := t.Attempt == at.Number && t.Scheduled && !t.Status.Final()
		switch {
		case c.uid == "":
		case c.stopped:
			for _, job := range c.jobs {
				if job.runs() {
					todo[at] = stopJobs
					break
				}
			}
		case current && c.spec.Timeout > 0 && !c.started.IsZero() && !c.over() && !now.Before(c.deadline()):
			todo[at] = exceeded
		case current && !c.complete:
			todo[at] = makeJobs
		}
	}
	return maps.All(todo)
}

// runs reports whether a Job has to be stopped if its campaign is.
func (j runJob) runs() bool { return !j.status.Final() && !j.stopping }

func (v *view) setBusy(at workflow.Attempt, busy bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if c := v.campaigns[at]; c != nil {
		c.busy = busy
	}
}

func (v *view) isStopped(at workflow.Attempt) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	c := v.campaigns[at]
	return c == nil || c.stopped || c.uid == ""
}

func (v *view) hasJob(at workflow.Attempt, name string) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if c := v.campaigns[at]; c != nil {
		_, has := c.jobs[name]
		return has
	}
	return false
}

// stoppable returns the Jobs of a campaign that have to be stopped, with what a patch of them
// needs, and the user who stopped it.
func (v *view) stoppable(at workflow.Attempt) (jobs []*batchv1.Job, user string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	c := v.campaigns[at]
	if c == nil {
		return nil, ""
	}
	for name, job := range c.jobs {
		if job.runs() {
			jobs = append(jobs, &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Name: name, UID: job.uid, ResourceVersion: job.version},
				Spec: batchv1.JobSpec{Suspend: ptr.To(job.suspended)}})
		}
	}
	return jobs, c.stoppedBy
}

// maxDiagnosed is how many failed Jobs of a campaign are diagnosed.
const maxDiagnosed = 10

// decideCampaigns finds out why campaigns have failed, by the pods of some of their failed
// Jobs, and whether Jobs that are not known exist.
func (v *view) decideCampaigns(ctx context.Context, c *cluster) error {
	v.mu.Lock()
	failed, check := map[*campaign][]string{}, map[*campaign]workflow.Attempt{}
	for at, one := range v.campaigns {
		why, missing := one.undecided()
		if missing {
			check[one] = at
		}
		if !why {
			continue
		}
		for name, job := range one.jobs {
			if job.status == workflow.StatusFailed {
				failed[one] = append(failed[one], name)
			}
		}
	}
	v.mu.Unlock()
	for one, names := range failed {
		slices.Sort(names)
		cause, err := c.causeOf(ctx, names[:min(len(names), maxDiagnosed)])
		if err != nil {
			return err
		}
		v.mu.Lock()
		one.cause = cause
		v.mu.Unlock()
	}
	for one, at := range check {
		there, err := c.jobsOf(ctx, one.spec.Attempt(at.Number))
		if err != nil {
			return err
		}
		v.mu.Lock()
		one.gone = !slices.ContainsFunc(there, func(name string) bool { _, known := one.jobs[name]; return !known })
		v.mu.Unlock()
	}
	return nil
}

// causeOf returns the most frequent cause of the failures of Jobs.
func (c *cluster) causeOf(ctx context.Context, names []string) (string, error) {
	counts := map[string]int{}
	for _, name := range names {
		job, err := c.job(ctx, name)
		if apiserver.Is(err, http.StatusNotFound) {
			counts[workflow.CauseDeleted]++
			continue
		}
		if err != nil {
			return "", err
		}
		if s := seen(job); s.TimedOut {
			counts[s.Cause]++
			continue
		}
		pods, err := c.podsOf(ctx, name)
		if err != nil {
			return "", err
		}
		cause := string(api.CauseUnknown)
		if d := diagnose.Task(diagnose.Facts{Job: job, Pods: pods}); d != nil {
			cause = string(d.Cause)
		}
		counts[cause]++
	}
	return slices.MaxFunc(slices.Sorted(maps.Keys(counts)), func(a, b string) int { return cmp.Compare(counts[a], counts[b]) }), nil
}

// jobsOf returns the names of the Jobs of a campaign, page by page and as they are now.
func (c *cluster) jobsOf(ctx context.Context, id string) ([]string, error) {
	query := url.Values{"labelSelector": {kube.LabelCampaign + "=" + kube.LabelValue(id)}, "limit": {strconv.Itoa(pageSize)}}
	var names []string
	for {
		var page metav1.PartialObjectMetadataList
		if err := c.api.Do(ctx, apiserver.Request{Method: http.MethodGet, Path: c.jobs(), Query: query, Accept: onlyMetaList}, &page); err != nil {
			return nil, err
		}
		for i := range page.Items {
			names = append(names, strings.Clone(page.Items[i].Name))
		}
		if page.Continue == "" {
			return names, nil
		}
		query.Set("continue", page.Continue)
	}
}
