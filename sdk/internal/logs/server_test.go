package logs

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"

	"github.com/kubevast/vast/internal/access"
	"github.com/kubevast/vast/sdk/api"
)

// cluster plays the API server and the kubelets behind it, over TLS and
// HTTP/2, for the failures that a real one cannot be made to show at will.
type cluster struct {
	t      *testing.T
	server *httptest.Server

	mu      sync.Mutex
	changed *sync.Cond
	version int
	pods    map[string]*corev1.Pod
	logs    map[string][]record
	events  []metav1.WatchEvent
	compact int // watches from before this event are too old
	status  api.TaskStatus
	missing bool // the task was deleted

	// fault, if set, may answer a request itself.
	fault func(w http.ResponseWriter, r *http.Request) bool
	// cut ends streams of logs: it is given the bytes to be sent and
	// returns how many are, and whether the connection breaks then.
	cut      func(sent int, b []byte) (n int, breaks, ends bool)
	requests []string
	// kept, if set, is what is kept of each node.
	kept string
}

func newCluster(t *testing.T, nodes int) *cluster {
	t.Helper()
	c := &cluster{t: t, pods: map[string]*corev1.Pod{}, logs: map[string][]record{}, version: 1}
	c.changed = sync.NewCond(&c.mu)
	c.status = api.TaskStatus{State: api.Pending, NumNodes: nodes}
	c.status.Name = "job"
	c.server = httptest.NewUnstartedServer(c)
	c.server.EnableHTTP2 = true
	c.server.Config.ErrorLog = nil
	c.server.StartTLS()
	t.Cleanup(func() {
		c.server.CloseClientConnections()
		c.change(func() { c.compact = -1 })
		c.server.Close()
	})
	return c
}

func (c *cluster) source() Source {
	conn, err := access.Connect(&rest.Config{Host: c.server.URL, TLSClientConfig: rest.TLSClientConfig{Insecure: true}},
		access.Options{Namespace: "ns"})
	if err != nil {
		c.t.Fatal(err)
	}
	src := Source{Conn: conn, Namespace: "ns", Job: "job", Container: "task", NumNodes: c.status.NumNodes,
		Status: func(ctx context.Context) (*api.TaskStatus, error) {
			var req *http.Request
			req, _ = http.NewRequestWithContext(ctx, http.MethodGet, c.server.URL+"/status", nil)
			resp, err := insecure.Do(req)
			if err != nil {
				return nil, &api.UnavailableError{Message: err.Error()}
			}
			defer resp.Body.Close()
			st := &api.TaskStatus{}
			switch {
			case resp.StatusCode == http.StatusNotFound:
				return nil, &api.NotFoundError{Kind: "task", Name: "job"}
			case resp.StatusCode != http.StatusOK:
				return nil, &api.UnavailableError{Message: resp.Status}
			}
			return st, json.NewDecoder(resp.Body).Decode(st)
		}}
	if c.kept != "" {
		src.Kept = func(ctx context.Context, o api.LogOptions, sink api.LogSink) error {
			var logs []Kept
			for _, rank := range o.Nodes {
				logs = append(logs, kept(rank, c.kept))
			}
			return ReadKept(ctx, logs, o, sink)
		}
	}
	return src
}

var insecure = &http.Client{Transport: &http.Transport{
	TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}}

// change does something to the cluster and wakes who watches.
func (c *cluster) change(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f()
	c.changed.Broadcast()
}

// pod creates or changes a pod: state is Pending, Running, Succeeded or
// Deleted.
func (c *cluster) pod(rank int, state string) {
	c.change(func() {
		name := "job-" + strconv.Itoa(rank)
		c.version++
		p, known := c.pods[name]
		if !known {
			p = &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "ns", UID: types.UID(name),
				Labels:      map[string]string{labelJob: "job"},
				Annotations: map[string]string{annotationRank: strconv.Itoa(rank)}}}
		}
		p = p.DeepCopy()
		p.ResourceVersion = strconv.Itoa(c.version)
		p.TypeMeta = metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"}
		st := corev1.ContainerStatus{Name: "task"}
		switch state {
		case "Pending":
			st.State.Waiting = &corev1.ContainerStateWaiting{Reason: "ContainerCreating"}
			p.Status.Phase = corev1.PodPending
		case "Running":
			st.State.Running = &corev1.ContainerStateRunning{}
			p.Status.Phase = corev1.PodRunning
		case "Succeeded":
			st.State.Terminated = &corev1.ContainerStateTerminated{}
			p.Status.Phase = corev1.PodSucceeded
		}
		if state != "Deleted" {
			p.Status.ContainerStatuses = []corev1.ContainerStatus{st}
		}
		kind := "MODIFIED"
		if !known {
			kind = "ADDED"
		}
		c.pods[name] = p
		if state == "Deleted" {
			kind = "DELETED"
			delete(c.pods, name)
		}
		raw, _ := json.Marshal(p)
		e := metav1.WatchEvent{Type: kind}
		e.Object.Raw = raw
		c.events = append(c.events, e)
	})
}

// print lets a node print records, stamped one microsecond apart.
func (c *cluster) print(rank int, texts ...string) {
	c.change(func() {
		name := "job-" + strconv.Itoa(rank)
		for _, text := range texts {
			text, newLine := strings.CutSuffix(text, "\n")
			n := len(c.logs[name])
			c.logs[name] = append(c.logs[name], record{at: at(time.Duration(n) * time.Microsecond), text: text, partial: !newLine})
		}
	})
}

func (c *cluster) end(state api.State) {
	c.change(func() { c.status.State = state })
}

// awaitLooks waits until the task has been looked at n times more.
func (c *cluster) awaitLooks(n int) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), 20*time.Second)
	defer cancel()
	context.AfterFunc(ctx, func() { c.change(func() {}) })
	c.mu.Lock()
	defer c.mu.Unlock()
	for n += c.countLocked("/status"); c.countLocked("/status") < n; c.changed.Wait() {
		if ctx.Err() != nil {
			c.t.Fatal("it is not looked at any more")
		}
	}
}

func (c *cluster) count(part string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.countLocked(part)
}

func (c *cluster) countLocked(part string) int {
	n := 0
	for _, r := range c.requests {
		if strings.Contains(r, part) {
			n++
		}
	}
	return n
}

func (c *cluster) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	c.requests = append(c.requests, r.URL.String())
	c.changed.Broadcast()
	fault := c.fault
	c.mu.Unlock()
	if fault != nil && fault(w, r) {
		return
	}
	q := r.URL.Query()
	switch {
	case r.URL.Path == "/status":
		c.serveStatus(w)
	case strings.HasSuffix(r.URL.Path, "/log"):
		parts := strings.Split(r.URL.Path, "/")
		c.serveLog(w, r, parts[len(parts)-2])
	case q.Get("watch") != "":
		c.serveWatch(w, r)
	default:
		c.serveList(w)
	}
}

func (c *cluster) serveStatus(w http.ResponseWriter) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.missing {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	answer(w, http.StatusOK, c.status)
}

func (c *cluster) serveList(w http.ResponseWriter) {
	c.mu.Lock()
	defer c.mu.Unlock()
	list := corev1.PodList{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "PodList"}}
	list.ResourceVersion = strconv.Itoa(len(c.events))
	for _, p := range c.pods {
		list.Items = append(list.Items, *p)
	}
	answer(w, http.StatusOK, list)
}

func answer(w http.ResponseWriter, code int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(v)
}

func refuse(w http.ResponseWriter, code int, reason metav1.StatusReason, message string) {
	answer(w, code, metav1.Status{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"},
		Status: "Failure", Code: int32(code), Reason: reason, Message: message})
}

// serveWatch takes the number of events for the resource version.
func (c *cluster) serveWatch(w http.ResponseWriter, r *http.Request) {
	from, _ := strconv.Atoi(r.URL.Query().Get("resourceVersion"))
	c.mu.Lock()
	defer c.mu.Unlock()
	stop := context.AfterFunc(r.Context(), func() { c.change(func() {}) })
	defer stop()
	if from < c.compact {
		refuse(w, http.StatusGone, metav1.StatusReasonExpired, "too old resource version")
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusOK)
	w.(http.Flusher).Flush()
	for i := from; r.Context().Err() == nil && c.compact >= 0; {
		for ; i < len(c.events); i++ {
			e := c.events[i]
			// The version to resume at is the number of the event.
			var p corev1.Pod
			_ = json.Unmarshal(e.Object.Raw, &p)
			p.ResourceVersion = strconv.Itoa(i + 1)
			e.Object.Raw, _ = json.Marshal(p)
			_ = json.NewEncoder(w).Encode(e)
		}
		w.(http.Flusher).Flush()
		c.changed.Wait()
	}
}

func (c *cluster) serveLog(w http.ResponseWriter, r *http.Request, name string) {
	q := r.URL.Query()
	c.mu.Lock()
	defer c.mu.Unlock()
	stop := context.AfterFunc(r.Context(), func() { c.change(func() {}) })
	defer stop()
	p := c.pods[name]
	switch {
	case p == nil:
		refuse(w, http.StatusNotFound, metav1.StatusReasonNotFound, "pod not found")
		return
	case p.Status.Phase == corev1.PodPending:
		refuse(w, http.StatusBadRequest, metav1.StatusReasonBadRequest, `container "task" in pod is waiting to start`)
		return
	}
	var since time.Time
	if v := q.Get("sinceTime"); v != "" {
		since, _ = time.Parse(time.RFC3339, v)
	}
	tail := -1
	if v := q.Get("tailLines"); v != "" {
		tail, _ = strconv.Atoi(v)
		tail = max(0, len(c.logs[name])-tail)
	}
	w.Header().Set("Content-Type", "text/plain")
	w.WriteHeader(http.StatusOK)
	w.(http.Flusher).Flush()
	for sent := 0; r.Context().Err() == nil && c.compact >= 0; {
		records := c.logs[name]
		if tail >= 0 {
			records = records[min(tail, len(records)):]
		}
		out := render(records, since, -1)
		ended := q.Get("follow") == "" || c.pods[name] == nil || c.pods[name].Status.Phase == corev1.PodSucceeded
		if b := out[sent:]; len(b) > 0 {
			n, breaks, ends := len(b), false, false
			if c.cut != nil {
				n, breaks, ends = c.cut(sent, b)
			}
			_, _ = w.Write(b[:n])
			w.(http.Flusher).Flush()
			sent += n
			if breaks {
				panic(http.ErrAbortHandler)
			}
			if ends {
				return
			}
			continue
		}
		if ended {
			return
		}
		c.changed.Wait()
	}
}

// dropConnections closes all connections, as a server that dies does.
func (c *cluster) dropConnections() { c.server.CloseClientConnections() }
