package task

import (
	"cmp"
	"context"
	"fmt"
	"strconv"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/manifest"
)

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
