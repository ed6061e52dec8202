package task

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	leaseinformers "k8s.io/client-go/informers/coordination/v1"
	"k8s.io/client-go/tools/cache"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/watched"
)

// leasesResource is the resource of the progress in errors and rights.
const leasesResource = "leases.coordination.k8s.io"

// progressSelector selects the Leases in which the pods of tasks report their progress.
var progressSelector = labels.Set{kube.LabelKind: kube.KindProgress}

// latestProgress has the last progress of tasks. Of several nodes that of the
// lowest rank counts.
type latestProgress map[taskKey]nodeProgress

type taskKey struct{ namespace, id string }

type nodeProgress struct {
	rank int
	api.Progress
}

// add records a Lease. It ignores an invalid one, since others may write Leases.
func (t latestProgress) add(lease *coordinationv1.Lease) {
	id := lease.Labels[kube.LabelTaskID]
	p := nodeProgress{rank: rankOfLease(lease.Name, id)}
	if id == "" || json.Unmarshal([]byte(lease.Annotations[kube.AnnotationProgress]), &p.Progress) != nil {
		return
	}
	key := taskKey{lease.Namespace, id}
	have, known := t[key]
	// A pod that replaced another one of its rank has the later time.
	if !known || cmp.Or(cmp.Compare(p.rank, have.rank), have.Time.Compare(p.Time.Time)) < 0 {
		t[key] = p
	}
}

// rankOfLease returns the rank in a Lease's name, which is that of its pod:
// "<job>-<rank>-<random>", where the Job's name ends in the task's ID.
func rankOfLease(name, id string) int {
	_, rest, _ := strings.Cut(name, id+"-")
	text, _, _ := strings.Cut(rest, "-")
	rank, _ := strconv.Atoi(text) // 0 if it is unknown
	return rank
}

// fill sets the progress of a task whose diagnosis, if any, is set.
func (t latestProgress) fill(s *api.TaskStatus) {
	if p, ok := t[taskKey{s.Namespace, s.ID}]; ok && s.Kept != "" {
		s.Progress = &p.Progress
		reject(s)
	}
}

// reject sets the state Rejected for a task whose process exited by itself, with any
// exit code, after it reported "rejected".
func reject(s *api.TaskStatus) {
	byItself := s.State == api.Succeeded ||
		s.State == api.Failed && s.Diagnosis != nil && s.Diagnosis.Cause == api.CauseExit
	if !layout.Rejected(s.Progress) || !byItself {
		return
	}
	s.State = api.Rejected
	s.Reason = cmp.Or(s.Progress.Message, "its input was rejected")
	s.Diagnosis = nil // nothing failed
}

// keeps reports whether a task may have progress.
func keeps(s *api.TaskStatus) bool {
	return s.Kept != "" && s.State != api.Queued
}

// progress reads the progress of the selected tasks. If the caller may not read Leases,
// it warns and returns none.
func (c *Client) progress(ctx context.Context, namespace string, set labels.Set) latestProgress {
	t := latestProgress{}
	err := each(ctx, metav1.ListOptions{LabelSelector: selector(progressSelector, set)}, t.add,
		func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
			list, err := c.conn.Kube.CoordinationV1().Leases(namespace).List(ctx, o)
			return list, c.conn.Classify(err, "list", leasesResource)
		})
	if err != nil && ctx.Err() == nil {
		c.conn.Warn(fmt.Sprintf("the progress of tasks is not shown: %v", err))
	}
	return t
}

const byTask = "task"

// progress is a local copy of the progress of some tasks. It exists only if a task keeps
// results.
type progress struct {
	leases cache.Indexer
}

// of returns the last progress of a task.
func (p *progress) of(s *api.TaskStatus) latestProgress {
	t := latestProgress{}
	found, _ := p.leases.ByIndex(byTask, s.Namespace+"/"+s.ID) // the index exists: we made it
	for _, lease := range found {
		t.add(lease.(*coordinationv1.Lease))
	}
	return t
}

// watchProgress keeps a copy up to date until ctx ends, and calls changed for each
// change. It returns when the copy is complete, or when it is forbidden: then the copy
// stays empty.
func (c *Client) watchProgress(ctx context.Context, namespace string, set labels.Set, changed func(jobKey string)) *progress {
	ctx, cancel := context.WithCancel(ctx)
	informer := leaseinformers.NewFilteredLeaseInformer(c.conn.Kube, namespace, 0, cache.Indexers{},
		func(o *metav1.ListOptions) { o.LabelSelector = selector(progressSelector, set) })
	notify := func(obj any) {
		lease, ok := obj.(*coordinationv1.Lease)
		if !ok {
			return // deleted, and so is its Job
		}
		for _, owner := range lease.OwnerReferences {
			changed(lease.Namespace + "/" + owner.Name)
		}
	}
	// These fail only for an informer that has been started.
	_ = informer.SetTransform(watched.WithoutManagedFields)
	_ = informer.AddIndexers(cache.Indexers{byTask: func(obj any) ([]string, error) {
		lease := obj.(*coordinationv1.Lease)
		return []string{lease.Namespace + "/" + lease.Labels[kube.LabelTaskID]}, nil
	}})
	_, _ = informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: notify, UpdateFunc: func(_, obj any) { notify(obj) }})
	var once sync.Once
	_ = informer.SetWatchErrorHandler(func(_ *cache.Reflector, err error) {
		if !apierrors.IsForbidden(err) && !apierrors.IsUnauthorized(err) {
			return // the informer retries
		}
		once.Do(func() {
			c.conn.Warn(fmt.Sprintf("the progress of tasks is not shown: %v", c.conn.Classify(err, "watch", leasesResource)))
		})
		cancel()
	})
	go informer.RunWithContext(ctx)
	cache.WaitForCacheSync(ctx.Done(), informer.HasSynced)
	return &progress{leases: informer.GetIndexer()}
}
