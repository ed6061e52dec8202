package result

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
)

// namespacesAtOnce is how many namespaces are looked at side by side. Each has a
// store of its own.
const namespacesAtOnce = 4

// everywhere is List in all namespaces that were set up, by their records. One
// whose store the caller cannot read is omitted with a warning.
func (c *Client) everywhere(ctx context.Context, o api.ResultListOptions) (*api.ResultList, error) {
	records, err := c.conn.Kube.CoreV1().ConfigMaps(metav1.NamespaceAll).List(ctx,
		metav1.ListOptions{FieldSelector: fields.OneTermEqualSelector("metadata.name", kube.SetupName).String()})
	if err != nil {
		return nil, c.conn.Classify(err, "list", "configmaps")
	}
	o.AllNamespaces = false
	lists := make([]*api.ResultList, len(records.Items))
	group, grouped := errgroup.WithContext(ctx)
	group.SetLimit(namespacesAtOnce)
	for i := range records.Items {
		namespace := records.Items[i].Namespace
		group.Go(func() error {
			list, err := c.in(namespace).List(grouped, o)
			switch {
			case err == nil:
				lists[i] = list
			case grouped.Err() != nil:
				return err
			case !errors.As(err, new(*api.NotInstalledError)): // as where Kueue is
				c.conn.Warn(fmt.Sprintf("the results of namespace %q are left out: %v", namespace, err))
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	all := &api.ResultList{TypeMeta: api.TypeMeta[api.ResultList](), Items: []api.Result{}}
	for _, list := range lists {
		if list != nil {
			all.Items = append(all.Items, list.Items...)
		}
	}
	slices.SortStableFunc(all.Items, newestFirst)
	return all, nil
}

// in is a client for another namespace.
func (c *Client) in(namespace string) *Client {
	if c.inNamespace != nil {
		return c.inNamespace(namespace)
	}
	return New(c.conn.In(namespace)).WithStanding(c.standing)
}
