package driver

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/internal/apiserver"
	"github.com/kubevast/vast/internal/kube"
)

// server is an API server that loses requests and answers, which a real one cannot be made to
// do at each of a driver's steps. It has optimistic concurrency, watches, and a controller
// that ends each Job at once. It has no pods, so that the Lease of any driver in a pod can be
// taken over while that driver still acts.
type server struct {
	t *testing.T

	mu      sync.Mutex
	version int
	objects map[string]json.RawMessage
	changed *sync.Cond
	history []change
	// executed counts the Jobs that were created to execute, by name.
	executed map[string]int
	// fails has the Jobs of these tasks fail.
	fails map[string]bool
	// faults is the chance of a fault of a request, of 1000. random is guarded by mu.
	faults int
	random *rand.Rand
	// rights are those that requests needed.
	rights map[string]bool
	closed bool
	// endless has Jobs execute until they are stopped. A Job whose name ends in loses is deleted
	// before it has ended.
	endless bool
	loses   string
}

type change struct {
	version int
	path    string
	kind    string
	object  json.RawMessage
}

func newServer(t *testing.T, seed uint64) (*server, *apiserver.Client) {
	t.Helper()
	s := &server{t: t, objects: map[string]json.RawMessage{}, executed: map[string]int{}, fails: map[string]bool{}, rights: map[string]bool{},
		random: rand.New(rand.NewPCG(seed, 0))}
	s.changed = sync.NewCond(&s.mu)
	web := httptest.NewServer(s)
	t.Cleanup(func() {
		s.mu.Lock()
		s.closed = true
		s.changed.Broadcast()
		s.mu.Unlock()
		web.Close()
	})
	return s, apiserver.With(web.URL, web.Client())
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	if r.URL.Query().Get("watch") != "" {
		s.watch(w, r)
		return
	}
	s.mu.Lock()
	s.rights[right(r)] = true
	before := s.random.IntN(1000) < s.faults
	after := s.random.IntN(1000) < s.faults
	if before {
		s.mu.Unlock()
		answer(w, http.StatusServiceUnavailable, metav1.Status{Message: "not now"})
		return
	}
	code, value := s.do(r, body)
	s.mu.Unlock()
	if after { // it is done, and the answer is lost
		if conn, _, err := w.(http.Hijacker).Hijack(); err == nil {
			conn.Close()
		}
		return
	}
	answer(w, code, value)
}

func (s *server) do(r *http.Request, body []byte) (int, any) {
	there := s.objects[r.URL.Path]
	switch r.Method {
	case http.MethodGet:
		if there != nil {
			return http.StatusOK, there
		}
		if _, list := collection(r.URL.Path); !list {
			return http.StatusNotFound, metav1.Status{Message: "not found"}
		}
		return http.StatusOK, map[string]any{"metadata": map[string]any{"resourceVersion": fmt.Sprint(s.version)}, "items": s.list(r)}
	case http.MethodPost:
		at := path.Join(r.URL.Path, metaOf(body).Name)
		if s.objects[at] != nil {
			return http.StatusConflict, metav1.Status{Reason: metav1.StatusReasonAlreadyExists, Message: "exists"}
		}
		return http.StatusCreated, s.keep(at, "ADDED", merged(body, map[string]any{"metadata": map[string]any{"uid": at}}))
	case http.MethodPatch, http.MethodPut:
		if there == nil {
			return http.StatusNotFound, metav1.Status{Message: "not found"}
		}
		if want := metaOf(body).ResourceVersion; want != "" && want != metaOf(there).ResourceVersion {
			return http.StatusConflict, metav1.Status{Reason: metav1.StatusReasonConflict, Message: "changed"}
		}
		if r.Method == http.MethodPut {
			return http.StatusOK, s.keep(r.URL.Path, "MODIFIED", body)
		}
		changed, err := jsonpatch.MergePatch(there, body)
		if err != nil {
			s.t.Error(err)
		}
		return http.StatusOK, s.keep(r.URL.Path, "MODIFIED", changed)
	}
	s.t.Errorf("unexpected %s %s", r.Method, r.URL.Path)
	return http.StatusMethodNotAllowed, metav1.Status{}
}

// keep stores an object, and plays the Job controller.
func (s *server) keep(at, kind string, object json.RawMessage) json.RawMessage {
	if strings.Contains(at, "/jobs/") {
		object = s.control(kind, object)
	}
	s.version++
	object = merged(object, map[string]any{"metadata": map[string]any{"resourceVersion": fmt.Sprint(s.version)}})
	s.objects[at] = object
	s.history = append(s.history, change{s.version, at, kind, object})
	if kind == "ADDED" && s.loses != "" && strings.HasSuffix(at, s.loses) {
		s.version++
		object = merged(object, map[string]any{"metadata": map[string]any{"resourceVersion": fmt.Sprint(s.version)}})
		delete(s.objects, at)
		s.history = append(s.history, change{s.version, at, "DELETED", object})
	}
	s.changed.Broadcast()
	return object
}

// annotate changes an annotation of an object.
func (s *server) annotate(at, name, value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keep(at, "MODIFIED", merged(s.objects[at], map[string]any{"metadata": map[string]any{"annotations": map[string]any{name: value}}}))
}

// control ends a Job at once.
func (s *server) control(kind string, object json.RawMessage) json.RawMessage {
	var job batchv1.Job
	if err := json.Unmarshal(object, &job); err != nil {
		s.t.Error(err)
	}
	executes := job.Spec.Completions == nil || *job.Spec.Completions > 0
	if kind == "ADDED" && executes {
		s.executed[job.Name]++
	}
	if len(job.Status.Conditions) > 0 {
		return object
	}
	lost := s.loses != "" && strings.HasSuffix(job.Name, s.loses)
	if (s.endless || lost) && job.Annotations[kube.AnnotationStoppedBy] == "" {
		job.Status.Ready, job.Status.StartTime = ptr.To[int32](1), ptr.To(metav1.Now())
		out, err := json.Marshal(&job)
		if err != nil {
			s.t.Error(err)
		}
		return out
	}
	end := batchv1.JobCondition{Type: batchv1.JobComplete, Status: corev1.ConditionTrue}
	if s.endless && executes {
		end = batchv1.JobCondition{Type: batchv1.JobFailed, Status: corev1.ConditionTrue, Reason: batchv1.JobReasonDeadlineExceeded}
	}
	if s.fails[job.Annotations[kube.AnnotationStep]] && executes {
		end = batchv1.JobCondition{Type: batchv1.JobFailed, Status: corev1.ConditionTrue, Reason: batchv1.JobReasonBackoffLimitExceeded}
	}
	job.Status.Conditions = []batchv1.JobCondition{end}
	out, err := json.Marshal(&job)
	if err != nil {
		s.t.Error(err)
	}
	return out
}

func (s *server) list(r *http.Request) []json.RawMessage {
	out := []json.RawMessage{}
	for _, at := range slices.Sorted(maps.Keys(s.objects)) {
		if in, _ := collection(at); in == r.URL.Path && selects(r, s.objects[at]) {
			out = append(out, s.objects[at])
		}
	}
	return out
}

func (s *server) watch(w http.ResponseWriter, r *http.Request) {
	var from int
	if version := r.URL.Query().Get("resourceVersion"); version != "" {
		if _, err := fmt.Sscan(version, &from); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
	}
	s.mu.Lock()
	s.rights[strings.Replace(right(r), "list ", "watch ", 1)] = true
	s.mu.Unlock()
	w.WriteHeader(http.StatusOK)
	w.(http.Flusher).Flush()
	defer s.notifyEnd(r)()
	for {
		s.mu.Lock()
		for len(s.since(from)) == 0 && r.Context().Err() == nil && !s.closed {
			s.changed.Wait()
		}
		more, cut := s.since(from), s.random.IntN(1000) < s.faults
		closed := s.closed
		s.mu.Unlock()
		if r.Context().Err() != nil || closed {
			return
		}
		for _, c := range more {
			from = c.version
			if in, _ := collection(c.path); in == r.URL.Path && selects(r, c.object) {
				_ = json.NewEncoder(w).Encode(map[string]any{"type": c.kind, "object": c.object})
			}
		}
		w.(http.Flusher).Flush()
		if cut {
			return
		}
	}
}

// notifyEnd wakes the watches when a client has left.
func (s *server) notifyEnd(r *http.Request) func() {
	done := make(chan struct{})
	go func() {
		select {
		case <-r.Context().Done():
		case <-done:
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.changed.Broadcast()
	}()
	return func() { close(done) }
}

func (s *server) since(version int) []change {
	i, _ := slices.BinarySearchFunc(s.history, version+1, func(c change, v int) int { return c.version - v })
	return s.history[i:]
}

// collection returns the path of the collection of an object, and whether the path is a
// collection itself.
func collection(p string) (string, bool) {
	parts := strings.Split(strings.Trim(p, "/"), "/")
	head := 5 // api/v1/namespaces/n/resource
	if parts[0] == "apis" {
		head = 6
	}
	return "/" + strings.Join(parts[:min(head, len(parts))], "/"), len(parts) == head
}

func selects(r *http.Request, object json.RawMessage) bool {
	selector, err := labels.Parse(r.URL.Query().Get("labelSelector"))
	return err == nil && selector.Matches(labels.Set(metaOf(object).Labels))
}

// right is the right that a request needs: "get pods", "create leases.coordination.k8s.io".
func right(r *http.Request) string {
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	group, parts := "", parts[1:]
	if strings.HasPrefix(r.URL.Path, "/apis/") {
		group, parts = "."+parts[0], parts[1:]
	}
	parts = parts[3:]
	verb := map[string]string{http.MethodPost: "create", http.MethodPut: "update", http.MethodPatch: "patch"}[r.Method]
	if r.Method == http.MethodGet {
		verb = "list"
		if len(parts) > 1 {
			verb = "get"
		}
	}
	return verb + " " + parts[0] + group
}

func merged(object []byte, more map[string]any) json.RawMessage {
	patch, err := json.Marshal(more)
	if err != nil {
		panic(err)
	}
	out, err := jsonpatch.MergePatch(object, patch)
	if err != nil {
		panic(err)
	}
	return out
}

func metaOf(object []byte) metav1.ObjectMeta {
	var m metav1.PartialObjectMetadata
	_ = json.Unmarshal(object, &m)
	return m.ObjectMeta
}

func answer(w http.ResponseWriter, code int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(value)
}
