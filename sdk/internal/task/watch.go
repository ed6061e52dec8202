package task

import (
	"context"
	"errors"
	"iter"
	"reflect"
	"slices"
	"sync"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	batchinformers "k8s.io/client-go/informers/batch/v1"
	coreinformers "k8s.io/client-go/informers/core/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/watched"
)

// Watch implements sdk.Task.
func (c *Client) Watch(ctx context.Context, o api.TaskListOptions) iter.Seq2[*api.TaskStatus, error] {
	return func(yield func(*api.TaskStatus, error) bool) {
		namespace, sel, err := c.scope(ctx, o)
		if err != nil {
			yield(nil, err)
			return
		}
		whose, err := c.whose(ctx, o)
		if err != nil {
			yield(nil, err)
			return
		}
		for s, err := range c.watch(ctx, namespace, sel, whose) {
			if err == nil && len(o.States) > 0 && !slices.Contains(o.States, s.State) && s.DeletionTimestamp == nil {
				continue
			}
			if !yield(s, err) {
				return
			}
		}
	}
}

// watch yields the tasks that sel selects, and every change of their state, reason or
// progress; leases selects the Leases with the progress. Informers keep the Jobs and pods
// up to date, and list again after the API server was unavailable.
func (c *Client) watch(ctx context.Context, namespace, sel string, leases labels.Set) iter.Seq2[*api.TaskStatus, error] {
	return func(yield func(*api.TaskStatus, error) bool) {
		ctx, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		m, err := c.mirror(ctx, cancel, namespace, sel)
		if err != nil {
			yield(nil, err)
			return
		}
		m.refused = c.refusedPods(ctx, namespace)
		m.progress = sync.OnceValue(func() *progress { return c.watchProgress(ctx, namespace, leases, m.changed.Add) })
		// Without its pods a Job would look as if they had been deleted.
		if !cache.WaitForCacheSync(ctx.Done(), m.synced...) {
			if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
				yield(nil, cause)
			}
			return
		}
		known := map[string]api.TaskStatus{}
		for {
			keys := m.changed.Next(ctx, 1)
			if keys == nil {
				if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
					yield(nil, cause)
				}
				return
			}
			key := keys[0]
			before, had := known[key]
			now, exists := m.status(key)
			switch {
			case exists && had && !differs(before, now), !exists && !had:
				continue
			case exists:
				known[key] = now
			default:
				now = before
				now.DeletionTimestamp = ptr.To(metav1.Now())
				delete(known, key)
			}
			if !yield(&now, nil) {
				return
			}
		}
	}
}

func differs(a, b api.TaskStatus) bool {
	return a.State != b.State || a.Reason != b.Reason || a.UID != b.UID || !a.EndTime.Equal(b.EndTime) ||
		!reflect.DeepEqual(a.Progress, b.Progress)
}

// mirror is a local copy of some Jobs and their pods, with a queue of the changed Jobs.
type mirror struct {
	jobs    cache.Indexer
	pods    cache.Indexer
	changed *watched.Keys
	synced  []cache.InformerSynced
	// progress is called for the first task that has any, and refused while one lacks
	// pods without another reason.
	progress func() *progress
	refused  func() map[types.UID]corev1.Event
	delayed  sync.Map // the keys that are checked again later
}

const byJob = "job"

func (c *Client) mirror(ctx context.Context, fail context.CancelCauseFunc, namespace, sel string) (*mirror, error) {
	// Not by the factory of all informers, which links those of all kinds.
	selected := func(o *metav1.ListOptions) { o.LabelSelector = sel }
	jobs := batchinformers.NewFilteredJobInformer(c.conn.Kube, namespace, 0, cache.Indexers{}, selected)
	pods := coreinformers.NewFilteredPodInformer(c.conn.Kube, namespace, 0, cache.Indexers{}, selected)
	m := &mirror{jobs: jobs.GetIndexer(), pods: pods.GetIndexer(), changed: watched.NewKeys(),
		synced: []cache.InformerSynced{jobs.HasSynced, pods.HasSynced}}
	if err := pods.AddIndexers(cache.Indexers{byJob: func(obj any) ([]string, error) { return []string{jobKey(obj)}, nil }}); err != nil {
		return nil, err
	}
	for resource, informer := range map[string]cache.SharedIndexInformer{jobsResource: jobs, "pods": pods} {
		if err := watched.Follow(informer, m.changed, jobKey, func(err error) { fail(c.conn.Classify(err, "watch", resource)) }); err != nil {
			return nil, err
		}
	}
	go jobs.RunWithContext(ctx)
	go pods.RunWithContext(ctx)
	return m, nil
}

// jobKey returns namespace/name of the Job that an object is or belongs to.
func jobKey(obj any) string {
	if gone, ok := obj.(cache.DeletedFinalStateUnknown); ok {
		return jobKeyOf(gone.Key, gone.Obj)
	}
	return jobKeyOf("", obj)
}

func jobKeyOf(fallback string, obj any) string {
	switch o := obj.(type) {
	case *batchv1.Job:
		return o.Namespace + "/" + o.Name
	case *corev1.Pod:
		return o.Namespace + "/" + o.Labels[batchv1.JobNameLabel]
	}
	return fallback
}

// later has a Job checked again after lookAgain: no watch reports why its pods cannot be
// created.
func (m *mirror) later(key string) {
	if _, already := m.delayed.LoadOrStore(key, true); !already {
		time.AfterFunc(lookAgain, func() {
			m.delayed.Delete(key)
			m.changed.Add(key)
		})
	}
}

// status returns the status of a Job's task from the copy.
func (m *mirror) status(key string) (api.TaskStatus, bool) {
	obj, exists, err := m.jobs.GetByKey(key)
	if err != nil || !exists {
		return api.TaskStatus{}, false
	}
	var pods []corev1.Pod
	of, _ := m.pods.ByIndex(byJob, key) // the index exists: we made it
	for _, pod := range of {
		pods = append(pods, *pod.(*corev1.Pod))
	}
	job := obj.(*batchv1.Job)
	s := build(job, pods, nil)
	if lacksPods(&s, job, pods) {
		if event, ok := m.refused()[job.UID]; ok {
			s = build(job, pods, []corev1.Event{event})
		}
		m.later(key)
	}
	if keeps(&s) {
		m.progress().of(&s).fill(&s)
	}
	return s, true
}
