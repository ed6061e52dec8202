// Package task submits tasks and looks after them. A task is one Indexed Job;
// all that is known of it lies in the cluster.
package task

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	batchv1 "k8s.io/api/batch/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubevast/vast/sdk/access"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/kube"
	"github.com/kubevast/vast/sdk/queue"
	"github.com/kubevast/vast/sdk/result"
	"github.com/kubevast/vast/sdk/rights"
	"github.com/kubevast/vast/sdk/volume"
)

// jobsResource is how errors and rights name the object behind a task.
const jobsResource = "jobs.batch"

// Client implements sdk.Task.
type Client struct {
	conn      *access.Conn
	volumes   *volume.Client
	queues    *queue.Client
	rights    *rights.Checker
	namespace namespaceFacts
	kept      access.Memo[string, keeping]
	results   *result.Client
}

// namespaceFacts is what is worth asking only once of a namespace.
type namespaceFacts struct {
	mu      sync.Mutex
	known   bool
	profile string
	// unlimited: the namespace has no ResourceQuota that we may see.
	unlimited atomic.Bool
}

// New returns a client over conn. It contacts nobody.
func New(conn *access.Conn, volumes *volume.Client, queues *queue.Client) *Client {
	return &Client{conn: conn, volumes: volumes, queues: queues, rights: rights.New(conn), results: result.New(conn),
		kept: access.Memo[string, keeping]{Keep: keepKept}}
}

// Latest names the caller's newest task.
const Latest = "@latest"

// kindSelector selects the Jobs that are tasks.
var kindSelector = labels.Set{kube.LabelKind: kube.KindTask}

// resolve finds the Job that ref names: an id, a unique prefix of one, a
// Job's name, @latest, or CAMPAIGN/CONFIG/RUN for a run of a campaign.
func (c *Client) resolve(ctx context.Context, ref string) (*batchv1.Job, error) {
	jobs := c.conn.Kube.BatchV1().Jobs(c.conn.Namespace)
	switch {
	case ref == "":
		return nil, api.Invalid("", "no task named; give its id, see: kubectl vast list")
	case ref == Latest:
		return c.latest(ctx)
	case len(ref) == kube.IDLength && isID(ref):
		list, err := jobs.List(ctx, metav1.ListOptions{LabelSelector: selector(labels.Set{kube.LabelTaskID: ref})})
		if err != nil {
			return nil, c.conn.Classify(err, "list", jobsResource)
		}
		if len(list.Items) > 0 {
			return &list.Items[0], nil
		}
	case strings.Contains(ref, "/"):
		return c.byRun(ctx, ref)
	case !isID(ref):
		return c.byName(ctx, ref)
	}
	return c.byPrefix(ctx, ref)
}

// resolveFor finds the Job that ref names for somebody who is going to do this
// to it, and asks at the same time whether he may.
func (c *Client) resolveFor(ctx context.Context, ref, verb string) (*batchv1.Job, error) {
	var asked sync.WaitGroup
	var refused error
	asked.Go(func() { refused = c.rights.Require(ctx, rights.Each(jobsResource, verb)...) })
	job, err := c.resolve(ctx, ref)
	asked.Wait()
	if err = cmp.Or(err, refused); err != nil {
		return nil, err
	}
	return job, nil
}

func (c *Client) byName(ctx context.Context, name string) (*batchv1.Job, error) {
	job, err := c.conn.Kube.BatchV1().Jobs(c.conn.Namespace).Get(ctx, name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err) || (err == nil && !runsWork(job)):
		return nil, c.notFound(name)
	case err != nil:
		return nil, c.conn.Classify(err, "get", jobsResource)
	}
	return job, nil
}

// runsWork reports a Job of ours: a task, or runs of a campaign.
func runsWork(job *batchv1.Job) bool {
	kind := job.Labels[kube.LabelKind]
	return kind == kube.KindTask || kind == kube.KindRun
}

// byPrefix looks through the names of all tasks; only their metadata would be
// needed, but it is a rare call.
func (c *Client) byPrefix(ctx context.Context, prefix string) (*batchv1.Job, error) {
	var found []batchv1.Job
	err := c.eachJob(ctx, c.conn.Namespace, selector(kindSelector), func(job *batchv1.Job) {
		if strings.HasPrefix(job.Labels[kube.LabelTaskID], prefix) || job.Name == prefix {
			found = append(found, *job)
		}
	})
	if err != nil {
		return nil, err
	}
	switch len(found) {
	case 0:
		return nil, c.notFound(prefix)
	case 1:
		return &found[0], nil
	}
	ids := make([]string, len(found))
	for i := range found {
		ids[i] = found[i].Labels[kube.LabelTaskID]
	}
	slices.Sort(ids)
	return nil, api.Invalid("", "%q is the beginning of %d tasks' ids (%s); write more of it", prefix, len(ids), strings.Join(ids, ", "))
}

func (c *Client) latest(ctx context.Context) (*batchv1.Job, error) {
	user, err := c.conn.User(ctx)
	if err != nil {
		return nil, err
	}
	var newest *batchv1.Job
	err = c.eachJob(ctx, c.conn.Namespace, selector(kindSelector, userSet(user)), func(job *batchv1.Job) {
		if newest == nil || job.CreationTimestamp.After(newest.CreationTimestamp.Time) ||
			job.CreationTimestamp.Equal(&newest.CreationTimestamp) && job.Name > newest.Name {
			newest = job.DeepCopy()
		}
	})
	if err == nil && newest == nil {
		err = &api.NotFound{Kind: "task", Name: Latest, Namespace: c.conn.Namespace, Hint: fmt.Sprintf("user %q has none here", user)}
	}
	return newest, err
}

func (c *Client) notFound(ref string) error {
	return &api.NotFound{Kind: "task", Name: ref, Namespace: c.conn.Namespace,
		Hint: "see `kubectl vast list --all-users`, or name another namespace with -n"}
}

func isID(s string) bool {
	return len(s) <= kube.IDLength && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789") == ""
}

// selector joins label sets and writes them as a selector. Its values are
// safe: they have gone through LabelValue.
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
