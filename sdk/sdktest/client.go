// Package sdktest has doubles of the SDK's interfaces for the tests of programs that
// use the SDK: structs with one function per method. A test sets the functions that it
// expects to be called; every other method returns an error that names it.
package sdktest

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/version"
	"k8s.io/client-go/kubernetes"

	"github.com/kubevast/vast/sdk"
)

// Client implements sdk.Interface with doubles. The zero value is usable: each of its
// methods returns errors, and the namespace is "default".
type Client struct {
	Task   Tasks
	Volume Volumes
	Queue  Queues
	// Campaign may be nil, for Campaigns{}.
	Campaign sdk.Campaign
	Result   Results
	Share    Shares
	Workflow Workflows
	Schedule Schedules
	Clusters Clusters
	Doctors  Doctors
	// OnWhoAmI and OnServerVersion implement WhoAmI and ServerVersion.
	OnWhoAmI        func(context.Context) (sdk.Identity, error)
	OnServerVersion func(context.Context) (*version.Info, error)
	// Clientset is returned by Kubernetes, which panics without one; it can be one
	// of client-go's package kubernetes/fake.
	Clientset kubernetes.Interface
	// InNamespace is returned by Namespace; empty for "default".
	InNamespace string
}

var _ sdk.Interface = (*Client)(nil)

// Tasks implements sdk.Interface.
func (c *Client) Tasks() sdk.Task { return c.Task }

// Volumes implements sdk.Interface.
func (c *Client) Volumes() sdk.Volume { return c.Volume }

// Queues implements sdk.Interface.
func (c *Client) Queues() sdk.Queue { return c.Queue }

// Campaigns implements sdk.Interface.
func (c *Client) Campaigns() sdk.Campaign {
	if c.Campaign == nil {
		return Campaigns{}
	}
	return c.Campaign
}

// Results implements sdk.Interface.
func (c *Client) Results() sdk.Result { return c.Result }

// Shares implements sdk.Interface.
func (c *Client) Shares() sdk.Share { return c.Share }

// Workflows implements sdk.Interface.
func (c *Client) Workflows() sdk.Workflow { return c.Workflow }

// Schedules implements sdk.Interface.
func (c *Client) Schedules() sdk.Schedule { return c.Schedule }

// Cluster implements sdk.Interface.
func (c *Client) Cluster() sdk.Cluster { return c.Clusters }

// Doctor implements sdk.Interface.
func (c *Client) Doctor() sdk.Doctor { return c.Doctors }

// Namespace implements sdk.Interface.
func (c *Client) Namespace() string {
	if c.InNamespace == "" {
		return "default"
	}
	return c.InNamespace
}

// Kubernetes implements sdk.Interface.
func (c *Client) Kubernetes() kubernetes.Interface {
	if c.Clientset == nil {
		panic("sdktest: Client.Clientset is not set")
	}
	return c.Clientset
}

// WhoAmI implements sdk.Interface.
func (c *Client) WhoAmI(ctx context.Context) (sdk.Identity, error) {
	if c.OnWhoAmI == nil {
		return sdk.Identity{}, unset("Client.OnWhoAmI")
	}
	return c.OnWhoAmI(ctx)
}

// ServerVersion implements sdk.Interface.
func (c *Client) ServerVersion(ctx context.Context) (*version.Info, error) {
	if c.OnServerVersion == nil {
		return nil, unset("Client.OnServerVersion")
	}
	return c.OnServerVersion(ctx)
}

// unset returns the error of a method whose function a test has not set.
func unset(function string) error {
	return fmt.Errorf("sdktest: %s is not set, and its method was called", function)
}
