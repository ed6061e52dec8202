package driver

import (
	"context"
	"io"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/history"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/internal/workflow/record"
)

const runPath = "/api/v1/namespaces/lab/configmaps/vast-run-" + runID

func newLog(t *testing.T) *history.Log {
	t.Helper()
	dir, err := store.OpenDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return history.Open(dir, "lab")
}

func entriesOf(t *testing.T, log *history.Log) []history.Entry {
	t.Helper()
	entries, _, err := log.Page(t.Context(), history.Query{Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

func TestAnEndedRunIsKeptOnceAndBelongsToItsDriversJobWhateverIsLost(t *testing.T) {
	t.Parallel()
	s, c := newServer(t, 7)
	log := newLog(t)
	s.submit(one("a"), nil)
	run := s.state()
	if err := Keep(t.Context(), c, "lab", runID, log); err != nil || len(entriesOf(t, log)) > 0 {
		t.Errorf("a run that has not ended: %v, %+v", err, entriesOf(t, log))
	}
	job := s.add("/apis/batch/v1/namespaces/lab/jobs", &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Name: kube.RunDriver(runID), Namespace: "lab",
		Labels:          map[string]string{kube.LabelKind: kube.KindDriver, kube.LabelWorkflow: runID},
		OwnerReferences: []metav1.OwnerReference{record.OwnerOf(run.Name, run.UID)}}})
	if _, err := Drive(t.Context(), options(c, "x")); err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	s.faults = 300
	s.mu.Unlock()
	failed := 0
	for kept := 0; kept < 3 || failed == 0; { // it is idempotent
		if err := Keep(t.Context(), c, "lab", runID, log); err != nil {
			failed++
		} else {
			kept++
		}
	}
	run = s.state()
	owners := run.Object.OwnerReferences
	if run.Object.Annotations[kube.AnnotationRecorded] == "" || len(owners) != 1 || owners[0].Kind != "Job" || string(owners[0].UID) != job {
		t.Errorf("the run has the annotations %v and the owners %+v", run.Object.Annotations, owners)
	}
	entries := entriesOf(t, log)
	if len(entries) != 1 || entries[0].ID != runID || entries[0].Result != "success" || entries[0].Success != 1 {
		t.Errorf("the history has %+v", entries)
	}
	past, err := log.Get(t.Context(), runID)
	if err != nil || !past.State.Equal(run.State) || !past.Past || past.UID != run.UID {
		t.Errorf("the record is %+v: %v", past, err)
	}
	if r, err := log.Spec(t.Context(), runID); err != nil || r.Workflow.Tasks[0].Name != "a" {
		t.Errorf("the specification: %v", err)
	}
}

func TestARunWithoutADriversJobIsKeptWithoutAnOwner(t *testing.T) {
	t.Parallel()
	s, c := newServer(t, 1)
	log := newLog(t)
	s.submit(one("a"), nil)
	if _, err := Drive(t.Context(), options(c, "x")); err != nil {
		t.Fatal(err)
	}
	// The Job of another run with the name is not an owner.
	s.add("/apis/batch/v1/namespaces/lab/jobs", &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Name: kube.RunDriver(runID), Namespace: "lab"}})
	if err := Keep(t.Context(), c, "lab", runID, log); err != nil {
		t.Fatal(err)
	}
	if run := s.state(); run.Object.Annotations[kube.AnnotationRecorded] == "" || len(run.Object.OwnerReferences) > 0 {
		t.Errorf("the run is %+v", run.Object)
	}
}

// deleting is a store that deletes the run from the cluster when something is put into it.
type deleting struct {
	store.Backend
	s *server
}

func (d deleting) Put(ctx context.Context, key string, r io.Reader, size int64, o store.PutOptions) (store.Object, error) {
	d.s.mu.Lock()
	delete(d.s.objects, runPath)
	d.s.mu.Unlock()
	return d.Backend.Put(ctx, key, r, size, o)
}

func TestARunThatIsDeletedMeanwhileIsNotInTheHistory(t *testing.T) {
	t.Parallel()
	s, c := newServer(t, 1)
	dir, err := store.OpenDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	log := history.Open(deleting{dir, s}, "lab")
	s.submit(one("a"), nil)
	if _, err := Drive(t.Context(), options(c, "x")); err != nil {
		t.Fatal(err)
	}
	if err := Keep(t.Context(), c, "lab", runID, log); err != nil {
		t.Fatal(err)
	}
	if entries := entriesOf(t, log); len(entries) > 0 {
		t.Errorf("the history has %+v", entries)
	}
	if err := Keep(t.Context(), c, "lab", runID, log); err != nil {
		t.Errorf("a run that is gone: %v", err)
	}
}
