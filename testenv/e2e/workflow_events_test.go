package e2e_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/workflow/event"
	"github.com/kubevast/vast/sdk/api"
)

const hookSecret = "a secret of the tests"

// hook is a webhook on this machine. The first requests fail.
type hook struct {
	url string

	mu       sync.Mutex
	failures int
	got      []*api.WorkflowEvent
	problems []string
}

func newHook(t testing.TB, failures int) *hook {
	t.Helper()
	h := &hook{failures: failures}
	listener, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(h)
	server.Listener.Close()
	server.Listener = listener
	server.Start()
	t.Cleanup(server.Close)
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	h.url = "http://" + net.JoinHostPort(hostAddress(t), port) + "/path-of-the-webhook"
	return h
}

func (h *hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	body, err := io.ReadAll(r.Body)
	e := &api.WorkflowEvent{}
	if err == nil {
		err = json.Unmarshal(body, e)
	}
	at, atErr := strconv.ParseInt(r.Header.Get(event.HeaderTimestamp), 10, 64)
	if err != nil || atErr != nil || r.Header.Get(event.HeaderSignature) != event.Sign([]byte(hookSecret), e.ID, time.Unix(at, 0), body) {
		h.problems = append(h.problems, fmt.Sprintf("%v %s", r.Header, body))
	}
	if h.failures > 0 {
		h.failures--
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	h.got = append(h.got, e)
}

// sequences are the numbers of the events, in the order of their arrival.
func (h *hook) sequences() []int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []int64
	for _, e := range h.got {
		out = append(out, e.Data.Sequence)
	}
	return out
}

func numbers(from, to int) []int64 {
	var out []int64
	for i := from; i <= to; i++ {
		out = append(out, int64(i))
	}
	return out
}

func TestAWebhookGetsTheSignedEventsOfARunAndACallbackItsChanges(t *testing.T) {
	t.Parallel()
	p, c, h := newRunner(t), newTally(t), newHook(t, 2)
	missing := p.file("missing.yaml", "kind: Workflow\nname: missing\nwebhook: {url: http://localhost, secret: {name: nothing, key: key}}\ntasks:\n  a: {run: 'true'}\n")
	p.vast("submit", missing, "--queue=none").exits(2).prints(`secret "nothing" does not exist`)
	p.kubectl("create", "secret", "generic", "hook", "--from-literal=key="+hookSecret)
	id := p.submitFlow("kind: Workflow\nname: events\nwebhook: {url: " + h.url + ", secret: {name: hook, key: key}}\n" +
		"event_callback: wget -q -O- " + c.url + "/$TASK_NAME-$TASK_ID-$JOB_STATUS\ntasks:\n" +
		c.task("a", "true") + c.task("b", "exit 3", "depends: [a]") + c.task("c", "true", "depends: [b]"))
	if r := p.ends(id); r.Result != "failed" {
		t.Errorf("the run is %+v", r)
	}
	p.waitFor("the driver ends", func() (bool, any) {
		job, err := client.BatchV1().Jobs(p.namespace).Get(t.Context(), kube.RunDriver(id), metav1.GetOptions{})
		return err == nil && job.Status.Succeeded == 1, err
	})
	got := h.sequences()
	if n := len(got); n < 9 || !slices.Equal(got, numbers(1, n)) || len(h.problems) > 0 {
		t.Errorf("the webhook got %v, with problems %q", got, h.problems)
	}
	if last := h.got[len(h.got)-1].Data; last.Phase != "finished" || last.Result != "failed" || last.Run != id {
		t.Errorf("the last event is %+v", last)
	}
	p.isCounted(c, once("a", "b", "a-0-STARTING", "a-0-STARTED", "a-0-SUCCEEDED", "b-1-STARTING", "b-1-STARTED", "b-1-FAILED"))
	described := p.kubectl("describe", "configmap", kube.RunName(id))
	for _, want := range []string{"TaskFailed", "task b: failed: Exit", "RunFinished"} {
		if !strings.Contains(described, want) {
			t.Errorf("kubectl describe has no %q:\n%s", want, described)
		}
	}
	log := p.kubectl("logs", "job/"+kube.RunDriver(id))
	if !strings.Contains(log, "HTTP status 503") || strings.Contains(log, hookSecret) || strings.Contains(log, "path-of-the-webhook") {
		t.Errorf("the driver's log:\n%s", log)
	}
	lines := strings.Split(strings.TrimSpace(p.vast("run", "watch", id, "-o", "json", "--after=2").exits(10).stdout), "\n")
	var first api.WorkflowEvent
	if err := json.Unmarshal([]byte(lines[0]), &first); err != nil || len(lines) != len(got)-2 || first.Data.Sequence != 3 {
		t.Errorf("run watch --after=2 prints %d lines, the first is %s", len(lines), lines[0])
	}
	p.vast("run", "redeliver", id, "--after=1000").exits(5).prints("none is after 1000")
	p.vast("run", "redeliver", id, "--after="+strconv.Itoa(len(got)-2)).exits(0).shows("delivered again")
	again := append(numbers(1, len(got)), got[len(got)-2:]...)
	p.waitFor("the last two events arrive again", func() (bool, any) { return slices.Equal(h.sequences(), again), h.sequences() })
}
