package task

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
)

// Get implements sdk.Task. For a task whose Job is gone it returns what the store
// has.
func (c *Client) Get(ctx context.Context, ref string) (*api.TaskStatus, error) {
	s, err := c.live(ctx, ref)
	if isNotFound(err) && maybeKept(ref) {
		return c.keptTask(ctx, c.wholeRun(ctx, ref), err)
	}
	if err == nil {
		c.setBarrier(ctx, s)
	}
	return s, err
}

// live returns a task whose Job exists.
func (c *Client) live(ctx context.Context, ref string) (*api.TaskStatus, error) {
	job, err := c.resolve(ctx, ref)
	if err != nil {
		return nil, err
	}
	return c.status(ctx, job)
}

// status reads a Job's pods, events and progress.
func (c *Client) status(ctx context.Context, job *batchv1.Job) (*api.TaskStatus, error) {
	var asked sync.WaitGroup
	var pods []corev1.Pod
	var podsErr error
	asked.Go(func() {
		podsErr = c.eachPod(ctx, job.Namespace, metav1.ListOptions{LabelSelector: selector(jobSet(job.Name))},
			func(pod *corev1.Pod) { pods = append(pods, *pod) })
	})
	var progress latestProgress
	if s := fromJob(job); keeps(&s) {
		asked.Go(func() { progress = c.progress(ctx, job.Namespace, labels.Set{kube.LabelTaskID: s.ID}) })
	}
	events, err := c.events(ctx, job)
	asked.Wait()
	if err = cmp.Or(podsErr, err); err != nil {
		return nil, err
	}
	s := build(job, pods, events)
	progress.fill(&s)
	c.setDevices(ctx, job, s.Diagnosis)
	if queued(&s) {
		one := []api.TaskStatus{s}
		c.place(ctx, job.Namespace, s.Queue, one)
		s = one[0]
	}
	return &s, nil
}

// events returns the events of a Job and its pods, oldest first. Events of deleted pods
// are found by the pod's name, which begins with the Job's unique name. If the caller
// may not read events, it returns none.
func (c *Client) events(ctx context.Context, job *batchv1.Job) ([]corev1.Event, error) {
	var out []corev1.Event
	err := c.eachEvent(ctx, job.Namespace, nil, func(e *corev1.Event) {
		name := e.InvolvedObject.Name
		if e.InvolvedObject.UID == job.UID || e.InvolvedObject.Kind == "Pod" && strings.HasPrefix(name, job.Name+"-") {
			out = append(out, *e)
		}
	})
	slices.SortFunc(out, compareEvents)
	return out, err
}

// eventTime returns when an event happened last; the field depends on the component
// that wrote it.
func eventTime(e corev1.Event) time.Time {
	switch {
	case e.Series != nil:
		return e.Series.LastObservedTime.Time
	case !e.LastTimestamp.IsZero():
		return e.LastTimestamp.Time
	case !e.EventTime.IsZero():
		return e.EventTime.Time
	}
	return e.CreationTimestamp.Time
}
