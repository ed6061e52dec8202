package queue

import (
	"context"
	"encoding/json"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/pager"
	"sigs.k8s.io/kueue/client-go/clientset/versioned/scheme"

	"github.com/kubevast/vast/sdk/api"
)

// pageSize is how many objects one request brings.
const pageSize = 500

// workloadPage is one page of a list of Workloads.
type workloadPage struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata"`
	Items           []workload `json:"items"`
}

// DeepCopyObject makes it an object that can be paged through. Nobody copies it.
func (p *workloadPage) DeepCopyObject() runtime.Object { return p }

// eachWorkload calls do for every Workload of a namespace (empty: of all), with
// a few pages of 500 in memory at a time.
func (c *Client) eachWorkload(ctx context.Context, ns, selector string, do func(*workload)) error {
	set, err := c.conn.Kueue()
	if err != nil {
		return err
	}
	p := pager.New(func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
		answer := set.KueueV1beta2().RESTClient().Get().NamespaceIfScoped(ns, ns != "").Resource("workloads").
			VersionedParams(&o, scheme.ParameterCodec).Do(ctx)
		// Error, unlike Raw, reads what the server says of a refusal.
		if err := answer.Error(); err != nil {
			return nil, err
		}
		raw, err := answer.Raw()
		if err != nil {
			return nil, err
		}
		page := &workloadPage{}
		if err := json.Unmarshal(raw, page); err != nil {
			return nil, &api.UnavailableError{Message: "the cluster's list of Workloads cannot be read: " + err.Error(), Cause: err}
		}
		return page, nil
	})
	p.PageSize = pageSize
	err = p.EachListItem(ctx, metav1.ListOptions{LabelSelector: selector}, func(obj runtime.Object) error {
		if w, ok := obj.(*workload); ok {
			kept := *w // or keeping one would keep its whole page
			do(&kept)
		}
		return nil
	})
	if err != nil {
		return c.listing(err, workloads)
	}
	return nil
}
