package result

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/kubevast/vast/internal/access"
	"github.com/kubevast/vast/internal/agentspec"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/sdk/api"
)

const user = "ann"

var ended = time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.UTC)

// world is a store in a folder, filled as the agent does, and a client over it.
type world struct {
	*testing.T
	*Client
	store store.Backend
	dir   string
}

// age makes everything in the store as old as that.
func (w *world) age(when time.Time) {
	w.Helper()
	err := filepath.WalkDir(w.dir, func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		return os.Chtimes(file, when, when)
	})
	if err != nil {
		w.Fatal(err)
	}
}

func newWorld(t *testing.T, jobs ...runtime.Object) *world {
	t.Helper()
	dir := t.TempDir()
	b, err := store.OpenDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	cluster := fake.NewClientset(jobs...)
	cluster.PrependReactor("create", "selfsubjectreviews", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, &authenticationv1.SelfSubjectReview{Status: authenticationv1.SelfSubjectReviewStatus{
			UserInfo: authenticationv1.UserInfo{Username: user}}}, nil
	})
	conn := &access.Conn{Kube: cluster, Namespace: "ns", Warn: func(m string, _ ...api.Remedy) { t.Log("warning:", m) }}
	return &world{T: t, store: b, dir: dir, Client: &Client{conn: conn,
		open:   func(context.Context) (store.Backend, func(), error) { return b, func() {}, nil },
		change: func(context.Context) (store.Backend, func(), error) { return b, func() {}, nil }}}
}

// refuse makes a cluster that does not list a resource.
func (w *world) refuse(group, resource string) {
	w.conn.Kube.(*fake.Clientset).PrependReactor("list", resource, func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, nil, apierrors.NewForbidden(schema.GroupResource{Group: group, Resource: resource}, "", errors.New("no"))
	})
}

func (w *world) put(key, content string) {
	w.Helper()
	if _, err := w.store.Put(w.Context(), key, strings.NewReader(content), int64(len(content)), store.PutOptions{}); err != nil {
		w.Fatal(err)
	}
}

func (w *world) get(key string) bool {
	w.Helper()
	_, err := w.store.Stat(w.Context(), key)
	if err != nil && !isNotFound(err) {
		w.Fatal(err)
	}
	return err == nil
}

// kept is a result to be put into the store.
type kept struct {
	prefix   string
	identity agentspec.Identity
	outcome  layout.Outcome
	files    map[string]string
	more     []layout.File // links and folders
	log      string
	index    string
	// incomplete: without an inventory.
	incomplete bool
	change     func(*layout.Inventory)
}

func task(id string, rank int, outcome layout.Outcome, files map[string]string) kept {
	return kept{prefix: layout.NodePrefix(id, rank), outcome: outcome, files: files, log: "2026-03-01T12:00:00Z hello\n",
		identity: agentspec.Identity{TaskID: id, TaskName: "train", User: user, Job: "train-" + id, Rank: rank}}
}

func run(campaign, config string, n int, outcome layout.Outcome, files map[string]string) kept {
	return kept{prefix: layout.RunPrefix(campaign, config, n), index: layout.RunIndex(campaign, config, n), outcome: outcome, files: files,
		log:      "2026-03-01T12:00:00Z hello from " + config + "\n",
		identity: agentspec.Identity{TaskID: "abcdefgh", User: user, Job: "sweep-abcdefgh", Campaign: campaign, Config: config, Run: n}}
}

func (w *world) keep(all ...kept) {
	w.Helper()
	for _, k := range all {
		m := layout.Inventory{Version: layout.InventoryVersion, Identity: k.identity, Ended: ended, Started: ended.Add(-time.Minute),
			Outcome: k.outcome, LogPrefix: k.prefix + layout.LogDir, Files: k.more}
		for name, content := range k.files {
			w.put(k.prefix+name, content)
			m.Files = append(m.Files, layout.File{Path: name, Size: int64(len(content)), SHA256: hash(content), Mode: 0o640})
		}
		if k.log != "" {
			w.put(k.prefix+layout.LogDir+kube.ContainerTask+".log", k.log)
			m.Logs = []layout.File{{Path: kube.ContainerTask + ".log", Size: int64(len(k.log)), SHA256: hash(k.log)}}
		}
		if k.change != nil {
			k.change(&m)
		}
		if k.incomplete {
			continue
		}
		data, err := json.Marshal(m)
		if err != nil {
			w.Fatal(err)
		}
		w.put(k.prefix+layout.InventoryFile, string(data))
		if k.index != "" {
			w.put(layout.IndexKey(k.index, k.outcome), "")
		}
	}
}

func (w *world) record(id string, total int) {
	r := layout.Record{Version: layout.RecordVersion, Namespace: "ns", ID: id, User: user, Total: total, Created: ended, Complete: true}
	w.put(layout.RecordKey(id), string(bytes.TrimSpace(r.Marshal())))
}

func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// job is a task's Job; it is over unless it is active.
func job(id string, active bool) *batchv1.Job {
	j := &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Name: "train-" + id, Namespace: "ns",
		Labels:      map[string]string{kube.LabelKind: kube.KindTask, kube.LabelTaskID: id, kube.LabelUser: user},
		Annotations: map[string]string{kube.AnnotationKept: layout.TaskPrefix(id), kube.AnnotationTaskName: "train", kube.AnnotationUser: user}}}
	if !active {
		j.Status.Conditions = []batchv1.JobCondition{{Type: batchv1.JobComplete, Status: corev1.ConditionTrue}}
	}
	return j
}

var (
	succeeded = layout.Outcome{State: api.Succeeded}
	oom       = layout.Outcome{State: api.Failed, Cause: api.CauseOutOfMemory, Message: "node 0 out of memory (limit 64Mi)"}
	rejected  = layout.Outcome{State: api.Rejected, Message: "no map"}
)
