// Package history keeps the runs of workflows that have ended in the store, for when their
// Kubernetes objects are gone: a record of each run, and an index by which runs are listed
// without reading the records. The agent writes it, and clients read and write it.
//
// The objects are below layout.RunsPrefix of the namespace:
//
//	records/<id[:2]>/<id>                 a Record: the ConfigMap of the run as JSON
//	specs/<id[:2]>/<id>                   the specification of the run; see package record
//	head/delta-<position>                 the Entry of a run that is in no part yet
//	head/delta-<position>-gone            empty: the run was deleted
//	head/list-<number>                    the parts of the index; the highest number counts
//	parts/<random>                        up to some thousand entries, immutable
//
// A position is 9999999999 minus the time of creation (a Unix time in seconds), a dash and
// the id, so that keys are sorted from the newest run to the oldest. Lists and parts are
// compressed JSON.
//
// A compaction moves deltas into parts: it writes new parts, and then the list with the next
// number, provided that there is no object of that name (a conditional write, which all
// supported stores have). So one of several compactions succeeds, and the others begin
// again. Deltas are deleted only then. The index follows from the records: Rebuild makes it
// again. Who may write objects of the store can forge all of it.
package history

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/internal/workflow/record"
	"github.com/kubevast/vast/sdk/api"
)

// Version is the version of the formats.
const Version = 1

// The folders below the prefix of a namespace.
const (
	recordsDir = "records/"
	specsDir   = "specs/"
	headDir    = "head/"
	partsDir   = "parts/"
)

const (
	// maxRecord and maxSpec bound what is read of one run, and maxPacked what a part or a
	// list is decompressed to.
	maxRecord = 16 << 20
	maxSpec   = 256 << 20
	maxPacked = 256 << 20
)

// Log is the history of the runs of one namespace. It is safe for concurrent use, also by
// several programs.
type Log struct {
	store     store.Backend
	namespace string
	prefix    string
}

// Open returns the history of a namespace in a store. It sends no request.
func Open(s store.Backend, namespace string) *Log {
	return &Log{store: s, namespace: namespace, prefix: layout.RunsPrefix(namespace)}
}

// Record is a run as it was when it had ended.
type Record struct {
	Version int              `json:"version"`
	Run     corev1.ConfigMap `json:"run"`
}

// shard is the end of the key of what is kept of one run. Folders of up to a million files
// are slow in stores that keep objects as files.
func shard(id string) string { return id[:2] + "/" + id }

// Add keeps a run that has ended: its ConfigMap, and its specification unless that is empty.
// It is idempotent. If many runs were added since the last compaction, it compacts the
// index; an error of that is no error of Add.
func (l *Log) Add(ctx context.Context, cm *corev1.ConfigMap, spec []byte) error {
	kept := cm.DeepCopy()
	kept.ManagedFields, kept.OwnerReferences, kept.ResourceVersion = nil, nil, ""
	run, err := record.FromObject(kept)
	if err != nil {
		return err
	}
	if !run.State.Phase.Final() || !kube.IsTaskID(run.ID) {
		return fmt.Errorf("run %s has not ended", run.ID)
	}
	text, err := json.Marshal(Record{Version: Version, Run: *kept})
	if err != nil {
		return err
	}
	entry := EntryOf(run)
	line, err := json.Marshal(entry)
	if err != nil {
		return err
	}
	if len(spec) > 0 {
		if err := l.put(ctx, specsDir+shard(run.ID), spec, store.PutOptions{}); err != nil {
			return err
		}
	}
	for _, o := range []struct {
		key  string
		data []byte
	}{{recordsDir + shard(run.ID), text}, {deltaKey(entry.position()), line}} { // the record first: the index follows from it
		if err := l.put(ctx, o.key, o.data, store.PutOptions{}); err != nil {
			return err
		}
	}
	// Of several programs that add runs one compacts the index: the others do not try again.
	if h, err := l.head(ctx); err == nil && h.size() >= compactAt {
		_ = l.compact(ctx, h) // the next one may succeed
	}
	return nil
}

// Get returns the run of an id as it was when it had ended. It returns a NotFoundError if
// there is none.
func (l *Log) Get(ctx context.Context, id string) (*record.Run, error) {
	if !kube.IsTaskID(id) {
		return nil, &api.NotFoundError{Kind: "run", Name: id, Namespace: l.namespace}
	}
	data, err := l.get(ctx, recordsDir+shard(id), maxRecord)
	if err != nil {
		return nil, err
	}
	run, err := l.decode(data)
	if err == nil && run.ID != id {
		err = fmt.Errorf("it is that of run %q", run.ID)
	}
	if err != nil {
		return nil, &api.UnavailableError{Message: fmt.Sprintf("the record of run %s in the store is damaged: %v", id, err), Cause: err}
	}
	return run, nil
}

func (l *Log) decode(data []byte) (*record.Run, error) {
	var r Record
	if err := json.Unmarshal(data, &r); err != nil {
		return nil, err
	}
	if r.Version > Version {
		return nil, fmt.Errorf("it has version %d; this program reads versions up to %d", r.Version, Version)
	}
	run, err := record.FromObject(&r.Run)
	switch {
	case err != nil:
		return nil, err
	case run.Namespace != l.namespace:
		return nil, fmt.Errorf("it is of namespace %q", run.Namespace)
	case !run.State.Phase.Final():
		return nil, errors.New("the run has not ended")
	}
	run.Past = true
	return run, nil
}

// Header returns the specification of a run without the objects of its tasks.
func (l *Log) Header(ctx context.Context, id string) (*record.Spec, error) {
	body, _, err := l.store.Get(ctx, l.prefix+specsDir+shard(id), 0)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	var header record.Header
	buf := make([]byte, 64<<10)
	for !header.Complete() {
		n, err := io.ReadFull(body, buf)
		header.Add(buf[:n])
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			break // Spec returns an error if it is incomplete
		}
		if err != nil {
			return nil, err
		}
	}
	return header.Spec()
}

// Spec returns the specification of a run.
func (l *Log) Spec(ctx context.Context, id string) (*record.Reader, error) {
	data, err := l.get(ctx, specsDir+shard(id), maxSpec)
	if err != nil {
		return nil, err
	}
	return record.Read([][]byte{data})
}

// Remove removes a run from the history. It is idempotent. A run that is not in the history
// is not an error.
func (l *Log) Remove(ctx context.Context, run *record.Run) error {
	entry := EntryOf(run)
	if err := l.put(ctx, deltaKey(entry.position())+goneSuffix, nil, store.PutOptions{}); err != nil {
		return err
	}
	return l.store.Delete(ctx, l.prefix+recordsDir+shard(run.ID), l.prefix+specsDir+shard(run.ID))
}

func (l *Log) put(ctx context.Context, key string, data []byte, o store.PutOptions) error {
	_, err := l.store.Put(ctx, l.prefix+key, bytes.NewReader(data), int64(len(data)), o)
	return err
}

func (l *Log) get(ctx context.Context, key string, limit int64) ([]byte, error) {
	body, _, err := l.store.Get(ctx, l.prefix+key, 0)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	data, err := io.ReadAll(io.LimitReader(body, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = fmt.Errorf("object %q has more than %d bytes", l.prefix+key, limit)
	}
	return data, err
}
