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

// namesAtOnce is the number of Jobs that one request names, of up to 63 characters.
const namesAtOnce = 100

// wantsPods reports whether the pods, or the events of their creation, are needed to
// explain a task's state. Jobs do not count pods that still upload results.
func wantsPods(s *api.TaskStatus, job *batchv1.Job) bool {
	return s.State == api.Failed && s.Reason == "" || s.State == api.Pending && !diagnose.Submitting(job)
}

// hasPods reports whether a Job has counted any pods.
func hasPods(job *batchv1.Job) bool {
	s := &job.Status
	gone := s.UncountedTerminatedPods
	return s.Active+s.Succeeded+s.Failed+ptr.Deref(s.Terminating, 0) > 0 || gone != nil && len(gone.Succeeded)+len(gone.Failed) > 0
}

// explanation explains failed and pending tasks, given their Jobs.
type explanation struct {
	c         *Client
	namespace string
	tasks     []api.TaskStatus
	jobs      map[types.UID]*batchv1.Job
	// pods are those that were read, by Job.
	pods map[types.UID][]corev1.Pod
	// ran, if set, collects the times of all pods.
	ran spans
}

// explain sets what the pods of the unwell tasks report, and the events if pods cannot be
// created. sel selects the pods. Pods that neither run nor have succeeded explain most
// tasks. For the others it reads all pods, since pods on a node that does not respond
// are still reported as running. With times it reads all pods at once.
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

// byPods explains tasks by the pods that o selects, and returns those that other pods
// may explain better: if pods were deleted, another one may be on a node that does not
// respond.
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
			built := e.build(i, pods, nil)
			if d := built.Diagnosis; d != nil && d.Cause != api.CauseDeleted {
				continue
			}
		}
		unclear = append(unclear, i)
	}
	return unclear, nil
}

// build sets what its pods and events report on a task.
func (e *explanation) build(i int, pods []corev1.Pod, events []corev1.Event) *api.TaskStatus {
	t := &e.tasks[i]
	built := build(e.jobs[t.UID], pods, events)
	t.State, t.Reason, t.Diagnosis, t.Saving = built.State, built.Reason, built.Diagnosis, built.Saving
	t.StartTime, t.EndTime = built.StartTime, built.EndTime
	return t
}

// byEvents explains tasks that lack pods by the errors of the Job controller, with one
// list request for all of them.
func (e *explanation) byEvents(ctx context.Context, unwell []int) error {
	unwell = slices.DeleteFunc(slices.Clone(unwell), func(i int) bool {
		t := &e.tasks[i]
		return !lacksPods(t, e.jobs[t.UID], e.pods[t.UID])
	})
	if len(unwell) == 0 {
		return nil
	}
	events, err := e.c.refusals(ctx, e.namespace)
	for _, i := range unwell {
		if event, ok := events[e.tasks[i].UID]; ok {
			e.build(i, e.pods[e.tasks[i].UID], []corev1.Event{event})
		}
	}
	return err
}

// lacksPods reports whether a task waits for pods that were not created, without a
// known reason.
func lacksPods(t *api.TaskStatus, job *batchv1.Job, pods []corev1.Pod) bool {
	return t.State == api.Pending && t.Diagnosis == nil && !diagnose.Submitting(job) && len(pods) < int(ptr.Deref(job.Spec.Parallelism, 1))
}

// refusals returns the last event of each Job that says why its pods cannot be created.
// It returns none if the caller may not read events.
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

// refusedPods returns a function that returns refusals for a watch, cached for
// lookAgain. It ignores errors, since the reason is only informative.
func (c *Client) refusedPods(ctx context.Context, namespace string) func() map[types.UID]corev1.Event {
	kept := access.Memo[string, map[types.UID]corev1.Event]{Keep: lookAgain}
	return func() map[types.UID]corev1.Event {
		events, _ := kept.Get("", func() (map[types.UID]corev1.Event, error) {
			events, _ := c.refusals(ctx, namespace)
			return events, nil
		})
		return events
	}
}

// eachEvent calls do for every event that set selects. It holds one page in memory. It
// calls do for none if the caller may not read events.
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
