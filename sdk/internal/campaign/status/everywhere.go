package status

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/pager"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/authz"
	"github.com/kubevast/vast/sdk/internal/campaign/record"
)

// namespacesAtOnce is how many namespaces are looked at side by side. Each has a
// store of its own.
const namespacesAtOnce = 4

// everywhere is List in all namespaces that have records of campaigns, which
// are found by one listing of the records.
func (c *Reader) everywhere(ctx context.Context, o api.CampaignListOptions) (*api.CampaignList, error) {
	if len(o.Refs) > 0 {
		return nil, api.Invalid("", "all namespaces go with no campaign: name one in its namespace")
	}
	sel, err := c.records.Selector(ctx, kube.KindCampaign, nil, o.AllUsers)
	if err != nil {
		return nil, err
	}
	found := map[string]bool{}
	p := pager.New(func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
		list, err := c.conn.Kube.CoreV1().ConfigMaps(metav1.NamespaceAll).List(ctx, o)
		return list, c.conn.Classify(err, "list", "configmaps")
	})
	err = p.EachListItem(ctx, metav1.ListOptions{LabelSelector: sel}, func(obj runtime.Object) error {
		found[obj.(*corev1.ConfigMap).Namespace] = true
		return nil
	})
	if err != nil {
		return nil, err
	}
	o.AllNamespaces = false
	namespaces := slices.Sorted(maps.Keys(found))
	lists := make([]*api.CampaignList, len(namespaces))
	group, grouped := errgroup.WithContext(ctx)
	group.SetLimit(namespacesAtOnce)
	for i, namespace := range namespaces {
		group.Go(func() (err error) {
			if lists[i], err = c.in(namespace).List(grouped, o); err != nil && grouped.Err() == nil {
				c.conn.Warn(fmt.Sprintf("the campaigns of namespace %q are left out: %v", namespace, err))
				return nil
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	all := &api.CampaignList{TypeMeta: api.TypeMeta[api.CampaignList](), Items: []api.Campaign{}}
	for _, list := range lists {
		if list != nil {
			all.Items = append(all.Items, list.Items...)
		}
	}
	slices.SortStableFunc(all.Items, func(a, b api.Campaign) int { return a.CreationTimestamp.Compare(b.CreationTimestamp.Time) })
	return all, nil
}

// in is a client for another namespace, the same one each time.
func (c *Reader) in(namespace string) *Reader {
	if namespace == c.conn.Namespace {
		return c
	}
	conn := c.conn.In(namespace)
	other, _ := c.others.LoadOrStore(namespace, New(record.New(conn, authz.New(conn)), c.tasks, c.queues))
	return other.(*Reader)
}
