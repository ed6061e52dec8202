package cluster

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/kubevast/vast/internal/access"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/runs"
)

// work is what has not ended in the namespace. Every Job and pod that has our
// label counts, of whatever kind it is and in whatever queue: one of a kind that
// is not known here would lose its store as any other.
type work struct {
	// jobs have not ended; pods go on though their Job has, or without one.
	jobs, pods []part
	// begun are the campaigns of which not all Jobs were made.
	begun []string
	// schedules submit runs of workflows.
	schedules []string
}

// part is a Job or a pod. There may be very many, so it is no more than is needed
// to name and to stop it.
type part struct {
	of   unit
	runs int
	name string
	uid  types.UID
	// owner of a pod is its Job; empty for a pod without one.
	owner types.UID
	// leaving: it is being deleted.
	leaving bool
	// driver: it is the Job that drives a workflow's run.
	driver bool
	job    *batchv1.Job // as StopJob needs it; nil of a pod
}

// unit is what people call one piece of work.
type unit struct{ kind, name string }

// kindCampaign is the kind under which all of a campaign's Jobs are named.
const kindCampaign = kube.KindCampaign

// kindWorkflow is the kind under which all Jobs of a workflow's run are named, its driver
// too.
const kindWorkflow = "workflow run"

// overdue is how long after the end of its grace period a pod still counts as
// saving: pods on a lost node never report their end.
const overdue = 30 * time.Second

// unfinished looks at the Jobs, at the pods and at the campaigns' records: one
// listing each, in pages.
func (c *Client) unfinished(ctx context.Context) (*work, error) {
	w := &work{}
	err := together(
		func() error {
			return c.tasks.EachJob(ctx, c.conn.Namespace, kube.LabelKind, func(job *batchv1.Job, s *api.TaskStatus) {
				if !s.State.Ended() {
					w.jobs = append(w.jobs, partOf(job))
				}
			})
		},
		func() (err error) { w.pods, err = c.livePods(ctx); return err },
		func() (err error) { w.begun, err = c.campaigns.Unsubmitted(ctx); return err },
		func() (err error) { w.schedules, err = c.activeSchedules(ctx); return err },
	)
	w.dropKnown()
	return w, err
}

// activeSchedules returns the schedules of workflows that are not suspended. Who may not list
// CronJobs has none.
func (c *Client) activeSchedules(ctx context.Context) ([]string, error) {
	names, err := c.runs.Schedules().Active(ctx)
	if api.IsForbidden(err) {
		return nil, nil
	}
	return names, err
}

// livePods are the pods of ours that have not ended.
func (c *Client) livePods(ctx context.Context) ([]part, error) {
	var pods []part
	now := time.Now()
	err := c.listAll(ctx, "pods", func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
		o.LabelSelector = kube.LabelKind
		o.FieldSelector = "status.phase!=Succeeded,status.phase!=Failed"
		return c.conn.Kube.CoreV1().Pods(c.conn.Namespace).List(ctx, o)
	}, func(obj runtime.Object) {
		if pod := obj.(*corev1.Pod); lives(pod, now) {
			pods = append(pods, partOf(pod))
		}
	})
	return pods, err
}

func lives(pod *corev1.Pod, now time.Time) bool {
	if pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed {
		return false
	}
	return pod.DeletionTimestamp == nil || now.Before(pod.DeletionTimestamp.Add(overdue))
}

// dropKnown omits the pods of unfinished Jobs: the Jobs stand for them.
func (w *work) dropKnown() {
	going := sets.New[types.UID]()
	for _, job := range w.jobs {
		going.Insert(job.uid)
	}
	w.pods = slices.DeleteFunc(w.pods, func(p part) bool { return going.Has(p.owner) })
}

func partOf(obj metav1.Object) part {
	p := part{of: unitOf(obj), runs: runsIn(obj), name: obj.GetName(), uid: obj.GetUID(), leaving: obj.GetDeletionTimestamp() != nil, driver: obj.GetLabels()[kube.LabelKind] == kube.KindDriver}
	if owner := metav1.GetControllerOf(obj); owner != nil {
		p.owner = owner.UID
	}
	if job, ok := obj.(*batchv1.Job); ok {
		p.job = &batchv1.Job{
			ObjectMeta: metav1.ObjectMeta{Name: job.Name, Namespace: job.Namespace, UID: job.UID, ResourceVersion: job.ResourceVersion},
			Spec:       batchv1.JobSpec{Suspend: job.Spec.Suspend, Completions: job.Spec.Completions},
		}
	}
	return p
}

func unitOf(obj metav1.Object) unit {
	labels := obj.GetLabels()
	if id := labels[kube.LabelWorkflow]; id != "" {
		return unit{kindWorkflow, id}
	}
	if name := labels[kube.LabelSchedule]; name != "" {
		return unit{kube.KindSchedule, name}
	}
	if id := cmp.Or(obj.GetAnnotations()[kube.AnnotationCampaign], labels[kube.LabelCampaign]); id != "" {
		return unit{kindCampaign, id}
	}
	return unit{cmp.Or(labels[kube.LabelKind], "work"), cmp.Or(labels[batchv1.JobNameLabel], obj.GetName())}
}

// runs is how many runs of a campaign a Job or pod holds.
func runsIn(obj metav1.Object) int {
	if packed := strings.Fields(obj.GetAnnotations()[kube.AnnotationRuns]); len(packed) > 0 {
		return len(packed)
	}
	if obj.GetLabels()[kube.LabelKind] == kube.KindRun {
		return 1
	}
	return 0
}

// items name all of it, each piece of work once.
func (w *work) items() []api.UnfinishedWork {
	found := map[unit]*api.UnfinishedWork{}
	at := func(u unit) *api.UnfinishedWork {
		if found[u] == nil {
			found[u] = &api.UnfinishedWork{Kind: u.kind, Name: u.name}
		}
		return found[u]
	}
	// What is only saving ends by itself.
	going := sets.New[unit]()
	for _, p := range slices.Concat(w.jobs, w.pods) {
		at(p.of).Runs += p.runs
		if p.job != nil || p.owner == "" {
			going.Insert(p.of)
		}
	}
	for _, id := range w.begun {
		at(unit{kindCampaign, id}).Submitting = true
		going.Insert(unit{kindCampaign, id})
	}
	for _, name := range w.schedules {
		at(unit{kube.KindSchedule, name})
		going.Insert(unit{kube.KindSchedule, name})
	}
	var out []api.UnfinishedWork
	for u, one := range found {
		one.Saving = !going.Has(u)
		out = append(out, *one)
	}
	slices.SortFunc(out, func(a, b api.UnfinishedWork) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name))
	})
	return out
}

// mostStops is how much work has remedies that stop it: a message names no more.
const mostStops = 3

// toStop returns the remedies that stop work, which wordsForWork names.
func toStop(all []api.UnfinishedWork) []api.Remedy {
	var remedies []api.Remedy
	for _, w := range all {
		switch {
		case w.Saving || len(remedies) == mostStops:
		case w.Kind == kindCampaign:
			remedies = append(remedies, api.Remedy{Action: api.CampaignsStop, Ref: w.Name})
		case w.Kind == kindWorkflow:
			remedies = append(remedies, api.Remedy{Action: runs.WorkflowsStop, Ref: w.Name})
		case w.Kind == kube.KindSchedule:
			remedies = append(remedies, api.Remedy{Action: runs.SchedulesSuspend, Ref: w.Name})
		case w.Kind == kube.KindTask:
			remedies = append(remedies, api.Remedy{Action: api.TasksStop, Ref: w.Name})
		}
	}
	return remedies
}

// wordsForWork name work to people.
func wordsForWork(all []api.UnfinishedWork) string {
	names := make([]string, len(all))
	for i, one := range all {
		names[i] = one.String()
	}
	return strings.Join(few(names), ", ")
}

// atOnce is how many Jobs are stopped at a time.
const atOnce = 8

// stopWork ends all work of ours and waits until its results are saved. A
// campaign is stopped as a whole, so that no more Jobs of it are made. What
// starts meanwhile is stopped, too.
func (c *Client) stopWork(ctx context.Context, r *run) error {
	s := &stopping{alone: map[unit]int{}, c: c, r: r, stopped: sets.New[string]()}
	return r.await(ctx, "work to end and to save what it has", s.look)
}

// stopping is the work of a namespace being stopped.
type stopping struct {
	c *Client
	r *run
	// stopped are the campaigns that were stopped as a whole.
	stopped sets.Set[string]
	// saving are the pods that are left when all Jobs have ended. As long as there
	// are no others it is enough to look at pods.
	saving sets.Set[types.UID]
	// alone counts the looks at which only the driver of a run was left.
	alone map[unit]int
}

// look stops unfinished work, and describes what has not ended.
func (s *stopping) look(ctx context.Context) (string, error) {
	if len(s.saving) > 0 {
		pods, err := s.c.livePods(ctx)
		if err != nil {
			return "", err
		}
		unseen := func(p part) bool { return !s.saving.Has(p.uid) }
		if len(pods) > 0 && !slices.ContainsFunc(pods, unseen) {
			return wordsForWork((&work{pods: pods}).items()), nil
		}
	}
	now, err := s.c.unfinished(ctx)
	if err != nil {
		return "", err
	}
	s.saving = nil
	if err := s.stop(ctx, now); err != nil {
		return "", err
	}
	if len(now.jobs) == 0 {
		s.saving = sets.New[types.UID]()
		for _, p := range now.pods {
			s.saving.Insert(p.uid)
		}
	}
	return wordsForWork(now.items()), nil
}

func (s *stopping) stop(ctx context.Context, now *work) error {
	user, err := s.c.conn.User(ctx)
	if err != nil {
		return err
	}
	o := api.TaskStopOptions{FieldManager: fieldManager}
	for _, name := range now.schedules {
		s.r.say("suspending schedule %s", name)
		if _, err := s.c.runs.Schedules().Suspend(ctx, name, o); err != nil && !api.IsNotFound(err) {
			return err
		}
	}
	whole, err := s.stopCampaigns(ctx, now, o)
	if err != nil {
		return err
	}
	if err := s.stopRuns(ctx, now, o, whole); err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for _, p := range now.jobs {
		if whole.Has(p.of) || p.driver && s.hasTime(now, p.of) {
			continue // the next look handles the rest
		}
		if p.of.kind != kindCampaign {
			s.r.say("stopping %s %s", p.of.kind, p.of.name)
		}
		group.Go(func() error { return s.c.tasks.StopJob(ctx, p.job, user, o) })
	}
	for _, p := range now.pods {
		if p.owner != "" || p.leaving {
			continue // it saves, and ends by itself
		}
		s.r.say("deleting pod %s", p.name)
		group.Go(func() error {
			err := s.c.conn.Kube.CoreV1().Pods(s.c.conn.Namespace).Delete(ctx, p.name,
				access.Exactly(p.uid, metav1.DeleteOptions{}))
			return s.c.conn.Deleted(err, "pods", p.name)
		})
	}
	return group.Wait()
}

// stopRuns records the stop of each run of a workflow, once, so that its driver starts no
// other task, and adds it to whole.
func (s *stopping) stopRuns(ctx context.Context, now *work, o api.TaskStopOptions, whole sets.Set[unit]) error {
	for _, one := range now.items() {
		if one.Kind != kindWorkflow || one.Saving || s.stopped.Has(one.Name) {
			continue
		}
		s.r.say("stopping %s", one)
		if _, err := s.c.runs.Stop(ctx, one.Name, o); err != nil && !api.IsNotFound(err) {
			return err
		}
		s.stopped.Insert(one.Name)
		whole.Insert(unit{one.Kind, one.Name})
	}
	return nil
}

// driverLooks is how many looks a driver has to record the end of a run whose tasks have
// ended.
const driverLooks = 5

// hasTime reports whether the driver of a run is to end by itself: while tasks of the run are
// unfinished, and for some looks after that.
func (s *stopping) hasTime(now *work, run unit) bool {
	if slices.ContainsFunc(now.jobs, func(p part) bool { return p.of == run && !p.driver }) {
		return true
	}
	s.alone[run]++
	return s.alone[run] <= driverLooks
}

// stopCampaigns stops each unfinished campaign, once, and returns them. If a
// campaign's record is missing only the Jobs can be stopped.
func (s *stopping) stopCampaigns(ctx context.Context, now *work, o api.TaskStopOptions) (sets.Set[unit], error) {
	stopped := sets.New[unit]()
	for _, one := range now.items() {
		if one.Kind != kindCampaign || one.Saving || s.stopped.Has(one.Name) {
			continue
		}
		s.r.say("stopping %s", one)
		_, err := s.c.campaigns.Stop(ctx, one.Name, api.CampaignStopOptions(o))
		switch missing := (*api.NotFoundError)(nil); {
		case err == nil:
			stopped.Insert(unit{one.Kind, one.Name})
		case !errors.As(err, &missing):
			return nil, err
		}
		s.stopped.Insert(one.Name)
	}
	return stopped, nil
}
