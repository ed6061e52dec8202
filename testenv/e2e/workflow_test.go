package e2e_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
)

// tally is a server on this machine at which tasks report that they execute: a task that
// executes twice is counted twice, whatever becomes of its objects.
type tally struct {
	url string

	mu    sync.Mutex
	count map[string]int
}

func newTally(t testing.TB) *tally {
	t.Helper()
	c := &tally{count: map[string]int{}}
	listener, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.count[strings.Trim(r.URL.Path, "/")]++
	}))
	server.Listener.Close()
	server.Listener = listener
	server.Start()
	t.Cleanup(server.Close)
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	c.url = "http://" + net.JoinHostPort(hostAddress(t), port)
	return c
}

// counted returns how often each task has reported.
func (c *tally) counted() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.count)
}

// task is a task of a workflow that reports and then runs a script.
func (c *tally) task(name, script string, fields ...string) string {
	fields = append(fields, "resources: {cpus: 0.01, memory: 16Mi, image_id: 'docker:busybox:1.36'}")
	return fmt.Sprintf("  %s:\n    %s\n    run: wget -q -O- %s/%s && %s\n", name, strings.Join(fields, "\n    "), c.url, name, script)
}

// once are tasks that have reported once.
func once(names ...string) map[string]int {
	out := map[string]int{}
	for _, name := range names {
		out[name] = 1
	}
	return out
}

// newRunner is a person whose namespace has the account of drivers, and no store.
func newRunner(t testing.TB) *person {
	t.Helper()
	p := newPerson(t)
	p.vast("cluster", "setup", "--no-store").exits(0)
	return p
}

// submitFlow submits a workflow and returns the id of the run.
func (p *person) submitFlow(text string, args ...string) string {
	p.Helper()
	r := p.vast(append([]string{"submit", p.file("flow.yaml", text), "--queue=none", "-o", "jsonpath={.id}"}, args...)...).exits(0)
	return strings.TrimSpace(r.stdout)
}

// run reads a run.
func (p *person) run(id string) *api.WorkflowRun {
	p.Helper()
	r := &api.WorkflowRun{}
	if err := json.Unmarshal([]byte(p.vast("run", "status", id, "-o", "json").exits(0).stdout), r); err != nil {
		p.Fatal(err)
	}
	return r
}

// ends waits for the end of a run and returns it.
func (p *person) ends(id string) *api.WorkflowRun {
	p.Helper()
	p.waitFor("run "+id+" ends", func() (bool, any) {
		cm, err := client.CoreV1().ConfigMaps(p.namespace).Get(p.Context(), kube.RunName(id), metav1.GetOptions{})
		if err != nil {
			return false, err
		}
		return slices.Contains([]string{"finished", "cancelled"}, cm.Labels[kube.LabelPhase]), cm.Labels
	})
	return p.run(id)
}

// statuses are those of the tasks of a run.
func statuses(r *api.WorkflowRun) map[string]string {
	out := map[string]string{}
	for _, t := range r.Tasks {
		out[t.Name] = t.Status
	}
	return out
}

func (p *person) isCounted(c *tally, want map[string]int) {
	p.Helper()
	if diff := cmp.Diff(want, c.counted()); diff != "" {
		p.Errorf("executions of tasks (-want +got):\n%s", diff)
	}
}

func TestAWorkflowRunsToTheEndWithoutItsClient(t *testing.T) {
	t.Parallel()
	p, c := newRunner(t), newTally(t)
	id := p.submitFlow("kind: Workflow\nname: two\ntasks:\n" + c.task("a", "echo hello from a") + c.task("b", "echo hello from b", "depends: [a]"))
	r := p.ends(id)
	if r.Phase != "finished" || r.Result != "success" || r.Succeeded != 2 {
		t.Errorf("the run is %+v", r)
	}
	p.isCounted(c, once("a", "b"))
	p.vast("run", "logs", id, "b").exits(0).shows("hello from b\n")
	p.vast("logs", r.Tasks[0].TaskID).exits(0).shows("hello from a\n")
	p.vast("run", "list").exits(0).shows(id, "two", "finished", "success", "2/2")
	p.vast("run", "watch", "two").exits(0)
	p.waitFor("the driver's Job ends with the run", func() (bool, any) {
		job, err := client.BatchV1().Jobs(p.namespace).Get(t.Context(), kube.RunDriver(id), metav1.GetOptions{})
		return err == nil && job.Status.Succeeded == 1, err
	})
	p.vast("run", "delete", id, "--wait").exits(0)
	p.waitFor("all of the run goes with it", func() (bool, any) {
		jobs, err := client.BatchV1().Jobs(p.namespace).List(t.Context(), metav1.ListOptions{LabelSelector: kube.LabelWorkflow + "=" + id})
		return err == nil && len(jobs.Items) == 0, jobs
	})
	p.vast("run", "status", id).exits(3)
}

func TestADiamondWithAFailingSideRunsWhatDependsOnTheFailure(t *testing.T) {
	t.Parallel()
	p, c := newRunner(t), newTally(t)
	id := p.submitFlow("kind: Workflow\nname: diamond\ntasks:\n" +
		c.task("a", "true") +
		c.task("b", "exit 3", "depends: [a]") +
		c.task("c", "true", "depends: [a]") +
		c.task("d", "true", "depends: [b, c]") +
		c.task("e", "true", "depends: [{b: [on_failure]}]") +
		c.task("f", "true", "depends: [{d: [always]}]"))
	r := p.ends(id)
	want := map[string]string{"a": "success", "b": "failed", "c": "success", "d": "skipped", "e": "success", "f": "success"}
	if diff := cmp.Diff(want, statuses(r)); diff != "" || r.Result != "failed" {
		t.Errorf("result %s; tasks (-want +got):\n%s", r.Result, diff)
	}
	if cause := r.Tasks[1].Cause; cause != string(api.CauseExit) {
		t.Errorf("the cause of b is %q", cause)
	}
	p.isCounted(c, once("a", "b", "c", "e", "f"))
	p.vast("run", "watch", id).exits(10).shows("b: failed: Exit")
}

func TestAStoppedRunStopsItsTasksAndSkipsTheOthers(t *testing.T) {
	t.Parallel()
	p, c := newRunner(t), newTally(t)
	id := p.submitFlow("kind: Workflow\nname: long\ntasks:\n" + c.task("a", "sleep 600") + c.task("b", "true", "depends: [a]") +
		c.task("cleanup", "true", "depends: [{a: [on_stopped]}]"))
	p.waitFor("a executes", func() (bool, any) { return c.counted()["a"] == 1, c.counted() })
	p.vast("run", "stop", id).exits(0)
	r := p.ends(id)
	want := map[string]string{"a": "stopped", "b": "skipped", "cleanup": "success"}
	if diff := cmp.Diff(want, statuses(r)); diff != "" || r.Result != "stopped" || r.StoppedBy == "" {
		t.Errorf("result %s by %q; tasks (-want +got):\n%s", r.Result, r.StoppedBy, diff)
	}
	p.isCounted(c, once("a", "cleanup"))
	p.vast("run", "stop", id).exits(0)
	p.vast("run", "watch", id).exits(11)
}

func TestEveryTaskExecutesOnceThoughTheDriverIsKilledFiveTimes(t *testing.T) {
	t.Parallel()
	p, c := newRunner(t), newTally(t)
	text, names, want := "kind: Workflow\nname: twenty\ntasks:\n", []string{}, map[string]string{}
	for i := range 20 {
		name, fields := fmt.Sprintf("t%02d", i), []string(nil)
		if i >= 4 { // five levels of four
			fields = []string{"depends: [" + names[i-4] + "]"}
		}
		names, want[name] = append(names, name), "success"
		text += c.task(name, "sleep 2", fields...)
	}
	id := p.submitFlow(text)
	killed := map[string]bool{}
	for kill := range 5 {
		p.waitFor(fmt.Sprintf("kill %d: some more tasks have executed", kill), func() (bool, any) {
			done := len(c.counted())
			return done > 3*kill, done
		})
		p.killDriver(id, killed)
		if kill >= 2 { // Kubernetes waits ever longer before it starts a new pod
			p.vast("reconcile", id).exits(0)
		}
	}
	r := p.driven(id)
	if diff := cmp.Diff(want, statuses(r)); diff != "" || r.Result != "success" {
		t.Errorf("result %s; tasks (-want +got):\n%s", r.Result, diff)
	}
	p.isCounted(c, once(names...))
}

// killDriver removes the pod of a run's driver at once; without one it does nothing.
func (p *person) killDriver(id string, killed map[string]bool) {
	p.Helper()
	pods, err := client.CoreV1().Pods(p.namespace).List(p.Context(), metav1.ListOptions{LabelSelector: batchv1.JobNameLabel + "=" + kube.RunDriver(id)})
	if err != nil {
		p.Fatal(err)
	}
	now := int64(0)
	for _, pod := range pods.Items {
		if killed[pod.Name] {
			continue
		}
		killed[pod.Name] = true
		err := client.CoreV1().Pods(p.namespace).Delete(p.Context(), pod.Name, metav1.DeleteOptions{GracePeriodSeconds: &now})
		if err != nil && !apierrors.IsNotFound(err) {
			p.Fatal(err)
		}
	}
}

// driven drives a run from here to its end.
func (p *person) driven(id string) *api.WorkflowRun {
	p.Helper()
	p.vast("reconcile", id, "--wait").exits(0)
	return p.ends(id)
}

func TestAClientThatIsKilledDuringTheSubmissionLeavesWhatTheSameRequestCompletes(t *testing.T) {
	t.Parallel()
	p, c := newRunner(t), newTally(t)
	text := "kind: Workflow\nname: cut\nsecrets: {TOKEN: x}\ntasks:\n"
	names := []string{}
	for i := range 30 {
		names = append(names, fmt.Sprintf("t%02d", i))
		text += c.task(names[i], "true", "secrets: {TOKEN: secret-"+names[i]+"}")
	}
	text = strings.Replace(text, "secrets: {TOKEN: x}\n", "", 1)
	args := []string{"submit", p.file("flow.yaml", text), "--queue=none", "-d", "--request-id=nightly"}
	cut := p.start("kubectl-vast", nil, args...)
	p.catch("the run's ConfigMap exists", func() (bool, any) {
		list, err := client.CoreV1().ConfigMaps(p.namespace).List(t.Context(), metav1.ListOptions{LabelSelector: kube.LabelKind + "=" + kube.KindWorkflow})
		return err == nil && len(list.Items) == 1, err
	})
	if err := cut.command.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cut.command.Wait() // it was killed
	p.vast(args...).exits(0)
	p.vast(args...).exits(0).shows("unchanged")
	list := &api.WorkflowRunList{}
	if err := json.Unmarshal([]byte(p.vast("run", "list", "-o", "json").exits(0).stdout), list); err != nil || len(list.Items) != 1 {
		t.Fatalf("%d runs, want 1: %v", len(list.Items), err)
	}
	if r := p.ends(list.Items[0].ID); r.Result != "success" {
		t.Errorf("the run is %+v", r)
	}
	p.isCounted(c, once(names...))
	other := p.file("other.yaml", strings.Replace(text, "wget", "true; wget", 1))
	p.vast("submit", other, "--queue=none", "-d", "--request-id=nightly").exits(5).prints("was used before for another workflow")
}

func TestAClientDrivesWhereNothingIsSetUp(t *testing.T) {
	t.Parallel()
	p, c := newPerson(t), newTally(t)
	path := p.file("flow.yaml", "kind: Workflow\nname: local\ntasks:\n"+c.task("a", "true")+c.task("b", "true", "depends: [a]"))
	p.vast("submit", path, "--queue=none", "-d").exits(1).prints("has no account for the driver of a workflow", "cluster setup", "--local-driver")
	p.vast("submit", path, "--queue=none", "--local-driver").exits(0).prints("has to stay").shows("finished, success")
	p.isCounted(c, once("a", "b"))
}

func TestAPipelineOfSkyPilotRunsItsTasksInOrder(t *testing.T) {
	t.Parallel()
	p, c := newRunner(t), newTally(t)
	doc := func(name string) string {
		return fmt.Sprintf("---\nname: %s\nresources: {cpus: 0.01, memory: 16Mi, image_id: 'docker:busybox:1.36'}\nrun: wget -q -O- %s/%s\n", name, c.url, name)
	}
	id := p.submitFlow("name: pipe\n" + doc("prepare") + doc("train") + doc("report"))
	r := p.ends(id)
	if diff := cmp.Diff(map[string]string{"prepare": "success", "train": "success", "report": "success"}, statuses(r)); diff != "" {
		t.Errorf("tasks (-want +got):\n%s", diff)
	}
	for i := range r.Tasks[1:] {
		if r.Tasks[i+1].StartTime.Before(r.Tasks[i].EndTime) {
			t.Errorf("%s started before %s had ended", r.Tasks[i+1].Name, r.Tasks[i].Name)
		}
	}
	p.isCounted(c, once("prepare", "train", "report"))
}

func TestTheTasksOfAJobGroupReachEachOtherByName(t *testing.T) {
	t.Parallel()
	p := newRunner(t)
	const resources = "resources: {cpus: 0.01, memory: 16Mi, image_id: 'docker:busybox:1.36'}\n"
	id := p.submitFlow("name: pair\nexecution: parallel\nprimary_tasks: [client]\ntermination_delay: 2s\n" +
		"---\nname: server\n" + resources + "run: mkdir -p /tmp/www && echo served > /tmp/www/index.html && httpd -f -p 8080 -h /tmp/www\n" +
		"---\nname: client\n" + resources + "run: until wget -q -O- http://server-0.$SKYPILOT_JOBGROUP_NAME:8080/; do sleep 1; done\n")
	r := p.ends(id)
	if diff := cmp.Diff(map[string]string{"server": "stopped", "client": "success"}, statuses(r)); diff != "" || r.Result != "success" {
		t.Errorf("result %s; tasks (-want +got):\n%s", r.Result, diff)
	}
	p.vast("run", "logs", id, "client").exits(0).shows("served\n")
}
