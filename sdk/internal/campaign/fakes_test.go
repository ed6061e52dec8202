package campaign

import (
	"context"
	"encoding/json"
	"io"
	"iter"
	"net/http"
	"path"
	"sync"

	batchv1 "k8s.io/api/batch/v1"

	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/sdk/api"
)

// flakyStore is a store that can be taken away.
type flakyStore struct {
	store.Backend
	away bool
	// full: nothing more is taken.
	full bool
	// deleted is called after each deletion.
	deleted func()
}

func (s *flakyStore) Delete(ctx context.Context, keys ...string) error {
	err := s.Backend.Delete(ctx, keys...)
	if s.deleted != nil {
		s.deleted()
	}
	return err
}

func (s *flakyStore) Put(ctx context.Context, key string, r io.Reader, size int64, o store.PutOptions) (store.Object, error) {
	if s.away || s.full {
		return store.Object{}, &api.UnavailableError{Message: "the store is away"}
	}
	return s.Backend.Put(ctx, key, r, size, o)
}

func (s *flakyStore) Get(ctx context.Context, key string, offset int64) (io.ReadCloser, store.Object, error) {
	if s.away {
		return nil, store.Object{}, &api.UnavailableError{Message: "the store is away"}
	}
	return s.Backend.Get(ctx, key, offset)
}

func (s *flakyStore) List(ctx context.Context, prefix string, o store.ListOptions) iter.Seq2[store.Object, error] {
	if s.away {
		return func(yield func(store.Object, error) bool) {
			yield(store.Object{}, &api.UnavailableError{Message: "the store is away"})
		}
	}
	return s.Backend.List(ctx, prefix, o)
}

// kueueServer serves Kueue's API and the cluster's version. It has a queue
// called vast; Workloads are made for it by add.
type kueueServer struct {
	mu     sync.Mutex
	active map[string]bool // by the Workload's name
	labels map[string]string
}

// add makes the Workload of a Job that waits.
func (k *kueueServer) add(job *batchv1.Job) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.active["job-"+job.Name], k.labels = true, job.Spec.Template.Labels
}

func (k *kueueServer) ServeHTTP(out http.ResponseWriter, in *http.Request) {
	k.mu.Lock()
	defer k.mu.Unlock()
	name := path.Base(in.URL.Path)
	out.Header().Set("Content-Type", "application/json")
	items := []any{}
	switch {
	case name == "version":
		_ = json.NewEncoder(out).Encode(map[string]string{"gitVersion": "v1.36.3", "major": "1", "minor": "36"})
		return
	case in.Method == http.MethodPatch:
		var patch struct {
			Spec struct{ Active bool }
		}
		_ = json.NewDecoder(in.Body).Decode(&patch)
		k.active[name] = patch.Spec.Active
		_ = json.NewEncoder(out).Encode(k.workload(name))
		return
	case name == "localqueues":
		items = append(items, map[string]any{"metadata": map[string]any{"name": "vast", "namespace": "ns"}, "spec": map[string]any{"clusterQueue": "all"}})
	case name == "workloadpriorityclasses":
		items = append(items, map[string]any{"metadata": map[string]any{"name": "high"}, "value": 100})
	case name == "workloads":
		for name := range k.active {
			items = append(items, k.workload(name))
		}
	default:
		out.WriteHeader(http.StatusNotFound)
		return
	}
	_ = json.NewEncoder(out).Encode(map[string]any{"items": items})
}

func (k *kueueServer) workload(name string) any {
	return map[string]any{"apiVersion": "kueue.x-k8s.io/v1beta2", "kind": "Workload",
		"metadata": map[string]any{"name": name, "namespace": "ns"},
		"spec": map[string]any{"active": k.active[name], "queueName": "vast",
			"podSets": []any{map[string]any{"count": 1, "template": map[string]any{"metadata": map[string]any{"labels": k.labels}}}}}}
}
