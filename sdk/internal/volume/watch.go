package volume

import (
	"context"
	"errors"
	"iter"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	coreinformers "k8s.io/client-go/informers/core/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/watched"
)

// Watch yields each volume that o selects once, then again after every change of its
// claim, until ctx is done. UsedBy and Reason are read again with each change, for all
// changed claims together. The informer lists again after the API server was
// unavailable. A deleted volume is yielded once more with DeletionTimestamp set.
func (c *Client) Watch(ctx context.Context, o api.VolumeListOptions) iter.Seq2[*api.VolumeStatus, error] {
	return func(yield func(*api.VolumeStatus, error) bool) {
		namespace, selected, err := c.selection(ctx, o)
		if err != nil {
			yield(nil, err)
			return
		}
		ctx, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		w := &watch{c: c, namespace: namespace, keys: watched.NewKeys(), known: map[string]*api.VolumeStatus{}}
		informer := coreinformers.NewFilteredPersistentVolumeClaimInformer(c.conn.Kube, namespace, 0, cache.Indexers{}, selected)
		w.claims = informer.GetStore()
		err = watched.Follow(informer, w.keys, claimKey, func(err error) { cancel(c.conn.Classify(err, "watch", claims)) })
		if err != nil {
			yield(nil, err)
			return
		}
		go informer.RunWithContext(ctx)
		if cache.WaitForCacheSync(ctx.Done(), informer.HasSynced) {
			err = w.follow(ctx, yield)
		}
		if cause := context.Cause(ctx); err == nil && cause != nil && !errors.Is(cause, context.Canceled) {
			err = cause
		}
		if err != nil {
			yield(nil, err)
		}
	}
}

// selection returns the namespace of the claims that o selects, and sets their selectors.
func (c *Client) selection(ctx context.Context, o api.VolumeListOptions) (namespace string, selected func(*metav1.ListOptions), err error) {
	if o.Ref == "" {
		namespace, query, err := c.scope(ctx, o)
		return namespace, func(l *metav1.ListOptions) { l.LabelSelector = query }, err
	}
	if err := checkRef(o); err != nil {
		return "", nil, err
	}
	pvc, err := c.one(ctx, o.Ref)
	if err != nil {
		return "", nil, err
	}
	name := fields.OneTermEqualSelector("metadata.name", pvc.Name).String()
	return pvc.Namespace, func(l *metav1.ListOptions) { l.FieldSelector = name }, nil
}

// claimKey returns namespace/name of a claim, and of one whose deletion was missed.
func claimKey(obj any) string {
	key, _ := cache.DeletionHandlingMetaNamespaceKeyFunc(obj) // a claim has both
	return key
}

// watch is one call of Watch.
type watch struct {
	c         *Client
	namespace string
	claims    cache.Store
	keys      *watched.Keys
	known     map[string]*api.VolumeStatus
	partial   bool // the warning about what uses the volumes was sent
}

// batch limits the claims whose changes are read together.
const batch = 500

// follow yields changes until ctx is done or the consumer stops.
func (w *watch) follow(ctx context.Context, yield func(*api.VolumeStatus, error) bool) error {
	for {
		keys := w.keys.Next(ctx, batch)
		if keys == nil {
			return nil
		}
		slices.Sort(keys)
		now, err := w.read(ctx, keys)
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		for _, key := range keys {
			if st := w.change(key, now[key]); st != nil && !yield(st, nil) {
				return nil
			}
		}
	}
}

// read returns the volumes of those claims that exist.
func (w *watch) read(ctx context.Context, keys []string) (map[string]*api.VolumeStatus, error) {
	var all []*corev1.PersistentVolumeClaim
	for _, key := range keys {
		if obj, exists, err := w.claims.GetByKey(key); err == nil && exists {
			all = append(all, obj.(*corev1.PersistentVolumeClaim))
		}
	}
	now := make(map[string]*api.VolumeStatus, len(all))
	if len(all) == 0 {
		return now, nil
	}
	used, err := w.c.strictUsage(ctx, w.namespace)
	if forbidden := (*api.ForbiddenError)(nil); errors.As(err, &forbidden) {
		if !w.partial {
			w.c.conn.Warn("the users of the volumes are only known in part: " + forbidden.Message)
		}
		w.partial, err = true, nil
	}
	if err != nil {
		return nil, err
	}
	why := w.c.reasons(ctx, w.namespace, all)
	for _, pvc := range all {
		st := status(pvc)
		st.Reason, st.UsedBy = why.of(pvc), used.of(pvc)
		now[claimKey(pvc)] = st
	}
	return now, nil
}

// change records the volume of a claim, nil for one that is gone, and returns what is
// yielded; nil for nothing.
func (w *watch) change(key string, now *api.VolumeStatus) *api.VolumeStatus {
	before := w.known[key]
	switch {
	case now == nil && before == nil, now != nil && before != nil && !differs(before, now):
		return nil
	case now != nil:
		w.known[key] = now
		return ptr.To(*now)
	}
	delete(w.known, key)
	gone := *before
	if gone.DeletionTimestamp.IsZero() {
		gone.DeletionTimestamp = ptr.To(metav1.Now())
	}
	return &gone
}

func differs(a, b *api.VolumeStatus) bool {
	return a.UID != b.UID || a.Phase != b.Phase || a.Reason != b.Reason || a.Size != b.Size ||
		a.DeletionTimestamp.IsZero() != b.DeletionTimestamp.IsZero() ||
		!slices.Equal(a.UsedBy, b.UsedBy) || !slices.Equal(a.AccessModes, b.AccessModes)
}
