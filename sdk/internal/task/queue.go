package task

import (
	"cmp"
	"context"
	"fmt"
	"strconv"

	"github.com/dustin/go-humanize"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	resourcehelper "k8s.io/component-helpers/resource"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/queue"
)

// setQueue sets the queue and the priority class of the input.
func (s *submission) setQueue(ctx context.Context) error {
	if s.known.choice.Queue == "" {
		return s.setPodPriority(ctx)
	}
	class, warning, err := s.c.queues.Priority(ctx, s.priority())
	if err != nil {
		return err
	}
	if warning != "" {
		s.c.conn.Warn(warning)
	}
	s.input.Queue, s.input.QueuePriority = s.known.choice.Queue, class
	return nil
}

// fitsQueue returns an error if the queue can never admit the task.
func (c *Client) fitsQueue(ctx context.Context, job *batchv1.Job, choice queue.Choice, o api.SubmitOptions) error {
	if choice.Queue == "" || o.Force {
		return nil
	}
	pod := &corev1.Pod{Spec: job.Spec.Template.Spec}
	return c.queues.CheckFit(ctx, choice.ClusterQueue, queue.Demand{
		Pods:   int(ptr.Deref(job.Spec.Parallelism, 1)),
		PerPod: resourcehelper.PodRequests(pod, resourcehelper.PodResourcesOptions{}),
		Pod:    &pod.Spec,
	})
}

// queued reports whether a task waits in a queue.
func queued(s *api.TaskStatus) bool { return s.State == api.Queued && s.Queue != "" }

// place sets the queue positions of waiting tasks. If they cannot be read, the tasks
// keep the reason of their Jobs, and a warning is returned.
func (c *Client) place(ctx context.Context, namespace, queue string, tasks []api.TaskStatus) {
	places, err := c.queues.Places(ctx, namespace, queue)
	if err != nil {
		c.conn.Warn("the positions in the queue are unknown: " + err.Error())
		return
	}
	for i := range tasks {
		if p, ok := places[tasks[i].UID]; ok && queued(&tasks[i]) {
			tasks[i].QueuePosition, tasks[i].Reason = p.Position, placeReason(&p)
		}
	}
}

// placeReason returns a task's place in its queue in one line.
func placeReason(p *api.QueuedTask) string {
	reason := p.Reason
	if p.Evicted != "" {
		reason = p.Evicted + "; " + reason
	}
	if p.Position == 0 {
		return "waits in " + p.Queue + ": " + reason
	}
	return humanize.Ordinal(p.Position) + " in " + p.Queue + ": " + reason
}

// priority returns the priority that the user set: the option, else the class that
// the file's label names, else the file's number.
func (s *submission) priority() string {
	number := ""
	if p := s.task.Resources[0].Priority; p != nil {
		number = strconv.Itoa(int(*p))
	}
	return cmp.Or(s.options.Priority, s.task.QueuePriority, number)
}

// setPodPriority sets the PriorityClass of the pods of a task without a queue: the
// class whose value the user set.
func (s *submission) setPodPriority(ctx context.Context) error {
	c, want := s.c, s.priority()
	if want == "" || want == "0" {
		return nil
	}
	number, err := strconv.Atoi(want)
	if err != nil {
		c.conn.Warn(fmt.Sprintf("priority %q is ignored: it is a class of a queue, and the task joins no queue", want))
		return nil
	}
	list, err := c.conn.Kube.SchedulingV1().PriorityClasses().List(ctx, metav1.ListOptions{})
	if err != nil && !apierrors.IsForbidden(err) {
		return c.conn.Classify(err, "list", "priorityclasses.scheduling.k8s.io")
	}
	if err == nil {
		for _, class := range list.Items {
			if int(class.Value) == number {
				s.input.PriorityClass = class.Name
				return nil
			}
		}
	}
	c.conn.Warn(fmt.Sprintf("priority %d is ignored: the cluster has no PriorityClass of that value, and the task joins no queue", number))
	return nil
}
