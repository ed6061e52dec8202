package task

import (
	"cmp"
	"context"
	"slices"
	"sync"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/pager"

	"github.com/kubevast/vast/sdk/api"
)

// pageSize is the number of objects per list request.
const pageSize = 500

// List implements sdk.Task. It lists Jobs; pods, only if a task is pending or has
// failed; events, only if pods cannot be created; Workloads, only if a task waits in a
// queue; and progress, only if a task keeps results: one request per 500 objects each.
func (c *Client) List(ctx context.Context, o api.TaskListOptions) (*api.TaskStatusList, error) {
	namespace, sel, err := c.scope(ctx, o)
	if err != nil {
		return nil, err
	}
	list := &api.TaskStatusList{TypeMeta: api.TypeMeta[api.TaskStatusList](), Items: []api.TaskStatus{}}
	var unwell []int
	needed := map[types.UID]*batchv1.Job{}
	err = c.eachJob(ctx, namespace, sel, func(job *batchv1.Job) {
		status := fromJob(job)
		if !asked(o.States, &status) && !mayBecome(o.States, &status, job) {
			return
		}
		if wantsPods(&status, job) {
			unwell = append(unwell, len(list.Items))
			needed[job.UID] = job.DeepCopy()
		}
		list.Items = append(list.Items, status)
	})
	if err != nil {
		return nil, err
	}
	if err := c.complete(ctx, namespace, sel, o, list.Items, unwell, needed); err != nil {
		return nil, err
	}
	// Pods and progress have changed some states.
	list.Items = slices.DeleteFunc(list.Items, func(s api.TaskStatus) bool { return !asked(o.States, &s) })
	slices.SortStableFunc(list.Items, func(a, b api.TaskStatus) int {
		return cmp.Or(a.CreationTimestamp.Compare(b.CreationTimestamp.Time), cmp.Compare(a.Name, b.Name))
	})
	return list, nil
}

// complete adds what the Jobs alone do not report. Its requests are independent, so
// they are sent concurrently.
func (c *Client) complete(ctx context.Context, namespace, sel string, o api.TaskListOptions, tasks []api.TaskStatus, unwell []int, needed map[types.UID]*batchv1.Job) error {
	var asked sync.WaitGroup
	var progress latestProgress
	if slices.ContainsFunc(tasks, func(s api.TaskStatus) bool { return keeps(&s) }) {
		whose, err := c.whose(ctx, o)
		if err != nil {
			return err
		}
		asked.Go(func() { progress = c.progress(ctx, namespace, whose) })
	}
	waits := slices.ContainsFunc(tasks, func(s api.TaskStatus) bool { return queued(&s) })
	var err error
	e := &explanation{c: c, namespace: namespace, tasks: tasks, jobs: needed}
	if o.Times && slices.ContainsFunc(tasks, func(s api.TaskStatus) bool { return s.StartTime != nil || s.State == api.Pending }) {
		e.ran = spans{}
	}
	if len(unwell) > 0 || e.ran != nil {
		asked.Go(func() { err = e.explain(ctx, sel, unwell) })
	}
	asked.Wait()
	if err != nil {
		return err
	}
	if waits {
		c.place(ctx, namespace, "", tasks)
	}
	for i := range tasks {
		e.ran.fill(&tasks[i])
		progress.fill(&tasks[i])
		tasks[i].Diagnosis = nil // only Get returns it
	}
	return nil
}

// asked reports whether a task is in one of the requested states; none means all.
func asked(states []api.State, s *api.TaskStatus) bool {
	return len(states) == 0 || slices.Contains(states, s.State)
}

// mayBecome reports whether a task may be in one of the states after its pods and
// progress are read: a pod reports a failure before its Job does, and only the
// progress reports that a task was rejected.
func mayBecome(states []api.State, s *api.TaskStatus, job *batchv1.Job) bool {
	rejected := s.Kept != "" && slices.Contains(states, api.Rejected)
	if s.State.Ended() {
		return rejected
	}
	return wantsPods(s, job) && (rejected || slices.Contains(states, api.Failed))
}

// scope returns the namespace and the label selector of options.
func (c *Client) scope(ctx context.Context, o api.TaskListOptions) (namespace, sel string, err error) {
	namespace = cmp.Or(o.Namespace, c.conn.Namespace)
	if o.AllNamespaces {
		namespace = metav1.NamespaceAll
	}
	whose, err := c.whose(ctx, o)
	if err != nil {
		return "", "", err
	}
	sel = selector(kindSelector, whose)
	if o.LabelSelector != "" {
		if _, err := labels.Parse(o.LabelSelector); err != nil {
			return "", "", api.InvalidOption("LabelSelector", "%v", err)
		}
		sel += "," + o.LabelSelector
	}
	return namespace, sel, nil
}

// whose returns the labels of the user that options select; nil for all users.
func (c *Client) whose(ctx context.Context, o api.TaskListOptions) (labels.Set, error) {
	if o.AllUsers {
		return nil, nil
	}
	user, err := c.conn.User(ctx)
	if err != nil {
		return nil, err
	}
	return userSet(user), nil
}

// eachJob calls do for every Job. It holds one page in memory.
func (c *Client) eachJob(ctx context.Context, namespace, sel string, do func(*batchv1.Job)) error {
	return each(ctx, metav1.ListOptions{LabelSelector: sel}, do,
		func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
			list, err := c.conn.Kube.BatchV1().Jobs(namespace).List(ctx, o)
			return list, c.conn.Classify(err, "list", jobsResource)
		})
}

// eachPod calls do for every pod. It holds one page in memory.
func (c *Client) eachPod(ctx context.Context, namespace string, o metav1.ListOptions, do func(*corev1.Pod)) error {
	return each(ctx, o, do, func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
		list, err := c.conn.Kube.CoreV1().Pods(namespace).List(ctx, o)
		return list, c.conn.Classify(err, "list", "pods")
	})
}

func each[T runtime.Object](ctx context.Context, o metav1.ListOptions, do func(T), page pager.ListPageFunc) error {
	p := pager.New(page)
	p.PageSize = pageSize
	return p.EachListItem(ctx, o, func(obj runtime.Object) error {
		do(obj.(T))
		return nil
	})
}
