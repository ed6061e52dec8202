package task

import (
	"cmp"
	"context"
	"slices"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/pager"

	"github.com/kubevast/vast/sdk/api"
)

// pageSize is how many objects one list request asks for.
const pageSize = 500

// List implements sdk.TaskReader. It asks for Jobs, and only when some task is
// pending or has failed for the pods that tell why, and only when one waits in
// a queue for what stands in the queues: one request per 500 objects each.
func (c *Client) List(ctx context.Context, o api.ListOptions) (*api.TaskStatusList, error) {
	namespace, sel, err := c.scope(ctx, o)
	if err != nil {
		return nil, err
	}
	list := &api.TaskStatusList{TypeMeta: api.TypeMeta(api.KindTaskList), Items: []api.TaskStatus{}}
	var unwell []int
	needed := map[string]*batchv1.Job{}
	err = c.eachJob(ctx, namespace, sel, func(job *batchv1.Job) {
		status := fromJob(job)
		if len(o.States) > 0 && !slices.Contains(o.States, status.State) {
			return
		}
		if wantsPods(&status, job) {
			unwell = append(unwell, len(list.Items))
			needed[string(job.UID)] = job.DeepCopy()
		}
		list.Items = append(list.Items, status)
	})
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(list.Items, func(s api.TaskStatus) bool { return queued(&s) }) {
		c.place(ctx, namespace, "", list.Items)
	}
	if len(unwell) > 0 {
		if err := c.explain(ctx, namespace, sel, list.Items, unwell, needed); err != nil {
			return nil, err
		}
		// A pod tells of a failure before its Job does.
		list.Items = slices.DeleteFunc(list.Items, func(s api.TaskStatus) bool {
			return len(o.States) > 0 && !slices.Contains(o.States, s.State)
		})
	}
	slices.SortStableFunc(list.Items, func(a, b api.TaskStatus) int {
		return cmp.Or(a.CreationTimestamp.Compare(b.CreationTimestamp.Time), cmp.Compare(a.Name, b.Name))
	})
	return list, nil
}

// scope is the namespace and label selector that options name.
func (c *Client) scope(ctx context.Context, o api.ListOptions) (namespace, sel string, err error) {
	namespace = cmp.Or(o.Namespace, c.conn.Namespace)
	if o.AllNamespaces {
		namespace = metav1.NamespaceAll
	}
	sets := []labels.Set{kindSelector}
	if !o.AllUsers {
		user, err := c.conn.User(ctx)
		if err != nil {
			return "", "", err
		}
		sets = append(sets, userSet(user))
	}
	sel = selector(sets...)
	if o.LabelSelector != "" {
		if _, err := labels.Parse(o.LabelSelector); err != nil {
			return "", "", api.Invalid("--selector", "%v", err)
		}
		sel += "," + o.LabelSelector
	}
	return namespace, sel, nil
}

// eachJob calls do for every Job, one page in memory at a time.
func (c *Client) eachJob(ctx context.Context, namespace, sel string, do func(*batchv1.Job)) error {
	return each(ctx, metav1.ListOptions{LabelSelector: sel}, do,
		func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
			list, err := c.conn.Kube.BatchV1().Jobs(namespace).List(ctx, o)
			return list, c.conn.Classify(err, "list", jobsResource)
		})
}

// eachPod calls do for every pod, one page in memory at a time.
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
