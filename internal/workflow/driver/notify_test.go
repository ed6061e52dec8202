package driver

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/kubevast/vast/internal/apiserver"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/internal/workflow"
	"github.com/kubevast/vast/internal/workflow/event"
	"github.com/kubevast/vast/internal/workflow/record"
	"github.com/kubevast/vast/sdk/api"
)

const secret = "the secret of a test"

// receiver is a webhook. It answers with the codes of fails first, and then with success.
type receiver struct {
	t    *testing.T
	url  string
	mu   sync.Mutex
	got  []*api.WorkflowEvent
	fail func(e *api.WorkflowEvent) int
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{t: t}
	web := httptest.NewServer(r)
	t.Cleanup(web.Close)
	r.url = web.URL + "/hidden?token=hidden"
	return r
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	body, err := io.ReadAll(q.Body)
	if err != nil || q.Context().Err() != nil {
		return // the driver was killed
	}
	e := &api.WorkflowEvent{}
	if err := json.Unmarshal(body, e); err != nil {
		r.t.Errorf("the body is %q: %v", body, err)
	}
	at, err := strconv.ParseInt(q.Header.Get("webhook-timestamp"), 10, 64)
	if want := event.Sign([]byte(secret), e.ID, time.Unix(at, 0), body); err != nil || q.Header.Get("webhook-signature") != want || q.Header.Get("webhook-id") != e.ID {
		r.t.Errorf("event %s has the headers %v, and its signature is %s", e.ID, q.Header, want)
	}
	if r.fail != nil {
		if code := r.fail(e); code != 0 {
			w.WriteHeader(code)
			return
		}
	}
	r.got = append(r.got, e)
}

// events are those that were received, in their order.
func (r *receiver) events() []*api.WorkflowEvent {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.got)
}

// sequences are the numbers of the events that were received.
func (r *receiver) sequences() []int64 {
	var out []int64
	for _, e := range r.events() {
		out = append(out, e.Data.Sequence)
	}
	return out
}

func withWebhooks(g workflow.Workflow, receivers ...*receiver) record.Spec {
	spec := record.Spec{Workflow: g}
	for _, r := range receivers {
		spec.Webhooks = append(spec.Webhooks, record.Webhook{URL: r.url, Secret: "hook", Key: "key"})
	}
	return spec
}

func signing(o Options) Options {
	o.WebhookSecret = func(context.Context, int, record.Webhook) ([]byte, error) { return []byte(secret), nil }
	return o
}

func upTo(n int64) (out []int64) {
	for i := int64(1); i <= n; i++ {
		out = append(out, i)
	}
	return out
}

func TestAWebhookGetsEachEventInOrderAfterItHasFailed(t *testing.T) {
	t.Parallel()
	s, c := newServer(t, 1)
	r := newReceiver(t)
	failures := 0
	r.fail = func(e *api.WorkflowEvent) int {
		if failures++; failures <= 2 {
			return http.StatusInternalServerError
		}
		return 0
	}
	s.submitSpec(withWebhooks(workflow.Workflow{Tasks: []workflow.Task{{Name: "a"}, {Name: "b", Depends: []workflow.Dependency{{Task: "a"}}}}}, r), nil)
	run, err := Drive(t.Context(), signing(options(c, "client/x")))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(upTo(run.State.Sequence), r.sequences()); diff != "" {
		t.Errorf("the events are not those of the run:\n%s", diff)
	}
	last := r.events()[len(r.sequences())-1]
	want := api.WorkflowEventData{Sequence: run.State.Sequence, Namespace: "lab", Run: runID, WorkflowName: "test", Phase: "finished", Result: "success"}
	if diff := cmp.Diff(want, last.Data); diff != "" || last.Type != event.TypeRun || last.ID != fmt.Sprintf("%s-%d", runID, run.State.Sequence) {
		t.Errorf("the last event is %+v:\n%s", last, diff)
	}
	// What was delivered is not delivered again.
	if _, err := Drive(t.Context(), signing(options(c, "client/y"))); err != nil || len(r.sequences()) != int(run.State.Sequence) {
		t.Errorf("a driver of the ended run: %v, and the webhook has %v", err, r.sequences())
	}
}

// Drivers are killed at any time, and requests and answers are lost. Each event arrives at
// least once; the first arrivals are in order, and an event that arrives again is the same.
func TestEventsArriveInOrderWhoeverDies(t *testing.T) {
	t.Parallel()
	for seed := range uint64(10) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			s, c := newServer(t, seed)
			r := newReceiver(t)
			random := rand.New(rand.NewPCG(seed, 7))
			answers := rand.New(rand.NewPCG(seed, 8))
			r.fail = func(*api.WorkflowEvent) int { return []int{0, 0, 503}[answers.IntN(3)] }
			var g workflow.Workflow
			for i := range 6 {
				task := workflow.Task{Name: fmt.Sprintf("t%d", i)}
				if i > 1 {
					task.Depends = []workflow.Dependency{{Task: fmt.Sprintf("t%d", i/2)}}
				}
				g.Tasks = append(g.Tasks, task)
			}
			s.submitSpec(withWebhooks(g, r), nil)
			s.faults = 50
			for try := 0; ; try++ {
				ctx, kill := context.WithTimeout(t.Context(), time.Duration(1+random.IntN(60))*time.Millisecond)
				_, err := Drive(ctx, signing(options(c, PodHolder(fmt.Sprintf("d-%d", try))))) // it is repeated
				kill()
				if err == nil && s.state().State.Phase.Final() {
					break
				}
			}
			run := s.state()
			byNumber := map[int64]*api.WorkflowEvent{}
			var first []int64
			for _, e := range r.events() {
				if have := byNumber[e.Data.Sequence]; have != nil {
					if diff := cmp.Diff(have, e); diff != "" {
						t.Errorf("event %s differs when it arrives again:\n%s", e.ID, diff)
					}
					continue
				}
				byNumber[e.Data.Sequence] = e
				first = append(first, e.Data.Sequence)
			}
			if diff := cmp.Diff(upTo(run.State.Sequence), first); diff != "" {
				t.Errorf("the events are not those of the run:\n%s", diff)
			}
		})
	}
}

func TestAWebhookThatIsDownHoldsUpNeitherTheRunNorTheOthers(t *testing.T) {
	t.Parallel()
	s, c := newServer(t, 1)
	down, up := newReceiver(t), newReceiver(t)
	down.fail = func(*api.WorkflowEvent) int { // until the other one has the end of the run
		up.mu.Lock()
		defer up.mu.Unlock()
		if n := len(up.got); n == 0 || up.got[n-1].Data.Phase != "finished" {
			return http.StatusBadGateway
		}
		return 0
	}
	s.submitSpec(withWebhooks(one("a"), down, up), nil)
	run, err := Drive(t.Context(), signing(options(c, "client/x")))
	if err != nil {
		t.Fatal(err)
	}
	for name, r := range map[string]*receiver{"down": down, "up": up} {
		if diff := cmp.Diff(upTo(run.State.Sequence), r.sequences()); diff != "" {
			t.Errorf("the webhook that was %s:\n%s", name, diff)
		}
	}
}

func TestWhatAWebhookMissesIsReportedAndDeliveredOnRequest(t *testing.T) {
	t.Parallel()
	s, c := newServer(t, 1)
	down := newReceiver(t)
	down.fail = func(*api.WorkflowEvent) int { return http.StatusBadGateway }
	s.submitSpec(withWebhooks(one("a"), down), nil)
	var log strings.Builder
	o := signing(options(c, "client/x"))
	o.Linger = time.Millisecond
	var mu sync.Mutex
	o.Log = func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintf(&log, format+"\n", args...)
	}
	run, err := Drive(t.Context(), o)
	if err != nil || run.State.Result != workflow.ResultSuccess {
		t.Fatalf("the run: %+v, %v", run.State, err)
	}
	got := s.state().Delivery
	if got.Missed["webhook-0"] != run.State.Sequence || got.Sent["webhook-0"] != run.State.Sequence {
		t.Errorf("the delivery is recorded as %+v", got)
	}
	s.mu.Lock()
	var warned *corev1.Event
	for at, object := range s.objects {
		var e corev1.Event
		if strings.Contains(at, "/events/") && json.Unmarshal(object, &e) == nil && e.Reason == "EventsNotDelivered" && strings.Contains(e.Message, "webhook-0") {
			warned = &e
		}
	}
	s.mu.Unlock()
	if warned == nil || !strings.Contains(warned.Message, fmt.Sprintf("%d events were not delivered to webhook-0", run.State.Sequence)) {
		t.Errorf("the gap is reported as %+v", warned)
	}
	if text := log.String() + warned.Message; strings.Contains(text, "hidden") || strings.Contains(text, secret) {
		t.Errorf("the log contains the address or the secret:\n%s", text)
	}
	// It is up again, and gets what it has missed on request.
	down.mu.Lock()
	down.fail = nil
	down.mu.Unlock()
	s.request(c, kube.AnnotationRedeliver, "first 2")
	if _, err := Drive(t.Context(), signing(options(c, "client/y"))); err != nil {
		t.Fatal(err)
	}
	// The first driver's last request, of event 1, may arrive late.
	again := slices.DeleteFunc(down.sequences(), func(sequence int64) bool { return sequence == 1 })
	if diff := cmp.Diff(upTo(run.State.Sequence)[2:], again); diff != "" {
		t.Errorf("what is delivered again:\n%s", diff)
	}
	if got := s.state().Delivery; got.Missed["webhook-0"] != 0 || got.Redelivered != "first 2" {
		t.Errorf("the delivery is recorded as %+v", got)
	}
}

func (s *server) request(c *apiserver.Client, name, value string) {
	s.t.Helper()
	path := "/api/v1/namespaces/lab/configmaps/" + kube.RunName(runID)
	body, err := json.Marshal(map[string]any{"metadata": map[string]any{"annotations": map[string]any{name: value}}})
	if err == nil {
		err = c.Do(s.t.Context(), apiserver.Request{Method: http.MethodPatch, Path: path, Type: apiserver.MergePatch, Body: body}, nil)
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

func TestAnEventThatIsRefusedIsGivenUpAndTheNextOneReportsIt(t *testing.T) {
	t.Parallel()
	s, c := newServer(t, 1)
	r := newReceiver(t)
	r.fail = func(e *api.WorkflowEvent) int {
		if e.Data.Sequence == 2 {
			return http.StatusBadRequest
		}
		return 0
	}
	s.submitSpec(withWebhooks(one("a"), r), nil)
	run, err := Drive(t.Context(), signing(options(c, "client/x")))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(slices.Delete(upTo(run.State.Sequence), 1, 2), r.sequences()); diff != "" {
		t.Errorf("the events are not the others:\n%s", diff)
	}
	if got := r.events(); got[0].Data.Missed != 0 || got[1].Data.Missed != 1 || got[2].Data.Missed != 0 {
		t.Errorf("the events report other gaps: %+v", got)
	}
}

func TestTheStoreHasEachEventOnce(t *testing.T) {
	t.Parallel()
	s, c := newServer(t, 3)
	kept, err := store.OpenDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	g := workflow.Workflow{Tasks: []workflow.Task{{Name: "a"}, {Name: "b", Depends: []workflow.Dependency{{Task: "a"}}}, {Name: "c", Depends: []workflow.Dependency{{Task: "b"}}}}}
	s.submit(g, nil)
	for try := 0; !s.state().State.Phase.Final() || s.state().Delivery.Sent["store"] < s.state().State.Sequence; try++ {
		ctx, kill := context.WithTimeout(t.Context(), time.Duration(3+try)*time.Millisecond)
		o := options(c, PodHolder(fmt.Sprintf("d-%d", try)))
		o.Store = kept
		_, _ = Drive(ctx, o) // it is repeated
		kill()
	}
	for after := range s.state().State.Sequence + 1 {
		got := []int64{}
		for e, err := range event.Stored(t.Context(), kept, runID, after) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, e.Data.Sequence)
		}
		if diff := cmp.Diff(upTo(s.state().State.Sequence)[after:], got); diff != "" {
			t.Errorf("the events after %d:\n%s", after, diff)
		}
	}
}

// The Jobs of callbacks are as real; what they execute is executed on a cluster in
// TestACallback.
func TestACallbackIsExecutedOnceForEachChange(t *testing.T) {
	t.Parallel()
	s, c := newServer(t, 1)
	s.submitSpec(record.Spec{Workflow: one("a"), Callbacks: true}, func(o *record.Objects) {
		o.Callback = "echo $JOB_STATUS"
		o.Job.Spec.Template.Spec.Containers = []corev1.Container{{Name: "task", Image: "busybox",
			Env: []corev1.EnvVar{{Name: "COST", Value: "5$$"}, {Name: "odd.name", Value: "x"}}}}
	})
	if _, err := Drive(t.Context(), options(c, "client/x")); err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	text := ""
	for _, change := range s.history {
		var job batchv1.Job
		if strings.Contains(change.path, "-callback-") && change.kind == "ADDED" && json.Unmarshal(change.object, &job) == nil {
			spec := job.Spec.Template.Spec.Containers[0]
			text += spec.Args[0]
			if spec.Image != "busybox" || spec.Args[1] != "echo $$JOB_STATUS" || len(spec.Env) != 1 || spec.Env[0].Name != "odd.name" {
				t.Errorf("the container is %+v", spec)
			}
		}
	}
	for _, want := range []string{"JOB_STATUS='STARTING'", "JOB_STATUS='SUCCEEDED'", "TASK_NAME='a'", "TASK_ID='0'", "JOB_ID='" + runID + "'", "export COST='5$$'"} {
		if n := strings.Count(text, want); n == 0 || strings.Contains(want, "STATUS") && n != 1 {
			t.Errorf("%s is %d times in:\n%s", want, n, text)
		}
	}
}
