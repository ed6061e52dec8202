// Package nswatch reports when something has changed in a namespace of a cluster, so that
// a test that waits looks again when that can help, and not several times a second.
package nswatch

import (
	"context"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/metadata/metadatainformer"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
)

// workloads are Kueue's Workloads, which have the condition that a Job is admitted.
var workloads = schema.GroupVersionResource{Group: "kueue.x-k8s.io", Version: "v1beta2", Resource: "workloads"}

// Watcher watches the pods, the Jobs and Kueue's workloads of all namespaces.
type Watcher struct {
	mu sync.Mutex
	of map[string]chan struct{} // namespace -> closed at its next change
}

// Start watches until the context ends. It returns at once: until the watches are
// established no change is reported, and Wait returns after its limit.
func Start(ctx context.Context, config *rest.Config) (*Watcher, error) {
	binary := rest.CopyConfig(config)
	binary.ContentType = "application/vnd.kubernetes.protobuf"
	typed, err := kubernetes.NewForConfig(binary)
	if err != nil {
		return nil, err
	}
	other, err := metadata.NewForConfig(metadata.ConfigFor(config))
	if err != nil {
		return nil, err
	}
	w := &Watcher{of: map[string]chan struct{}{}}
	core := informers.NewSharedInformerFactory(typed, 0)
	queue := metadatainformer.NewSharedInformerFactory(other, 0)
	for _, informer := range []cache.SharedIndexInformer{
		core.Core().V1().Pods().Informer(), core.Batch().V1().Jobs().Informer(), queue.ForResource(workloads).Informer(),
	} {
		if err := informer.SetTransform(keepName); err != nil {
			return nil, err
		}
		_, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
			AddFunc:    w.changed,
			UpdateFunc: func(_, object any) { w.changed(object) },
			DeleteFunc: w.changed,
		})
		if err != nil {
			return nil, err
		}
	}
	core.Start(ctx.Done())
	queue.Start(ctx.Done())
	return w, nil
}

// keepName drops all of an object that changed does not read.
func keepName(object any) (any, error) {
	m, err := meta.Accessor(object)
	if err != nil {
		return object, nil // a tombstone: kept as it is
	}
	return &metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{
		Namespace: m.GetNamespace(), Name: m.GetName(), UID: m.GetUID(), ResourceVersion: m.GetResourceVersion(),
	}}, nil
}

// changed wakes all that wait for a change in the object's namespace.
func (w *Watcher) changed(object any) {
	if gone, ok := object.(cache.DeletedFinalStateUnknown); ok {
		object = gone.Obj
	}
	m, err := meta.Accessor(object)
	if err != nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if next, ok := w.of[m.GetNamespace()]; ok {
		close(next)
		delete(w.of, m.GetNamespace())
	}
}

// Next returns a channel that is closed at the next change in the namespace.
func (w *Watcher) Next(namespace string) <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	next, ok := w.of[namespace]
	if !ok {
		next = make(chan struct{})
		w.of[namespace] = next
	}
	return next
}

// Pauses between two looks at something that has not come about.
const (
	shortest = 200 * time.Millisecond
	longest  = 2 * time.Second
)

// Until calls look until it returns true, or the limit has passed; it returns whether
// look returned true. The pause between two calls grows from a fifth of a second to two
// seconds. A change in the namespace ends it earlier, but not before a quarter of it: one
// step of a task changes several objects at once.
func (w *Watcher) Until(namespace string, limit time.Duration, look func() bool) bool {
	end := time.Now().Add(limit)
	for pause := shortest; ; pause = min(pause*3/2, longest) {
		next := w.Next(namespace)
		if look() {
			return true
		}
		if time.Now().After(end) {
			return false
		}
		late := time.After(pause)
		select {
		case <-next:
			<-time.After(pause / 4)
		case <-late:
		}
	}
}
