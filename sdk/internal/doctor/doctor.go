// Package doctor checks what the commands need in a cluster, and reports how to fix
// what is missing. Two checks, which can be omitted, create something: an object in
// the store, which is deleted again, and a pod with the image of the agent.
package doctor

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/access"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/authz"
	"github.com/kubevast/vast/sdk/internal/cluster"
	"github.com/kubevast/vast/sdk/internal/queue"
	"github.com/kubevast/vast/sdk/internal/task"
)

// Client implements sdk.Doctor.
type Client struct {
	conn    *access.Conn
	rights  *authz.Checker
	queues  *queue.Client
	cluster *cluster.Client
	tasks   *task.Client
}

// New returns a client over conn. It contacts no server.
func New(conn *access.Conn, queues *queue.Client, clusters *cluster.Client, tasks *task.Client) *Client {
	return &Client{conn: conn, rights: tasks.Rights(), queues: queues, cluster: clusters, tasks: tasks}
}

// examination is one check, or several that belong together.
type examination func(ctx context.Context, o api.DoctorOptions) []api.Check

// Check runs all checks, those that do not depend on each other concurrently. If the
// cluster cannot be reached, the report has one failed check and Check returns no
// error. It returns an error only if ctx ends.
func (c *Client) Check(ctx context.Context, o api.DoctorOptions) (*api.DoctorReport, error) {
	report := &api.DoctorReport{
		TypeMeta:   api.TypeMeta[api.DoctorReport](),
		ObjectMeta: metav1.ObjectMeta{Namespace: c.conn.Namespace},
		Context:    c.conn.Context, Server: c.conn.Server(), Healthy: true, Checks: []api.Check{},
	}
	add := func(checks []api.Check) {
		for _, check := range checks {
			report.Checks = append(report.Checks, check)
			report.Healthy = report.Healthy && check.Outcome != api.CheckFailed
			if o.Notify != nil {
				o.Notify(check)
			}
		}
	}
	add(c.server(ctx, o))
	if !report.Healthy {
		return report, ctx.Err()
	}
	all := []examination{c.namespace, c.access, c.storageClass, c.kueue, c.queue, c.quota, c.pods, c.store, c.storeSecrets, c.probe}
	done := make([]chan []api.Check, len(all))
	for i, examine := range all {
		done[i] = make(chan []api.Check, 1)
		go func() { done[i] <- examine(ctx, o) }()
	}
	for _, checks := range done {
		add(<-checks)
	}
	return report, ctx.Err()
}

func ok(name, seen string) api.Check {
	return api.Check{Name: name, Outcome: api.CheckOK, Seen: seen}
}

func failed(name, seen, fix string, remedies ...api.Remedy) api.Check {
	return api.Check{Name: name, Outcome: api.CheckFailed, Seen: seen, Fix: fix, Remedies: remedies}
}

func warning(name, seen, fix string, remedies ...api.Remedy) api.Check {
	return api.Check{Name: name, Outcome: api.CheckWarning, Seen: seen, Fix: fix, Remedies: remedies}
}

func skipped(name, why string) api.Check {
	return api.Check{Name: name, Outcome: api.CheckSkipped, Seen: why}
}

// skippedBy returns a check that an error prevented.
func skippedBy(name string, err error) api.Check {
	c := skipped(name, err.Error())
	c.Remedies = api.Remedies(err)
	return c
}

func one(c api.Check) []api.Check { return []api.Check{c} }
