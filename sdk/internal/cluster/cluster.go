// Package cluster makes a cluster ready for batch work and takes that back.
//
// Setup decides what the cluster should have (plan.go; packages provider and desired,
// which use no cluster), applies it (apply.go) and waits until it works (wait.go).
// Kueue is installed only where there is none (kueue.go, install.go). What was set
// up is recorded in a ConfigMap of the namespace (record.go), never in a local file.
package cluster

import (
	"sync"

	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"

	"github.com/kubevast/vast/internal/access"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/authz"
	"github.com/kubevast/vast/sdk/internal/campaign"
	"github.com/kubevast/vast/sdk/internal/cluster/provider"
	"github.com/kubevast/vast/sdk/internal/runs"
	"github.com/kubevast/vast/sdk/internal/task"
)

// fieldManager is who the API server records as the author of what we apply.
const fieldManager = "kubevast-setup"

// Client implements sdk.Cluster.
type Client struct {
	conn      *access.Conn
	tasks     *task.Client
	campaigns *campaign.Client
	runs      *runs.Client
	rights    *authz.Checker
	objects   func() (dynamic.Interface, error)
	installer Installer
}

// New returns a client over conn. Without an installer it can neither install nor
// remove Kueue. It contacts no cluster.
func New(conn *access.Conn, tasks *task.Client, campaigns *campaign.Client, installer Installer) *Client {
	return &Client{conn: conn, tasks: tasks, campaigns: campaigns, runs: runs.New(conn, tasks, campaigns), rights: tasks.Rights(), installer: installer, objects: sync.OnceValues(func() (dynamic.Interface, error) {
		set, err := dynamic.NewForConfig(rest.CopyConfig(conn.Config))
		if err != nil {
			return nil, api.Invalid("kubeconfig", "%v", err)
		}
		return set, nil
	})}
}

// Configs returns what there is to choose from, by name.
func (c *Client) Configs() *api.ClusterConfigList { return provider.List() }
