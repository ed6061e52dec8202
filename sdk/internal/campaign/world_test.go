package campaign

import (
	"cmp"
	"errors"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/rest"
	clienttesting "k8s.io/client-go/testing"

	"github.com/kubevast/vast/internal/access"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/campaign/record"
	"github.com/kubevast/vast/sdk/internal/queue"
	"github.com/kubevast/vast/sdk/internal/task"
	"github.com/kubevast/vast/sdk/internal/volume"
	"github.com/kubevast/vast/sdk/spec"
	"github.com/kubevast/vast/sdk/variation"
)

// world is a namespace "ns" as a user called ann sees it, with a store in a
// folder. No controller runs: Jobs stay as they were made.
type world struct {
	*Client
	t     *testing.T
	fake  *fake.Clientset
	kueue *kueueServer
	store *flakyStore
	file  string // of the campaign
	url   string // of the kueueServer

	// jobsLeft is how many more Jobs can be created; a submission that fails
	// for the next one has the effect of a client that was killed.
	jobsLeft int
	// made is called with each Job before its creation returns.
	made func(*batchv1.Job)

	mu       sync.Mutex
	warnings []string
}

// plenty is more Jobs than any test makes.
const plenty = 1 << 20

func newWorld(t *testing.T) *world {
	t.Helper()
	set := fake.NewSimpleClientset(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "ns"}}) // nothing is applied, and the other one takes ten times as long
	w := &world{t: t, fake: set,
		kueue: &kueueServer{active: map[string]bool{}}, file: filepath.Join(t.TempDir(), "sweep.vast"), jobsLeft: plenty}
	w.data("some data")
	server := httptest.NewServer(w.kueue)
	t.Cleanup(server.Close)
	dir, err := store.OpenDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	w.store = &flakyStore{Backend: dir}
	// The fake has no schema for these two.
	w.fake.PrependReactor("create", "selfsubjectreviews", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, &authenticationv1.SelfSubjectReview{Status: authenticationv1.SelfSubjectReviewStatus{
			UserInfo: authenticationv1.UserInfo{Username: "ann"}}}, nil
	})
	w.fake.PrependReactor("create", "selfsubjectaccessreviews", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, &authorizationv1.SelfSubjectAccessReview{Status: authorizationv1.SubjectAccessReviewStatus{Allowed: true}}, nil
	})
	w.fake.PrependReactor("create", "jobs", func(a clienttesting.Action) (bool, runtime.Object, error) {
		if w.jobsLeft--; w.jobsLeft < 0 {
			return true, nil, apierrors.NewForbidden(batchv1.Resource("jobs"), "", errors.New("that is enough"))
		}
		job := a.(clienttesting.CreateAction).GetObject().(*batchv1.Job)
		if job.UID == "" { // which the fake does not give
			job.UID = types.UID(job.Name)
		}
		if w.made != nil {
			w.made(job)
		}
		return false, nil, nil
	})
	w.fake.PrependReactor("create", "configmaps", func(a clienttesting.Action) (bool, runtime.Object, error) {
		if m := a.(clienttesting.CreateAction).GetObject().(*corev1.ConfigMap); m.UID == "" {
			m.UID = types.UID(m.Name)
		}
		return false, nil, nil
	})
	w.fake.PrependReactor("delete-collection", "jobs", w.deleteJobs)
	w.url = server.URL
	w.Client = w.again()
	return w
}

// again is another program of the same user's, in the same world.
func (w *world) again() *Client {
	w.t.Helper()
	cfg := &rest.Config{Host: w.url}
	conn, err := access.Connect(cfg, access.Options{Namespace: "ns", Context: "test", Warn: func(n api.Notice) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.warnings = append(w.warnings, n.Message)
	}})
	if err != nil {
		w.t.Fatal(err)
	}
	conn.Kube = cluster{w.fake, discovery.NewDiscoveryClientForConfigOrDie(cfg)}
	queues := queue.New(conn)
	return compose(record.NewWithStore(conn, w.store), task.New(conn, volume.New(conn), queues), queues)
}

// cluster is a fake one with a version.
type cluster struct {
	kubernetes.Interface
	discovery discovery.DiscoveryInterfaces
}

func (c cluster) Discovery() discovery.DiscoveryInterfaces { return c.discovery }

// deleteJobs deletes by the selector, which the fake does not look at.
func (w *world) deleteJobs(a clienttesting.Action) (bool, runtime.Object, error) {
	selector := a.(clienttesting.DeleteCollectionAction).GetListRestrictions().Labels
	for _, job := range w.jobs() {
		if selector.Matches(labels.Set(job.Labels)) {
			if err := w.fake.Tracker().Delete(batchv1.SchemeGroupVersion.WithResource("jobs"), "ns", job.Name); err != nil {
				return true, nil, err
			}
		}
	}
	return true, nil, nil
}

// campaign is the one that the tests run: so many runs of one configuration,
// called "a", and one file.
func (w *world) campaign() (*spec.Campaign, *variation.Configs) {
	w.t.Helper()
	s, err := spec.ParseCampaign(w.file, []byte(`
version: 1
metadata: {name: sweep}
configuration: [{name: a}]
execution: {image: busybox, runs: 3, command: "true", run_files: [data.txt]}
`), spec.Inputs{})
	if err != nil {
		w.t.Fatal(err)
	}
	return s, variation.Of(variation.Config{Name: "a"})
}

// data writes the file that the campaign's runs get.
func (w *world) data(content string) {
	w.t.Helper()
	if err := os.WriteFile(filepath.Join(filepath.Dir(w.file), "data.txt"), []byte(content), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// run submits the campaign, whatever the queue has.
func (w *world) run(o api.CampaignOptions) (*api.Campaign, error) {
	w.t.Helper()
	s, configs := w.campaign()
	o.Force = true
	return w.Run(w.t.Context(), s, configs, o)
}

// submit is run for who expects it to work.
func (w *world) submit(o api.CampaignOptions) *api.Campaign {
	w.t.Helper()
	made, err := w.run(o)
	if err != nil {
		w.t.Fatal(err)
	}
	return made
}

// begin submits a campaign whose client ends after so many Jobs.
func (w *world) begin(jobs int) (id string) {
	w.t.Helper()
	w.jobsLeft = jobs
	if _, err := w.run(api.CampaignOptions{Notify: func(p api.CampaignProgress) { id = cmp.Or(p.ID, id) }}); err == nil {
		w.t.Fatal("it was finished")
	}
	w.jobsLeft = plenty
	return id
}

// recordOf is the cluster's copy of a record.
func (w *world) recordOf(id string) *layout.Record {
	w.t.Helper()
	r, _, err := w.records.Get(w.t.Context(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// ask changes the cluster's copies of all records without the clients'
// knowledge, also while the fake serves a request.
func (w *world) ask(change func(*layout.Record)) {
	resource := corev1.SchemeGroupVersion.WithResource("configmaps")
	list, err := w.fake.Tracker().List(resource, corev1.SchemeGroupVersion.WithKind("ConfigMap"), "ns")
	if err != nil {
		w.t.Error(err)
		return
	}
	for _, m := range list.(*corev1.ConfigMapList).Items {
		r, err := record.FromObject(&m)
		if err != nil {
			w.t.Error(err)
			return
		}
		change(r)
		m.Data = record.Data(r)
		if err := w.fake.Tracker().Update(resource, &m, "ns"); err != nil {
			w.t.Error(err)
		}
	}
}

func (w *world) jobs() []batchv1.Job {
	list, err := w.fake.Tracker().List(batchv1.SchemeGroupVersion.WithResource("jobs"), batchv1.SchemeGroupVersion.WithKind("Job"), "ns")
	if err != nil {
		w.t.Fatal(err)
	}
	return list.(*batchv1.JobList).Items
}

// changeJobs changes Jobs behind everybody's back, in the order of their runs.
func (w *world) changeJobs(change ...func(*batchv1.Job)) {
	w.t.Helper()
	jobs := w.jobs()
	slices.SortFunc(jobs, func(a, b batchv1.Job) int {
		return strings.Compare(a.Annotations[kube.AnnotationRun], b.Annotations[kube.AnnotationRun])
	})
	for i, change := range change {
		change(&jobs[i])
		if err := w.fake.Tracker().Update(batchv1.SchemeGroupVersion.WithResource("jobs"), &jobs[i], "ns"); err != nil {
			w.t.Fatal(err)
		}
	}
}

func ends(kind batchv1.JobConditionType, reason string) func(*batchv1.Job) {
	return func(job *batchv1.Job) {
		job.Status.Conditions = []batchv1.JobCondition{{Type: kind, Status: corev1.ConditionTrue, Reason: reason}}
	}
}

func (w *world) put(key, content string) {
	w.t.Helper()
	if err := record.WriteObject(w.t.Context(), w.store, key, []byte(content)); err != nil {
		w.t.Fatal(err)
	}
}

// keys are those in the store that begin so.
func (w *world) keys(prefix string) []string {
	w.t.Helper()
	var out []string
	for object, err := range w.store.List(w.t.Context(), prefix, store.ListOptions{}) {
		if err != nil {
			w.t.Fatal(err)
		}
		out = append(out, object.Key)
	}
	return out
}

// indexed writes the agent's outcome of a run into the store.
func (w *world) indexed(id string, run int, o layout.Outcome) {
	w.put(layout.IndexKey(layout.RunIndex(id, "a", run), o), "")
}

// warned reports whether a warning has these words.
func (w *world) warned(words string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.ContainsFunc(w.warnings, func(s string) bool { return strings.Contains(s, words) })
}

// saidBy returns the text of an error, and a line for each remedy: its action,
// reference and options.
func saidBy(err error) string {
	remedies := api.Remedies(err)
	var invalid *api.InvalidSpecError
	if errors.As(err, &invalid) {
		for _, p := range invalid.Problems {
			remedies = append(remedies, p.Remedies...)
		}
	}
	text := err.Error()
	for _, r := range remedies {
		text += "\n" + strings.Join(append([]string{string(r.Action), r.Ref}, r.Options...), " ")
	}
	return text
}

// is reports an error of a class.
func is[E error](err error) bool {
	var e E
	return errors.As(err, &e)
}

func TestACampaignIsMadeInTheWorldOfTheTests(t *testing.T) {
	w := newWorld(t)
	id := w.submit(api.CampaignOptions{}).ID
	if r := w.recordOf(id); !r.Complete || len(w.jobs()) != 3 || r.Queue != "vast" || r.User != "ann" {
		t.Errorf("%d Jobs, %+v", len(w.jobs()), r)
	}
	if _, err := record.ReadObject(t.Context(), w.store, layout.RecordKey(id)); err != nil {
		t.Error(err)
	}
	if _, err := w.fake.BatchV1().Jobs("ns").Create(t.Context(), &w.jobs()[0], metav1.CreateOptions{}); !apierrors.IsAlreadyExists(err) {
		t.Error(err)
	}
}
