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
	"github.com/kubevast/vast/sdk/internal/manifest"
	"github.com/kubevast/vast/sdk/internal/queue"
)

// joinQueue puts the chosen queue and the priority into the input.
func (c *Client) joinQueue(ctx context.Context, in *manifest.Input, choice queue.Choice, o api.SubmitOptions) error {
	if choice.Queue == "" {
		return c.podPriority(ctx, in, o)
	}
	in.Queue = choice.Queue
	class, warning, err := c.queues.Priority(ctx, priority(in, o))
	if err != nil {
		return err
	}
	if warning != "" {
		c.conn.Warn(warning)
	}
	in.QueuePriority = class
	return nil
}

// fitsQueue refuses a task that its queue could never let in.
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

// queued reports a task that waits in a queue.
func queued(s *api.TaskStatus) bool { return s.State == api.Queued && s.Queue != "" }

// place fills in where tasks that wait in queues stand. Without an answer
// they keep what the Job tells.
func (c *Client) place(ctx context.Context, namespace, queue string, tasks []api.TaskStatus) {
	places, err := c.queues.Places(ctx, namespace, queue)
	if err != nil {
		c.conn.Warn("positions in the queue are not known: " + err.Error())
		return
	}
	for i := range tasks {
		if p, ok := places[tasks[i].UID]; ok && queued(&tasks[i]) {
			tasks[i].QueuePosition, tasks[i].Reason = p.Position, placeReason(&p)
		}
	}
}

// placeReason is where a task stands, in a line.
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

// priority is what the user asked for: the option, else the class that the file's
// label names, else its number.
func priority(in *manifest.Input, o api.SubmitOptions) string {
	want := ""
	if p := in.Task.Resources[0].Priority; p != nil {
		want = strconv.Itoa(int(*p))
	}
	return cmp.Or(o.Priority, in.Task.QueuePriority, want)
}

// podPriority gives the pods of a task without a queue the PriorityClass that
// stands for a number.
func (c *Client) podPriority(ctx context.Context, in *manifest.Input, o api.SubmitOptions) error {
	want := priority(in, o)
	if want == "" || want == "0" {
		return nil
	}
	number, err := strconv.Atoi(want)
	if err != nil {
		c.conn.Warn(fmt.Sprintf("priority %q is ignored: it is a class of the queue's, and the task joins none", want))
		return nil
	}
	list, err := c.conn.Kube.SchedulingV1().PriorityClasses().List(ctx, metav1.ListOptions{})
	if err != nil && !apierrors.IsForbidden(err) {
		return c.conn.Classify(err, "list", "priorityclasses.scheduling.k8s.io")
	}
	if err == nil {
		for _, class := range list.Items {
			if int(class.Value) == number {
				in.PriorityClass = class.Name
				return nil
			}
		}
	}
	c.conn.Warn(fmt.Sprintf("priority %d is ignored: the cluster has no PriorityClass of that value, and the task joins no queue", number))
	return nil
}
