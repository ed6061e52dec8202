package runs

import (
	"cmp"
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
)

// selection returns the namespace and the label selector of the objects of a kind that a list
// has.
func (c *Client) selection(ctx context.Context, kind string, o api.TaskListOptions) (namespace, selector string, err error) {
	set := labels.Set{kube.LabelKind: kind}
	if !o.AllUsers {
		user, err := c.user(ctx)
		if err != nil {
			return "", "", err
		}
		set[kube.LabelUser] = kube.LabelValue(user)
	}
	selector = set.String()
	if o.LabelSelector != "" {
		if _, err := labels.Parse(o.LabelSelector); err != nil {
			return "", "", api.InvalidOption("LabelSelector", "%v", err)
		}
		selector += "," + o.LabelSelector
	}
	namespace = cmp.Or(o.Namespace, c.conn.Namespace)
	if o.AllNamespaces {
		namespace = metav1.NamespaceAll
	}
	return namespace, selector, nil
}
