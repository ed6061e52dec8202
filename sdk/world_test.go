package sdk_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/internal/workflow"
	"github.com/kubevast/vast/internal/workflow/record"
	"github.com/kubevast/vast/sdk"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/spec"
	"github.com/kubevast/vast/sdk/variation"
)

// world is a namespace "lab" that is set up, with a store, as a user called ann
// sees it. A task, a volume, a queue and a campaign of hers are in it; of the
// campaign one run has failed, and one has a result.
type world struct {
	*sdk.Client
	t      *testing.T
	server *server
	bucket *bucket
	dir    string // for files
	host   string // the server's

	mu       sync.Mutex
	warnings []string

	task, campaign, run, gated, other string // other is a task that is kept in the store only
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir(), other: "abcdefgh",
		server: &server{objects: map[string]json.RawMessage{}, changed: func() {}},
		bucket: &bucket{objects: map[string][]byte{}, changed: func() {}}}
	cluster, store := httptest.NewServer(w.server), httptest.NewServer(w.bucket)
	t.Cleanup(cluster.Close)
	t.Cleanup(store.Close)
	var err error
	w.host = cluster.URL
	if w.Client, err = sdk.NewForConfig(&rest.Config{Host: w.host}, sdk.WithNamespace("lab"), sdk.WithWarnings(func(n api.Notice) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.warnings = append(w.warnings, n.Message)
	})); err != nil {
		t.Fatal(err)
	}
	w.setUp(store.URL)

	made, err := w.Tasks().Submit(t.Context(), w.parse("name: first\nrun: sleep 60\n"), api.SubmitOptions{})
	if err != nil {
		t.Fatal(err)
	}
	w.task = made.ID
	if _, err := w.Volumes().Create(t.Context(), w.volume("data"), api.VolumeCreateOptions{}); err != nil {
		t.Fatal(err)
	}
	s, configs := w.sweep()
	ran, err := w.Campaigns().Run(t.Context(), s, configs, api.CampaignOptions{Force: true})
	if err != nil {
		t.Fatal(err)
	}
	w.campaign = ran.ID
	w.failOne()
	run, err := w.Workflows().Submit(t.Context(), w.flow("pair"), api.SubmitOptions{})
	if err != nil {
		t.Fatal(err)
	}
	w.run = run.ID
	manifest, _ := json.Marshal(layout.Inventory{Version: layout.InventoryVersion})
	w.bucket.objects[layout.NodePrefix(w.other, 0)+layout.InventoryFile] = manifest
	w.bucket.objects[layout.NodePrefix(w.other, 0)+"out.txt"] = []byte("a result")
	w.forget()
	return w
}

// warned reports whether a warning has these words.
func (w *world) warned(words string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.ContainsFunc(w.warnings, func(s string) bool { return strings.Contains(s, words) })
}

// forget is about what was changed so far.
func (w *world) forget() { w.server.changes, w.bucket.changes = nil, nil }

// setUp is what `cluster setup` and a user's hands have left.
func (w *world) setUp(store string) {
	ours := map[string]string{kube.LabelManagedBy: kube.ManagedBy}
	meta := func(name string) metav1.ObjectMeta {
		return metav1.ObjectMeta{Name: name, Namespace: "lab", Labels: ours, UID: "of-" + "setup"}
	}
	w.add("/api/v1/namespaces/lab", "Namespace", corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "lab"}})
	w.add("/api/v1/nodes/one", "Node", corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "one"}, Status: corev1.NodeStatus{
		Allocatable: corev1.ResourceList{"cpu": resource.MustParse("8"), "memory": resource.MustParse("32Gi"), "pods": resource.MustParse("100")},
		Conditions:  []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}}}})
	w.add("/api/v1/namespaces/lab/configmaps/"+kube.SetupName, "ConfigMap", corev1.ConfigMap{ObjectMeta: meta(kube.SetupName),
		Data: map[string]string{kube.SetupKey: `{"config": "kind", "store": {"kind": "built-in"}}`}})
	for _, name := range []string{kube.StoreName, kube.StoreReaderName} {
		w.add("/api/v1/namespaces/lab/secrets/"+name, "Secret", corev1.Secret{ObjectMeta: meta(name), Data: map[string][]byte{
			kube.StoreEndpoint: []byte(store), kube.StoreRegion: []byte("us-east-1"), kube.StoreBucket: []byte("vast"),
			kube.StoreAccessKey: []byte("me"), kube.StoreSecretKey: []byte("secret")}})
	}
	w.add("/api/v1/namespaces/lab/serviceaccounts/"+kube.AgentName, "ServiceAccount", corev1.ServiceAccount{ObjectMeta: meta(kube.AgentName)})
	w.add("/api/v1/namespaces/lab/serviceaccounts/"+kube.DriverName, "ServiceAccount", corev1.ServiceAccount{ObjectMeta: meta(kube.DriverName)})
	deployment := appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: "kueue-controller-manager", Namespace: "kueue-system",
		Labels: map[string]string{"app.kubernetes.io/name": "kueue", "control-plane": "controller-manager"}}}
	deployment.Spec.Template.Spec.Containers = []corev1.Container{{Name: "manager", Image: "registry.k8s.io/kueue/kueue:v0.16.1"}}
	w.add("/apis/apps/v1/namespaces/kueue-system/deployments/kueue-controller-manager", "Deployment", deployment)
	w.add(kueueAPI+"/clusterqueues/"+kube.ClusterQueueName, "ClusterQueue", map[string]any{"metadata": meta(kube.ClusterQueueName), "spec": map[string]any{
		"resourceGroups": []any{map[string]any{"coveredResources": []any{"cpu", "memory"}, "flavors": []any{map[string]any{"name": kube.FlavorName,
			"resources": []any{map[string]any{"name": "cpu", "nominalQuota": "4"}, map[string]any{"name": "memory", "nominalQuota": "8Gi"}}}}}}}})
	for name, policy := range map[string]string{kube.LocalQueueName: "None", "night": "Hold"} {
		w.add(kueueAPI+"/namespaces/lab/localqueues/"+name, "LocalQueue", map[string]any{"metadata": meta(name),
			"spec": map[string]any{"clusterQueue": kube.ClusterQueueName, "stopPolicy": policy}})
	}
}

// add puts an object into the cluster.
func (w *world) add(path, kind string, object any) {
	w.t.Helper()
	data, err := json.Marshal(object)
	if err != nil {
		w.t.Fatal(err)
	}
	version := strings.TrimPrefix(strings.TrimPrefix(path, "/apis/"), "/api/")
	version = version[:strings.Index(version, "/v1")+strings.IndexByte(version[strings.Index(version, "/v1")+1:]+"/", '/')+1]
	if strings.HasPrefix(path, "/api/") {
		version = "v1"
	}
	w.server.objects[path] = merged(data, `{"kind": "`+kind+`", "apiVersion": "`+version+`", "metadata": {"resourceVersion": "1"}}`)
}

// failOne makes that one of the campaign's runs has failed.
func (w *world) failOne() {
	for _, key := range slices.Sorted(maps.Keys(w.server.objects)) {
		if metaOf(w.server.objects[key]).Labels[kube.LabelKind] == kube.KindRun {
			w.server.objects[key] = merged(w.server.objects[key],
				`{"status": {"conditions": [{"type": "Failed", "status": "True", "reason": "PodFailurePolicy"}]}}`)
			return
		}
	}
	w.t.Fatal("the campaign has no Jobs")
}

func (w *world) parse(text string) *spec.Task {
	w.t.Helper()
	file, err := spec.Parse("task.yaml", []byte(text), spec.Inputs{})
	if err != nil {
		w.t.Fatal(err)
	}
	return file.Tasks[0]
}

// big is a task whose helpers are objects of their own, and that brings more
// files than go with it.
func (w *world) big() *spec.Task {
	w.t.Helper()
	noise := make([]byte, 2<<20)
	state := uint32(1)
	for i := range noise {
		state = state*1664525 + 1013904223
		noise[i] = byte(state >> 24)
	}
	if err := os.WriteFile(filepath.Join(w.dir, "noise"), noise, 0o600); err != nil {
		w.t.Fatal(err)
	}
	return w.parse("name: big\nnum_nodes: 2\nworkdir: .\nsecrets: {TOKEN: x}\nrun: echo hello\n")
}

// flow is a workflow of two tasks, one with a secret.
func (w *world) flow(name string) *spec.Workflow {
	w.t.Helper()
	flow, err := spec.ParseWorkflow("flow.yaml", []byte("kind: Workflow\nname: "+name+"\ntasks:\n  a: {run: echo a, secrets: {TOKEN: x}}\n  b: {depends: [a], run: echo b}\n"), spec.Inputs{})
	if err != nil {
		w.t.Fatal(err)
	}
	return flow
}

// schedule is a workflow of a task with a secret, and a schedule.
func (w *world) schedule(name string) *spec.Workflow {
	w.t.Helper()
	flow, err := spec.ParseWorkflow("cron.yaml", []byte("kind: Workflow\nname: "+name+"\nschedule: '@hourly'\ntasks:\n  a: {run: echo a, secrets: {TOKEN: x}}\n"), spec.Inputs{})
	if err != nil {
		w.t.Fatal(err)
	}
	return flow
}

// gate submits a workflow whose only task requires approval, and writes the state that
// follows from what is observed of it.
func (w *world) gate(ctx context.Context, seen workflow.Observed) error {
	w.t.Helper()
	flow, err := spec.ParseWorkflow("gate.yaml", []byte("kind: Workflow\nname: gate\nwebhook: {url: 'http://localhost'}\ntasks:\n  g: {run: echo g, approval: {allow_self: true}}\n"), spec.Inputs{})
	if err != nil {
		return err
	}
	run, err := w.Workflows().Submit(ctx, flow, api.SubmitOptions{RequestID: "gate"})
	if err != nil {
		return err
	}
	w.gated = run.ID
	state, _, _ := workflow.Advance(flow.Graph(), workflow.State{}, seen)
	fields, err := record.Fields(&record.Run{ID: run.ID, UID: run.UID, ResourceVersion: "1"}, state, flow.Graph(), "pod/x 1")
	if err != nil {
		return err
	}
	data, err := json.Marshal(fields)
	if err != nil {
		return err
	}
	path := "/api/v1/namespaces/lab/configmaps/" + kube.RunName(run.ID)
	w.server.mu.Lock()
	defer w.server.mu.Unlock()
	w.server.objects[path] = merged(w.server.objects[path], string(data))
	return nil
}

func (*world) volume(name string) *spec.Volume {
	size := resource.MustParse("1Gi")
	return &spec.Volume{Name: name, Type: "k8s-pvc", Size: &size}
}

func (w *world) sweep() (*spec.Campaign, *variation.Configs) {
	w.t.Helper()
	folder := filepath.Join(w.dir, "sweep")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "data.txt"), bytes.Repeat([]byte("data "), 10), 0o600); err != nil {
		w.t.Fatal(err)
	}
	s, err := spec.ParseCampaign(filepath.Join(folder, "sweep.vast"), []byte(`
version: 1
metadata: {name: sweep}
configuration: [{name: a}]
execution: {image: busybox, runs: 2, command: "true", run_files: [data.txt]}
`), spec.Inputs{})
	if err != nil {
		w.t.Fatal(err)
	}
	return s, variation.Of(variation.Config{Name: "a"})
}

// changes are the requests that changed something, or would have.
func (w *world) changes() []string {
	w.server.mu.Lock()
	defer w.server.mu.Unlock()
	w.bucket.mu.Lock()
	defer w.bucket.mu.Unlock()
	return slices.Concat(w.server.changes, w.bucket.changes)
}

// state is all that there is: objects of the cluster and of the store, and files.
func (w *world) state() map[string]string {
	w.t.Helper()
	all := map[string]string{}
	for key, object := range w.server.objects {
		all[key] = string(object)
	}
	for key, object := range w.bucket.objects {
		all["store "+key] = string(object)
	}
	err := filepath.WalkDir(w.dir, func(path string, _ os.DirEntry, err error) error {
		all["file "+path] = ""
		return cmp.Or(err, nil)
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return all
}
