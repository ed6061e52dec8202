package task

import (
	"context"
	"fmt"
	"sync"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/tools/cache"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
)

const byTask = "task"

// progress is a local copy of what the pods of some tasks tell. It is only made
// when there is a task of which something is kept.
type progress struct {
	leases cache.Indexer
}

// of is what one task told last.
func (p *progress) of(s *api.TaskStatus) told {
	t := told{}
	found, _ := p.leases.ByIndex(byTask, s.Namespace+"/"+s.ID) // the index exists: we made it
	for _, lease := range found {
		t.add(lease.(*coordinationv1.Lease))
	}
	return t
}

// watchProgress keeps a copy up to date until ctx ends, and tells each change.
// It returns when the copy is there, or when it turned out that the caller may
// not have it: then it stays empty.
func (c *Client) watchProgress(ctx context.Context, namespace string, set labels.Set, changed func(jobKey string)) *progress {
	ctx, cancel := context.WithCancel(ctx)
	factory := informers.NewSharedInformerFactoryWithOptions(c.conn.Kube, 0, informers.WithNamespace(namespace),
		informers.WithTweakListOptions(func(o *metav1.ListOptions) { o.LabelSelector = selector(progressSelector, set) }),
		informers.WithTransform(withoutManagedFields))
	informer := factory.Coordination().V1().Leases().Informer()
	tell := func(obj any) {
		lease, ok := obj.(*coordinationv1.Lease)
		if !ok {
			return // it was deleted unseen, and so is its Job
		}
		for _, owner := range lease.OwnerReferences {
			changed(lease.Namespace + "/" + owner.Name)
		}
	}
	// These fail only for an informer that has been started.
	_ = informer.AddIndexers(cache.Indexers{byTask: func(obj any) ([]string, error) {
		lease := obj.(*coordinationv1.Lease)
		return []string{lease.Namespace + "/" + lease.Labels[kube.LabelTaskID]}, nil
	}})
	_, _ = informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: tell, UpdateFunc: func(_, obj any) { tell(obj) }})
	var once sync.Once
	_ = informer.SetWatchErrorHandler(func(_ *cache.Reflector, err error) {
		if !apierrors.IsForbidden(err) && !apierrors.IsUnauthorized(err) {
			return // the informer tries again
		}
		once.Do(func() {
			c.conn.Warn(fmt.Sprintf("the progress of tasks is not shown: %v", c.conn.Classify(err, "watch", leasesResource)))
		})
		cancel()
	})
	factory.Start(ctx.Done())
	cache.WaitForCacheSync(ctx.Done(), informer.HasSynced)
	return &progress{leases: informer.GetIndexer()}
}
