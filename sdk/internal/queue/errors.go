package queue

import (
	"errors"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/kubevast/vast/internal/hint"
	"github.com/kubevast/vast/sdk/api"
)

// What Kueue's resources are called in errors and rights.
const (
	localQueues     = "localqueues.kueue.x-k8s.io"
	clusterQueues   = "clusterqueues.kueue.x-k8s.io"
	workloads       = "workloads.kueue.x-k8s.io"
	priorityClasses = "workloadpriorityclasses.kueue.x-k8s.io"
)

// notInstalled is the answer of every method that cannot do without Kueue.
func notInstalled(say hint.Target) error {
	return &api.NotInstalledError{Message: "the cluster has no Kueue, which keeps the queues; see: " + say.Vast("cluster", "setup")}
}

// listing classifies the failure of a list. A list is never empty-handed with
// a 404 but when nobody serves the resource.
func (c *Client) listing(err error, resource string) error {
	if apierrors.IsNotFound(err) {
		return notInstalled(c.conn.Hint())
	}
	return c.conn.Classify(err, "list", resource)
}

func isForbidden(err error) bool {
	var forbidden *api.ForbiddenError
	return errors.As(err, &forbidden)
}

func isNotInstalled(err error) bool {
	var missing *api.NotInstalledError
	return errors.As(err, &missing)
}

// unlessUnseen drops an error that says that something is not there or not for
// the caller's eyes.
func unlessUnseen(err error) error {
	var notFound *api.NotFoundError
	if isForbidden(err) || isNotInstalled(err) || errors.As(err, &notFound) {
		return nil
	}
	return err
}
