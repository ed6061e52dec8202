package cluster

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/client-go/tools/pager"
	kueue "sigs.k8s.io/kueue/apis/kueue/v1beta2"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/cluster/desired"
)

// pageSize is how many objects one request returns at most.
const pageSize = 500

// measure returns what is free for tasks now. hasKueue says that there can be
// Workloads; before Kueue is installed there are none.
func (c *Client) measure(ctx context.Context, hasKueue bool) (corev1.ResourceList, error) {
	var (
		nodes    []corev1.Node
		pods     []corev1.Pod
		flavor   kueue.ResourceFlavorSpec
		admitted sets.Set[types.UID]
	)
	err := together(
		func() (err error) { nodes, err = c.nodes(ctx); return err },
		func() (err error) { pods, err = c.pods(ctx); return err },
		func() (err error) {
			if hasKueue {
				flavor, err = c.flavor(ctx)
			}
			return err
		},
		func() (err error) {
			if hasKueue {
				admitted, err = c.admitted(ctx)
			}
			return err
		},
	)
	return free(nodes, pods, flavor, admitted), err
}

func (c *Client) nodes(ctx context.Context) ([]corev1.Node, error) {
	var all []corev1.Node
	err := c.listAll(ctx, "nodes", func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
		return c.conn.Kube.CoreV1().Nodes().List(ctx, o)
	}, func(obj runtime.Object) { all = append(all, *obj.(*corev1.Node)) })
	return all, err
}

// pods returns those that are on a node and have not ended.
func (c *Client) pods(ctx context.Context) ([]corev1.Pod, error) {
	var all []corev1.Pod
	err := c.listAll(ctx, "pods", func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
		o.FieldSelector = "spec.nodeName!=,status.phase!=Succeeded,status.phase!=Failed"
		return c.conn.Kube.CoreV1().Pods(metav1.NamespaceAll).List(ctx, o)
	}, func(obj runtime.Object) { all = append(all, *obj.(*corev1.Pod)) })
	return all, err
}

// flavor is the ResourceFlavor's node selection: none, unless a flavor of our
// name existed before.
func (c *Client) flavor(ctx context.Context) (kueue.ResourceFlavorSpec, error) {
	set, err := c.conn.Kueue()
	if err != nil {
		return kueue.ResourceFlavorSpec{}, err
	}
	f, err := set.KueueV1beta2().ResourceFlavors().Get(ctx, kube.FlavorName, metav1.GetOptions{})
	if err == nil {
		return f.Spec, nil
	}
	if apierrors.IsNotFound(err) {
		err = nil
	}
	return kueue.ResourceFlavorSpec{}, c.conn.Classify(err, "get", "resourceflavors.kueue.x-k8s.io")
}

// admitted are the UIDs of what runs through our ClusterQueue.
func (c *Client) admitted(ctx context.Context) (sets.Set[types.UID], error) {
	set, err := c.conn.Kueue()
	if err != nil {
		return nil, err
	}
	owners := sets.New[types.UID]()
	err = c.listAll(ctx, "workloads.kueue.x-k8s.io", func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
		return set.KueueV1beta2().Workloads(metav1.NamespaceAll).List(ctx, o)
	}, func(obj runtime.Object) {
		w := obj.(*kueue.Workload)
		if w.Status.Admission == nil || w.Status.Admission.ClusterQueue != kube.ClusterQueueName {
			return
		}
		for _, o := range w.OwnerReferences {
			owners.Insert(o.UID)
		}
	})
	return owners, err
}

// listAll reads a list page by page; one that changes too fast to be read so
// is read as a whole.
func (c *Client) listAll(ctx context.Context, resource string, list pager.ListPageFunc, each func(runtime.Object)) error {
	p := pager.New(list)
	p.PageSize = pageSize
	err := p.EachListItem(ctx, metav1.ListOptions{}, func(obj runtime.Object) error {
		each(obj)
		return nil
	})
	return c.conn.Classify(err, "list", resource)
}

// together runs independent calls concurrently, and joins the errors. Of equal
// ones, as when no server answers, one is kept.
func together(calls ...func() error) error {
	errs := make([]error, len(calls))
	var wg sync.WaitGroup
	for i, call := range calls {
		wg.Go(func() { errs[i] = call() })
	}
	wg.Wait()
	seen := sets.New[string]()
	for i, err := range errs {
		if err != nil && seen.Has(err.Error()) {
			errs[i] = nil
		} else if err != nil {
			seen.Insert(err.Error())
		}
	}
	return errors.Join(errs...)
}

// isThere reports that what was to be made is there already.
func isThere(err error) bool { return apierrors.IsAlreadyExists(err) }

// isAbsent reports that an object, or its whole kind, is not there.
func isAbsent(err error) bool { return apierrors.IsNotFound(err) || meta.IsNoMatchError(err) }

func isForbidden(err error) bool {
	var f *api.ForbiddenError
	return errors.As(err, &f)
}

// Resize measures the free resources of the nodes and makes them the quota;
// what o.Quota names has precedence. What runs through the queue already is
// part
// of the quota. A resource that no node has any more gets 0. It is
// *api.NotInstalledError when nothing is set up.
func (c *Client) Resize(ctx context.Context, o api.ClusterResizeOptions) (*api.ClusterResize, error) {
	asked, err := parseQuota(o.Quota)
	if err := api.JoinInvalid(o.DryRun.Check(), err); err != nil {
		return nil, err
	}
	now, err := c.look(ctx)
	if err != nil {
		return nil, err
	}
	switch {
	case now.clusterQueue == nil:
		return nil, c.nothingSetUp()
	case !isOurs(now.clusterQueue):
		return nil, foreignQueue()
	}
	quota, err := c.measure(ctx, true)
	if err != nil {
		return nil, err
	}
	c.warnOfNothing(quota, asked)
	before := quotaOf(now.clusterQueue.Spec.ResourceGroups)
	for name := range before {
		if _, ok := quota[name]; !ok {
			quota[name] = resource.Quantity{}
		}
	}
	maps.Copy(quota, asked)
	wanted := desired.ClusterQueue(withQuota(now.clusterQueue.Spec.ResourceGroups, quota))
	if o.DryRun.Sends() {
		if _, err := c.apply(ctx, wanted, o.DryRun); err != nil {
			return nil, err
		}
	}
	return resized(before, quotaOf(wanted.Spec.ResourceGroups)), nil
}

// resized compares two quotas.
func resized(before, after corev1.ResourceList) *api.ClusterResize {
	out := &api.ClusterResize{TypeMeta: api.TypeMeta[api.ClusterResize](),
		ObjectMeta: metav1.ObjectMeta{Name: kube.ClusterQueueName}, Resources: []api.ResizedResource{}}
	for _, name := range slices.SortedFunc(maps.Keys(after), kube.CompareResources) {
		now := after[name]
		r := api.ResizedResource{Resource: string(name), After: now.String()}
		was, there := before[name]
		if there {
			r.Before = was.String()
		}
		out.Changed = out.Changed || !there || was.Cmp(now) != 0
		out.Resources = append(out.Resources, r)
	}
	return out
}

func (c *Client) nothingSetUp() error {
	return &api.NotInstalledError{Message: fmt.Sprintf("nothing is set up in namespace %q", c.conn.Namespace),
		Remedies: []api.Remedy{{Action: api.ClusterSetup}}}
}

func foreignQueue() error {
	return &api.ConflictError{Message: fmt.Sprintf("the ClusterQueue %q was not made by `cluster setup`, so its quota is for others to change", kube.ClusterQueueName)}
}
