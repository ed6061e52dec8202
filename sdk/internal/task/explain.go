package task

import (
	"context"
	"slices"
	"strings"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/internal/access"
	"github.com/kubevast/vast/internal/diagnose"
	"github.com/kubevast/vast/sdk/api"
)

// namesAtOnce is how many Jobs one request names; 64 characters each.
const namesAtOnce = 100

// wantsPods reports whether only the pods, or what kept them from being made,
// can tell why a task is as it is. Jobs count no pod that saves its results.
func wantsPods(s *api.TaskStatus, job *batchv1.Job) bool {
	return s.State == api.Failed && s.Reason == "" || s.State == api.Pending && !diagnose.Submitting(job)
}

// hasPods reports a Job that has made pods, as far as it has counted them.
func hasPods(job *batchv1.Job) bool {
	s := &job.Status
	gone := s.UncountedTerminatedPods
	return s.Active+s.Succeeded+s.Failed+ptr.Deref(s.Terminating, 0) > 0 || gone != nil && len(gone.Succeeded)+len(gone.Failed) > 0
}

// explanation explains the unwell among some tasks, whose Jobs are given.
type explanation struct {
	c         *Client
	namespace string
	tasks     []api.TaskStatus
	jobs      map[types.UID]*batchv1.Job
	// pods are those that were read of each.
	pods map[types.UID][]corev1.Pod
	// ran, if set, takes the times of all pods.
	ran spans
}

// explain fills in what the pods of the unwell tasks tell, and events where their
// pods cannot be made. sel selects the pods. Most are explained by those pods that
// neither run nor have succeeded. Of what is left all pods are looked at: on a
// machine that does not answer they pass for running. With times all pods are
// read at once.
func (e *explanation) explain(ctx context.Context, sel string, unwell []int) error {
	o := metav1.ListOptions{LabelSelector: sel}
	if e.ran == nil {
		o.FieldSelector = fields.AndSelectors(
			fields.OneTermNotEqualSelector("status.phase", string(corev1.PodRunning)),
			fields.OneTermNotEqualSelector("status.phase", string(corev1.PodSucceeded))).String()
	}
	unclear, err := e.byPods(ctx, o, unwell)
	if err != nil {
		return err
	}
	if e.ran == nil {
		withPods := slices.DeleteFunc(slices.Clone(unclear), func(i int) bool {
			return e.tasks[i].State == api.Pending && !hasPods(e.jobs[e.tasks[i].UID])
		})
		for some := range slices.Chunk(withPods, namesAtOnce) {
			names := make([]string, len(some))
			for n, i := range some {
				names[n] = e.tasks[i].Name
			}
			o := metav1.ListOptions{LabelSelector: batchv1.JobNameLabel + " in (" + strings.Join(names, ",") + ")"}
			if _, err := e.byPods(ctx, o, some); err != nil {
				return err
			}
		}
	}
	return e.byEvents(ctx, unclear)
}

// byPods explains tasks by the pods that o selects, and returns those that
// other pods may explain better: of a task whose pods were deleted one may be
// on a lost machine.
func (e *explanation) byPods(ctx context.Context, o metav1.ListOptions, unwell []int) (unclear []int, err error) {
	if e.pods == nil {
		e.pods = map[types.UID][]corev1.Pod{}
	}
	for _, i := range unwell {
		delete(e.pods, e.tasks[i].UID) // they are read again
	}
	err = e.c.eachPod(ctx, e.namespace, o, func(pod *corev1.Pod) {
		owner := metav1.GetControllerOf(pod)
		if owner == nil {
			return
		}
		if e.jobs[owner.UID] != nil {
			e.pods[owner.UID] = append(e.pods[owner.UID], *pod)
		}
		if e.ran != nil {
			e.ran.add(owner.UID, pod)
		}
	})
	if err != nil {
		return nil, err
	}
	for _, i := range unwell {
		if pods := e.pods[e.tasks[i].UID]; len(pods) > 0 {
			told := e.build(i, pods, nil)
			if d := told.Diagnosis; d != nil && d.Cause != api.CauseDeleted {
				continue
			}
		}
		unclear = append(unclear, i)
	}
	return unclear, nil
}

// build puts into a task what its pods and events tell.
func (e *explanation) build(i int, pods []corev1.Pod, events []corev1.Event) *api.TaskStatus {
	t := &e.tasks[i]
	told := build(e.jobs[t.UID], pods, events)
	t.State, t.Reason, t.Diagnosis, t.Saving = told.State, told.Reason, told.Diagnosis, told.Saving
	t.StartTime, t.EndTime = told.StartTime, told.EndTime
	return t
}

// byEvents explains the tasks that are short of pods by what the Job controller
// was told when it tried to make them: one listing for all of them.
func (e *explanation) byEvents(ctx context.Context, unwell []int) error {
	unwell = slices.DeleteFunc(slices.Clone(unwell), func(i int) bool {
		t := &e.tasks[i]
		return !lacksPods(t, e.jobs[t.UID], e.pods[t.UID])
	})
	if len(unwell) == 0 {
		return nil
	}
	told, err := e.c.refusals(ctx, e.namespace)
	for _, i := range unwell {
		if event, ok := told[e.tasks[i].UID]; ok {
			e.build(i, e.pods[e.tasks[i].UID], []corev1.Event{event})
		}
	}
	return err
}

// lacksPods reports a task that waits for pods which do not say why.
func lacksPods(t *api.TaskStatus, job *batchv1.Job, pods []corev1.Pod) bool {
	return t.State == api.Pending && t.Diagnosis == nil && !diagnose.Submitting(job) && len(pods) < int(ptr.Deref(job.Spec.Parallelism, 1))
}

// refusals are the events that told last, of each Job, what keeps its pods from
// being made. For who may not read events there are none.
func (c *Client) refusals(ctx context.Context, namespace string) (map[types.UID]corev1.Event, error) {
	last := map[types.UID]corev1.Event{}
	err := c.eachEvent(ctx, namespace, fields.Set{"involvedObject.kind": "Job", "reason": diagnose.FailedCreate}, func(event *corev1.Event) {
		uid := event.InvolvedObject.UID
		if have, ok := last[uid]; diagnose.IsFailedCreate(event) && (!ok || compareEvents(have, *event) < 0) {
			last[uid] = *event
		}
	})
	return last, err
}

// refusedPods is refusals for who watches: they are read when they are asked for,
// and not again within lookAgain, even if they could not be read to their end: a
// reason is worth no error, and no request for each task that lacks one.
func (c *Client) refusedPods(ctx context.Context, namespace string) func() map[types.UID]corev1.Event {
	kept := access.Memo[string, map[types.UID]corev1.Event]{Keep: lookAgain}
	return func() map[types.UID]corev1.Event {
		told, _ := kept.Get("", func() (map[types.UID]corev1.Event, error) {
			told, _ := c.refusals(ctx, namespace)
			return told, nil
		})
		return told
	}
}

// eachEvent calls do for every event that set selects, one page in memory at a
// time. For who may not read events there are none.
func (c *Client) eachEvent(ctx context.Context, namespace string, set fields.Set, do func(*corev1.Event)) error {
	o := metav1.ListOptions{}
	if len(set) > 0 {
		o.FieldSelector = set.AsSelector().String()
	}
	err := each(ctx, o, do, func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
		list, err := c.conn.Kube.CoreV1().Events(namespace).List(ctx, o)
		return list, c.conn.Classify(err, "list", "events")
	})
	if isForbidden(err) {
		return nil
	}
	return err
}
