// Package task submits, reads, stops and deletes tasks. A task is one Indexed Job; all
// its state is in the cluster.
package task

import (
	"context"
	"sync"
	"sync/atomic"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubevast/vast/internal/access"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/authz"
	"github.com/kubevast/vast/sdk/internal/queue"
	"github.com/kubevast/vast/sdk/internal/result"
	"github.com/kubevast/vast/sdk/internal/volume"
)

// jobsResource is the resource of tasks in errors and rights.
const jobsResource = "jobs.batch"

// Client implements sdk.Task.
type Client struct {
	conn      *access.Conn
	volumes   *volume.Client
	queues    *queue.Client
	rights    *authz.Checker
	namespace namespaceFacts
	kept      access.Memo[string, keeping]
	ranges    access.Memo[string, []corev1.LimitRange]
	results   *result.Client
}

// namespaceFacts are read once per namespace.
type namespaceFacts struct {
	mu      sync.Mutex
	known   bool
	profile string
	// unlimited: the namespace has no ResourceQuota that the caller may read.
	unlimited atomic.Bool
}

// New returns a client over conn. It sends no request.
func New(conn *access.Conn, volumes *volume.Client, queues *queue.Client) *Client {
	return &Client{conn: conn, volumes: volumes, queues: queues, rights: authz.New(conn), results: result.New(conn),
		kept: access.Memo[string, keeping]{Keep: keepKept}, ranges: access.Memo[string, []corev1.LimitRange]{Keep: keepRanges}}
}

// kindSelector selects the Jobs that are tasks.
var kindSelector = labels.Set{kube.LabelKind: kube.KindTask}

// runsWork reports whether a Job is a task or has runs of a campaign.
func runsWork(job *batchv1.Job) bool {
	kind := job.Labels[kube.LabelKind]
	return kind == kube.KindTask || kind == kube.KindRun
}

func (c *Client) latest(ctx context.Context, changes bool) (*batchv1.Job, error) {
	user, err := c.conn.User(ctx)
	if err != nil {
		return nil, err
	}
	var newest *batchv1.Job
	beside := "" // created in the same second, the precision of creationTimestamp
	err = c.eachJob(ctx, c.conn.Namespace, selector(kindSelector, userSet(user)), func(job *batchv1.Job) {
		switch {
		case newest == nil || job.CreationTimestamp.After(newest.CreationTimestamp.Time):
			newest, beside = job.DeepCopy(), ""
		case job.CreationTimestamp.Equal(&newest.CreationTimestamp):
			beside = min(job.Name, newest.Name)
			if job.Name > newest.Name {
				newest = job.DeepCopy()
			}
		}
	})
	if err == nil && changes && beside != "" {
		return nil, api.Invalid("", "%s may be %s or %s, which were submitted in the same second; give an id", kube.Latest, newest.Name, beside)
	}
	if err == nil && newest == nil {
		err = c.noLatest(ctx, user, changes)
	}
	return newest, err
}

func (c *Client) notFound(ref string) error {
	return &api.NotFoundError{Kind: "task", Name: ref, Namespace: c.conn.Namespace, Remedies: []api.Remedy{
		{Action: api.TasksList, Options: []string{"AllUsers"}},
		{Options: []string{"Namespace"}, Purpose: "look in another namespace"}}}
}

// selector returns the selector of several label sets. Their values are valid, since
// kube.LabelValue has made them.
func selector(sets ...labels.Set) string {
	all := labels.Set{}
	for _, s := range sets {
		for k, v := range s {
			all[k] = v
		}
	}
	return all.String()
}

func userSet(user string) labels.Set {
	return labels.Set{kube.LabelUser: kube.LabelValue(user)}
}

// Rights returns the checker of the caller's rights, so that the other clients of the
// same connection share its memory.
func (c *Client) Rights() *authz.Checker { return c.rights }

// Results returns the client for stored results, for the same reason.
func (c *Client) Results() *result.Client { return c.results }
