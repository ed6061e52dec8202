package queue

import (
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/kubevast/vast/sdk/api"
)

// The names of Kueue's resources in errors and rights.
const (
	localQueues     = "localqueues.kueue.x-k8s.io"
	clusterQueues   = "clusterqueues.kueue.x-k8s.io"
	workloads       = "workloads.kueue.x-k8s.io"
	priorityClasses = "workloadpriorityclasses.kueue.x-k8s.io"
)

// listing classifies the error of a list request. 404 means that the API server
// does not serve the resource: Kueue is not installed.
func (c *Client) listing(err error, resource string) error {
	if apierrors.IsNotFound(err) {
		return &api.NotInstalledError{Message: "the cluster has no Kueue, which manages the queues", Remedies: setUp()}
	}
	return c.conn.Classify(err, "list", resource)
}

// setUp returns the remedy for a namespace without queues.
func setUp() []api.Remedy { return []api.Remedy{{Action: api.ClusterSetup}} }

// unlessUnseen returns err unless it means that something does not exist or that
// the caller may not read it.
func unlessUnseen(err error) error {
	if api.IsForbidden(err) || api.IsNotInstalled(err) || api.IsNotFound(err) {
		return nil
	}
	return err
}
