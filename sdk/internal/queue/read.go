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

// pageSize is the number of objects per list request.
const pageSize = 500

// workloadPage is one page of a list of Workloads.
type workloadPage struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata"`
	Items           []workload `json:"items"`
}

// DeepCopyObject implements runtime.Object for the pager, which copies nothing.
func (p *workloadPage) DeepCopyObject() runtime.Object { return p }

// eachWorkload calls do for every Workload of a namespace (empty: of all). It holds a
// few pages of 500 in memory.
func (c *Client) eachWorkload(ctx context.Context, ns, selector string, do func(*workload)) error {
	set, err := c.conn.Kueue()
	if err != nil {
		return err
	}
	p := pager.New(func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
		answer := set.KueueV1beta2().RESTClient().Get().NamespaceIfScoped(ns, ns != "").Resource("workloads").
			VersionedParams(&o, scheme.ParameterCodec).Do(ctx)
		// Error, unlike Raw, decodes the Status that the server returns.
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
			kept := *w // a reference would keep the whole page in memory
			do(&kept)
		}
		return nil
	})
	if err != nil {
		return c.listing(err, workloads)
	}
	return nil
}
