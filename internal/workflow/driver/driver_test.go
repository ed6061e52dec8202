package driver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/kubevast/vast/internal/apiserver"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/workflow"
	"github.com/kubevast/vast/internal/workflow/record"
)

const runID = "abcdefgh"

func TestMain(m *testing.M) {
	firstPause, maxPause = time.Millisecond, 10*time.Millisecond
	firstRetry, maxRetry = time.Millisecond, 10*time.Millisecond
	os.Exit(m.Run())
}

// submit puts a run into the cluster, as a client does. Those of campaigns are campaigns.
func (s *server) submit(g workflow.Workflow, change func(*record.Objects), campaigns ...*record.Campaign) {
	s.t.Helper()
	s.submitSpec(record.Spec{Workflow: g}, change, campaigns...)
}

func (s *server) submitSpec(spec record.Spec, change func(*record.Objects), campaigns ...*record.Campaign) {
	s.t.Helper()
	g := spec.Workflow
	var w record.Writer
	specs := map[string]*record.Campaign{}
	for _, one := range campaigns {
		specs[one.ID[:2]] = one
	}
	for _, t := range g.Tasks {
		if one := specs[t.Name]; one != nil {
			if err := w.AddCampaign(campaignRecord(t.Name, one), one, campaignJobs(t.Name, one)); err != nil {
				s.t.Fatal(err)
			}
			continue
		}
		meta := metav1.ObjectMeta{Name: kube.StepName(runID, t.Name, 1), Namespace: "lab",
			Labels:      map[string]string{kube.LabelWorkflow: runID, kube.LabelStep: t.Name},
			Annotations: map[string]string{kube.AnnotationStep: t.Name, kube.AnnotationSpecHash: "hash-" + t.Name}}
		o := &record.Objects{Job: &batchv1.Job{ObjectMeta: meta}}
		if change != nil {
			change(o)
		}
		if err := w.Add(o); err != nil {
			s.t.Fatal(err)
		}
	}
	spec.Campaigns = specs
	parts, err := w.Parts(spec)
	if err != nil {
		s.t.Fatal(err)
	}
	n := record.New{ID: runID, Namespace: "lab", Workflow: "test", User: "ann", Tasks: len(g.Tasks)}
	cm, err := n.Object()
	if err != nil {
		s.t.Fatal(err)
	}
	cm.Annotations[kube.AnnotationParts] = fmt.Sprint(len(parts))
	at := s.add("/api/v1/namespaces/lab/configmaps", cm)
	for _, part := range n.PartObjects(parts, metaOf(s.objects[at]).UID) {
		s.add("/api/v1/namespaces/lab/configmaps", part)
	}
}

func (s *server) add(in string, obj any) string {
	s.t.Helper()
	data, err := json.Marshal(obj)
	if err != nil {
		s.t.Fatal(err)
	}
	at := in + "/" + metaOf(data).Name
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keep(at, "ADDED", merged(data, map[string]any{"metadata": map[string]any{"uid": at}}))
	return at
}

// state reads the run.
func (s *server) state() *record.Run {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	var cm corev1.ConfigMap
	if err := json.Unmarshal(s.objects["/api/v1/namespaces/lab/configmaps/"+kube.RunName(runID)], &cm); err != nil {
		s.t.Fatal(err)
	}
	r, err := record.FromObject(&cm)
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

func options(c *apiserver.Client, holder string) Options {
	return Options{API: c, Namespace: "lab", Run: runID, Holder: holder, Linger: time.Minute}
}

// Three drivers act at once on a cluster that loses requests and answers, and are killed at
// any time. Each task that runs has one Job, and the run ends as it does without all that.
func TestEachTaskIsCreatedOnceWhateverIsLostAndWhoeverDies(t *testing.T) {
	t.Parallel()
	for seed := range uint64(25) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(seed, 1))
			s, c := newServer(t, seed)
			var g workflow.Workflow
			for i := range 8 {
				task := workflow.Task{Name: fmt.Sprintf("t%d", i)}
				for j := range i {
					if random.IntN(3) == 0 {
						task.Depends = append(task.Depends, workflow.Dependency{Task: fmt.Sprintf("t%d", j), Conditions: []workflow.Conditions{0, workflow.Always}[random.IntN(2)]})
					}
				}
				g.Tasks = append(g.Tasks, task)
				s.fails[task.Name] = random.IntN(5) == 0
			}
			campaigns := []*record.Campaign{campaignOf("t2", 7), campaignOf("t5", 4)}
			s.submit(g, nil, campaigns...)
			s.faults = 100
			var drivers sync.WaitGroup
			for n := range 3 {
				patience := rand.New(rand.NewPCG(seed, uint64(n+2)))
				drivers.Go(func() {
					for try := 0; !s.state().State.Phase.Final(); try++ {
						ctx, kill := context.WithTimeout(t.Context(), time.Duration(1+patience.IntN(100))*time.Millisecond)
						_, _ = Drive(ctx, options(c, PodHolder(fmt.Sprintf("d%d-%d", n, try)))) // it is repeated
						kill()
					}
				})
			}
			drivers.Wait()
			outcome := workflow.Plan(&g, workflow.Assumptions{Outcomes: outcomes(s.fails)})
			got := s.state().State
			if got.Result != outcome.State.Result {
				t.Errorf("the result is %s, and %s is planned", got.Result, outcome.State.Result)
			}
			for _, task := range g.Tasks {
				is, planned := got.Tasks[task.Name], outcome.State.Tasks[task.Name]
				want := 0
				if planned.Attempt > 0 {
					want = 1
				}
				if i := slices.IndexFunc(campaigns, func(one *record.Campaign) bool { return one.ID[:2] == task.Name }); i >= 0 {
					s.checkCampaign(task.Name, campaigns[i], is.Status, planned.Status, want)
					continue
				}
				if n := s.executed[kube.StepName(runID, task.Name, 1)]; is.Status != planned.Status || n != want {
					t.Errorf("%s is %s with %d Jobs; planned is %s with %d", task.Name, is.Status, n, planned.Status, want)
				}
			}
		})
	}
}

func outcomes(fails map[string]bool) map[string]workflow.Outcome {
	out := map[string]workflow.Outcome{}
	for name, fail := range fails {
		if fail {
			out[name] = workflow.Outcome{Status: workflow.StatusFailed}
		}
	}
	return out
}

func one(name string) workflow.Workflow {
	return workflow.Workflow{Tasks: []workflow.Task{{Name: name}}}
}

func TestAJobOfTheNameThatIsNotTheRunsFailsTheTask(t *testing.T) {
	t.Parallel()
	s, c := newServer(t, 1)
	s.submit(one("a"), nil)
	s.add("/apis/batch/v1/namespaces/lab/jobs", &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Name: kube.StepName(runID, "a", 1), Namespace: "lab"}})
	run, err := Drive(t.Context(), options(c, "client/x"))
	if err != nil || run.State.Tasks["a"].Status != workflow.StatusFailed || run.State.Tasks["a"].Cause != "CreateFailed" {
		t.Errorf("the task is %+v, %v", run.State.Tasks["a"], err)
	}
}

func TestARunWithADriverIsLeftToIt(t *testing.T) {
	t.Parallel()
	s, c := newServer(t, 1)
	s.submit(one("a"), nil)
	run := s.state()
	l := &lease{cluster: &cluster{api: c, namespace: "lab"}, run: run, holder: "client/first"}
	if err := l.acquire(t.Context()); err != nil {
		t.Fatal(err)
	}
	held := (*HeldError)(nil)
	if _, err := Drive(t.Context(), options(c, "client/second")); !errors.As(err, &held) || held.Holder != "client/first" || held.In <= 0 || held.In > staleAfter+time.Second {
		t.Errorf("the second driver gets %v", err)
	}
	if len(s.executed) > 0 {
		t.Error("the second driver acts")
	}
	l.release(t.Context())
	if run, err := Drive(t.Context(), options(c, "client/second")); err != nil || !run.State.Phase.Final() {
		t.Errorf("after the first one has left: %+v, %v", run.State, err)
	}
}

// writer is a driver that writes states of a run.
func writer(t *testing.T, c *apiserver.Client, holder string, run *record.Run) *driver {
	d := &driver{Options: options(c, holder), cluster: &cluster{api: c, namespace: "lab"}, run: run, actor: &actor{}}
	d.Log = t.Logf
	d.notifier = newNotifier(&d.Options, d.cluster, run, &record.Reader{})
	return d
}

func TestADriverThatHasLostItsLeaseDoesNotWrite(t *testing.T) {
	t.Parallel()
	s, c := newServer(t, 1)
	s.submit(one("a"), nil)
	first := s.state()
	d := writer(t, c, "client/first", first)
	if _, err := Drive(t.Context(), options(c, "client/second")); err != nil {
		t.Fatal(err)
	}
	before := s.state()
	if err := d.write(t.Context(), workflow.State{Phase: workflow.PhaseRunning}, nil, &workflow.Workflow{}); !IsLost(err) {
		t.Errorf("the first driver writes: %v", err)
	}
	if diff := cmp.Diff(before.State, s.state().State); diff != "" {
		t.Errorf("the state has changed:\n%s", diff)
	}
}

func TestARequestToStopMeanwhileDoesNotEndTheDriver(t *testing.T) {
	t.Parallel()
	s, c := newServer(t, 1)
	s.submit(one("a"), nil)
	d := writer(t, c, "client/x", s.state())
	path := "/api/v1/namespaces/lab/configmaps/" + kube.RunName(runID)
	if err := c.Do(t.Context(), apiserver.Request{Method: http.MethodPatch, Path: path, Type: apiserver.MergePatch,
		Body: []byte(`{"metadata":{"annotations":{"` + kube.AnnotationStop + `":"ann"}}}`)}, nil); err != nil {
		t.Fatal(err)
	}
	if err := d.write(t.Context(), workflow.State{Phase: workflow.PhaseRunning}, nil, &workflow.Workflow{}); err != nil || d.run.StopBy != "ann" {
		t.Errorf("it is %+v, %v", d.run, err)
	}
}

func TestWhatIsNotThereIsNotDriven(t *testing.T) {
	t.Parallel()
	s, c := newServer(t, 1)
	if _, err := Drive(t.Context(), options(c, "client/x")); !errors.Is(err, ErrDeleted) {
		t.Errorf("a run that does not exist: %v", err)
	}
	s.submit(one("a"), nil)
	at := "/api/v1/namespaces/lab/configmaps/" + kube.RunName(runID)
	s.objects[at] = merged(s.objects[at], map[string]any{"metadata": map[string]any{"annotations": map[string]any{kube.AnnotationParts: nil}}})
	if _, err := Drive(t.Context(), options(c, "client/x")); !errors.Is(err, ErrIncomplete) {
		t.Errorf("a run that is being submitted: %v", err)
	}
}

// All requests of a driver, those of its longest ways too, are the Role.
func TestTheRoleOfDriversIsWhatTheyAskFor(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../../sdk/internal/cluster/desired/testdata/driver-role.yaml")
	if err != nil {
		t.Fatal(err)
	}
	role := &rbacv1.Role{}
	if err := yaml.UnmarshalStrict(text, role); err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, rule := range role.Rules {
		for _, resource := range rule.Resources {
			for _, verb := range rule.Verbs {
				group := ""
				if rule.APIGroups[0] != "" {
					group = "." + rule.APIGroups[0]
				}
				want = append(want, verb+" "+resource+group)
			}
		}
	}
	s, c := newServer(t, 1)
	s.fails["a"] = true
	s.submit(one("a"), func(o *record.Objects) {
		meta := metav1.ObjectMeta{Name: o.Job.Name, Namespace: "lab"}
		o.Services, o.ConfigMaps = []corev1.Service{{ObjectMeta: meta}}, []corev1.ConfigMap{{ObjectMeta: meta}}
		o.NetworkPolicies = []networkingv1.NetworkPolicy{{ObjectMeta: meta}}
	})
	k := &cluster{api: c, namespace: "lab"}
	run := s.state()
	l := &lease{cluster: k, run: run, holder: PodHolder("gone")}
	h := &hosts{cluster: k, run: run, service: "group"}
	for range 2 { // the second time what it makes exists
		if err := l.acquire(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := h.update(t.Context()); err != nil {
			t.Fatal(err)
		}
		h.known = nil
	}
	a := &actor{cluster: k, run: run, view: newView(run, nil), mu: &sync.Mutex{}, log: t.Logf}
	if a.spec, err = k.spec(t.Context(), run); err != nil {
		t.Fatal(err)
	}
	if _, err := Drive(t.Context(), options(c, PodHolder("d"))); err != nil {
		t.Fatal(err)
	}
	s.fails["a"] = false
	for _, do := range []func(context.Context, workflow.Attempt) error{a.start, a.stop} { // the Job exists
		if err := do(t.Context(), workflow.Attempt{Task: "a", Number: 1}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := k.patchJob(t.Context(), kube.StepName(runID, "a", 1), []byte("{}")); err != nil {
		t.Fatal(err)
	}
	var asked []string
	for r := range s.rights {
		asked = append(asked, r)
	}
	want = slices.DeleteFunc(want, func(r string) bool { return r == "delete configmaps" || r == "get cronjobs.batch" }) // of schedules
	slices.Sort(asked)
	slices.Sort(want)
	if diff := cmp.Diff(want, asked); diff != "" {
		t.Errorf("the Role grants (-), the driver asks for (+):\n%s", diff)
	}
}
