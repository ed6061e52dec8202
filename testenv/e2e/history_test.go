package e2e_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/history"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/sdk/api"
)

// leaves waits until the state of a run is gone from the cluster.
func (p *person) leaves(id string) {
	p.Helper()
	p.waitFor("run "+id+" leaves the cluster", func() (bool, any) {
		cm, err := client.CoreV1().ConfigMaps(p.namespace).Get(p.Context(), kube.RunName(id), metav1.GetOptions{})
		return apierrors.IsNotFound(err), cm
	})
}

// past are the ids that run history prints.
func (p *person) past(args ...string) []string {
	p.Helper()
	var list api.WorkflowRunList
	if err := json.Unmarshal([]byte(p.vast(append([]string{"run", "history", "-o", "json"}, args...)...).exits(0).stdout), &list); err != nil {
		p.Fatal(err)
	}
	ids := []string{}
	for _, r := range list.Items {
		ids = append(ids, r.ID)
	}
	return ids
}

func TestARunThatHasLeftTheClusterIsListedShownExecutedAgainAndDeleted(t *testing.T) {
	t.Parallel()
	p, c := newKeeping(t), newTally(t)
	text := "kind: Workflow\nname: short\nruntime_env: {CODE: '3'}\ntasks:\n" + c.task("a", "echo from-a && echo 1 >$OUTPUT_DIR/x") + c.task("b", "exit $CODE", "depends: [a]")
	first := p.submitFlow(text, "-d", "--keep=2s")
	p.leaves(first) // with the driver's Job
	p.waitFor("all that the run owned is gone", func() (bool, any) {
		jobs, err := client.BatchV1().Jobs(p.namespace).List(t.Context(), metav1.ListOptions{LabelSelector: kube.LabelWorkflow + "=" + first})
		return err == nil && len(jobs.Items) == 0, err
	})

	p.vast("run", "list").exits(0).shows(first, "short", "finished", "failed", "2/2")
	p.vast("run", "list", "-l", kube.LabelResult+"=success", "-o", "name").exits(0).shows("")
	p.vast("run", "history", "--result=failed", "--workflow=short").exits(0).shows(first)
	p.vast("run", "history", "--result=success", "-o", "name").exits(0)
	p.vast("run", "watch", first).exits(10)
	p.vast("run", "stop", first).exits(0).shows("had already ended")
	r := p.run("short")
	if r.ID != first || !r.Expired || r.EndTime == nil {
		t.Errorf("the run is shown as %+v", r)
	}
	if diff := cmp.Diff(map[string]string{"a": "success", "b": "failed"}, statuses(r)); diff != "" {
		t.Errorf("tasks (-want +got):\n%s", diff)
	}
	p.vast("run", "logs", first, "a").exits(0).shows("from-a\n")

	// A rerun keeps the results of a, and what was executed is what counts.
	second := p.rerun(first, "--env", "CODE=0")
	if again := p.ends(second); again.Result != "success" || again.Tasks[0].Kept != first {
		t.Errorf("the rerun is %+v", again)
	}
	p.isCounted(c, map[string]int{"a": 1, "b": 2})
	p.waitFor("the rerun is in the history", func() (bool, any) {
		ids := p.past()
		return cmp.Equal(ids, []string{second, first}), ids
	})
	if diff := cmp.Diff([]string{first}, p.past("--before="+second)); diff != "" {
		t.Errorf("runs before the second one (-want +got):\n%s", diff)
	}
	p.vast("run", "history", "--limit=1").exits(0).shows(second).prints("--before=" + second)

	// An object of another client's deletion: the history has the run all the same.
	if err := client.CoreV1().ConfigMaps(p.namespace).Delete(t.Context(), kube.RunName(second), metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	p.vast("run", "status", second).exits(0).shows("finished, success")

	p.vast("run", "delete", first).exits(0)
	p.vast("run", "status", first).exits(3)
	if diff := cmp.Diff([]string{second}, p.past()); diff != "" {
		t.Errorf("runs after one was deleted (-want +got):\n%s", diff)
	}
	p.vast("run", "logs", second, "a").exits(0).shows("from-a\n") // which the second run refers to
}

func TestADamagedHistoryIsMadeAgainFromItsRecords(t *testing.T) {
	t.Parallel()
	p := newKeeping(t)
	wrong := p.file("flow.yaml", "kind: Workflow\nname: wrong\ntasks:\n  a: {run: 'true', depends: [b]}\n")
	for range 3 {
		p.vast("submit", wrong, "--record").exits(2)
	}
	ids := p.past("--phase=setuperror")
	if len(ids) != 3 {
		t.Fatalf("the history has %q", ids)
	}
	s := p.store()
	if err := history.Open(s, p.namespace).Compact(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(ids, p.past()); diff != "" {
		t.Errorf("after a compaction (-want +got):\n%s", diff)
	}
	prefix := layout.RunsPrefix(p.namespace) + "parts/"
	damaged := 0
	for o, err := range s.List(t.Context(), prefix, store.ListOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Put(t.Context(), o.Key, strings.NewReader("other"), 5, store.PutOptions{}); err != nil {
			t.Fatal(err)
		}
		damaged++
	}
	if damaged == 0 {
		t.Fatal("the index has no part")
	}
	p.vast("run", "history").exits(6).prints("the index of runs in the store is damaged", "kubectl vast run history --rebuild")
	p.vast("run", "list").exits(0).shows(ids...).prints("is damaged") // they are in the cluster
	p.vast("run", "status", ids[1]).exits(0).shows("setuperror")
	p.vast("run", "history", "--rebuild").exits(0).shows("3 runs")
	if diff := cmp.Diff(ids, p.past()); diff != "" {
		t.Errorf("after it was rebuilt (-want +got):\n%s", diff)
	}
	// A run without a driver's Job leaves the cluster with gc, a week after its end.
	p.vast("gc").exits(0)
	p.kubectl("annotate", "configmap", kube.RunName(ids[2]), "--overwrite", kube.AnnotationRunSummary+`={"ended":1790000000}`)
	p.vast("gc", "--dry-run=client").exits(0).shows("run/" + ids[2])
	p.vast("gc").exits(0).shows("run/" + ids[2])
	p.leaves(ids[2])
	if diff := cmp.Diff(ids, p.past()); diff != "" {
		t.Errorf("after one has left the cluster (-want +got):\n%s", diff)
	}
	p.vast("run", "delete", ids[0], ids[1], ids[2]).exits(0)
	if left := p.past(); len(left) > 0 {
		t.Errorf("after all were deleted the history has %q", left)
	}
}
