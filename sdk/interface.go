package sdk

import (
	"context"

	"k8s.io/apimachinery/pkg/version"
	"k8s.io/client-go/kubernetes"

	"github.com/kubevast/vast/internal/identity"
)

// Interface is what Client implements. Programs that take it instead of *Client can be
// tested with package sdktest.
type Interface interface {
	Tasks() Task
	Volumes() Volume
	Queues() Queue
	Campaigns() Campaign
	Results() Result
	Shares() Share
	Workflows() Workflow
	Schedules() Schedule
	Cluster() Cluster
	Doctor() Doctor
	// Namespace returns the namespace that the client works in.
	Namespace() string
	// Kubernetes returns the underlying clientset.
	Kubernetes() kubernetes.Interface
	// WhoAmI returns the user name that the client acts under, and the identity of
	// the caller at the API server.
	WhoAmI(ctx context.Context) (Identity, error)
	// ServerVersion returns the version of the API server. It sends one request per
	// client.
	ServerVersion(ctx context.Context) (*version.Info, error)
}

var _ Interface = (*Client)(nil)

// Identity is the user name that a client acts under, and the identity of the caller
// at the API server.
type Identity = identity.Identity
