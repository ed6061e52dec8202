package e2e_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/sdk/api"
)

// longScript is a script that no argument can hold.
var longScript = "name: long\nrun: |\n  : " + strings.Repeat("x", 70<<10) + "\n"

// rich is a task that needs a Job, a Service, a Secret and a ConfigMap.
var rich = "name: rich\nnum_nodes: 2\nresources: {image_id: 'busybox:1.36'}\nsecrets: {A: b}\nrun: |\n  : " +
	strings.Repeat("x", 70<<10) + "\n  echo node $NODE_RANK\n"

func TestTheSameRequestTwiceIsOneTask(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	id := p.submit(minimal, "--request-id", "nightly")
	p.vast("wait", id).exits(0)
	if again := p.submit(minimal, "--request-id", "nightly"); again != id {
		t.Errorf("the same request again is task %s, want %s", again, id)
	}
	p.vast("submit", p.file("task.yaml", minimal), "--request-id", "nightly").exits(0).shows("hello\n")
	p.vast("submit", p.file("other.yaml", "name: minimal\nrun: echo other\n"), "--request-id", "nightly").exits(5).
		prints(`request "nightly" was used before for another task (minimal-` + id + `)`)
	p.vast("submit", p.file("task.yaml", minimal), p.file("b.yaml", minimal), "--request-id", "nightly").exits(2)
	if other := p.submit(minimal, "--request-id", "weekly"); other == id {
		t.Error("another request is the same task")
	}
	if n := len(p.list()); n != 2 {
		t.Errorf("there are %d tasks, want 2", n)
	}
}

func TestTheSameRequestAtTheSameTimeIsOneTask(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	path := p.file("task.yaml", rich)
	var running []*process
	for range 4 {
		running = append(running, p.start("kubectl-vast", nil, "submit", path, "-d", "--request-id", "race"))
	}
	ids := map[string]bool{}
	for _, r := range running {
		ids[r.wait().exits(0).id()] = true
	}
	if len(ids) != 1 {
		t.Fatalf("the clients print %d ids", len(ids))
	}
	for id := range ids {
		p.isOneCompleteTask(id)
		p.vast("logs", id, "-f").exits(0).shows("node-0 | node 0\n", "node-1 | node 1\n")
	}
}

// A client is killed at each of its requests in turn, before the API server
// has got it and after. Running it again always leads to one whole task.
func TestAClientThatIsKilledHalfWayCanBeRunAgain(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	path := p.file("task.yaml", rich)
	const most = 12
	for n := 1; ; n++ {
		if n > most {
			t.Fatalf("a submission makes more than %d changes", most)
		}
		killed := false
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("change %d, after it: %v", n, after), func(t *testing.T) {
				p := p.in(t)
				request := fmt.Sprintf("killed-%d-%v", n, after)
				args := []string{"submit", path, "-d", "--request-id", request, "--cpus", "1000"}
				killed = p.killedAt(n, after, args) || killed
				id := p.vast(args...).exits(0).id()
				p.isOneCompleteTask(id)
				p.vast("delete", id).exits(0)
			})
		}
		if !killed {
			if n < 6 {
				t.Errorf("a submission makes only %d changes, want a Job, three helpers and its release", n-1)
			}
			return
		}
	}
}

// killedAt runs a command and kills it at its n-th change. It reports whether
// there was one.
func (p *person) killedAt(n int, after bool, args []string) bool {
	p.Helper()
	var seen atomic.Int32
	reached, hold := make(chan struct{}), make(chan struct{})
	var once sync.Once
	other := *p
	other.through(func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		if !changes(r) || int(seen.Add(1)) != n {
			server.ServeHTTP(w, r)
			return
		}
		if after {
			server.ServeHTTP(httptest.NewRecorder(), r)
		}
		once.Do(func() { close(reached) })
		<-hold
		panic(http.ErrAbortHandler)
	})
	client := other.start("kubectl-vast", nil, args...)
	ended := make(chan *result, 1)
	go func() { ended <- client.wait() }()
	defer close(hold)
	select {
	case <-reached:
		if err := client.command.Process.Kill(); err != nil {
			p.Fatal(err)
		}
		if r := <-ended; r.code != -1 {
			p.Errorf("the client ended by itself with exit code %d", r.code)
		}
		return true
	case r := <-ended:
		r.exits(0)
		return false
	}
}

// isOneCompleteTask checks that a task has all that it needs, once, and may
// start.
func (p *person) isOneCompleteTask(id string) {
	p.Helper()
	job := p.job(id)
	if ptr.Deref(job.Spec.Suspend, false) || job.Annotations["kubevast.io/submitting"] != "" {
		p.Errorf("the Job of task %s is suspended: %v", id, job.Annotations)
	}
	o := metav1.ListOptions{LabelSelector: "kubevast.io/task-id=" + id}
	core := client.CoreV1()
	services, err1 := core.Services(p.namespace).List(p.Context(), o)
	secrets, err2 := core.Secrets(p.namespace).List(p.Context(), o)
	maps, err3 := core.ConfigMaps(p.namespace).List(p.Context(), o)
	if err1 != nil || err2 != nil || err3 != nil {
		p.Fatal(err1, err2, err3)
	}
	if len(services.Items) != 1 || len(secrets.Items) != 1 || len(maps.Items) != 1 {
		p.Errorf("task %s has %d Services, %d Secrets and %d ConfigMaps, want one of each", id, len(services.Items), len(secrets.Items), len(maps.Items))
		return
	}
	for _, owner := range [][]metav1.OwnerReference{services.Items[0].OwnerReferences, secrets.Items[0].OwnerReferences, maps.Items[0].OwnerReferences} {
		if len(owner) != 1 || owner[0].UID != job.UID {
			p.Errorf("a helper of task %s is owned by %v", id, owner)
		}
	}
	p.waitFor("its pods are made", func() (bool, any) { return len(p.pods(id)) == 2, len(p.pods(id)) })
}

func TestATaskWhoseClientWasKilledReportsHowToContinue(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	p.killedAt(3, false, []string{"submit", p.file("task.yaml", rich), "-d", "--request-id", "half"})
	var s api.TaskStatus
	p.waitFor("it is reported once no client can be at it any more", func() (bool, any) {
		s = p.list()[0]
		return s.State == api.Pending && strings.Contains(s.Reason, "submit it again with the same request id, or delete it"), s.Reason
	})
	p.vast("delete", s.ID, "--wait").exits(0)
	p.waitFor("nothing is left", func() (bool, any) {
		left := p.kinds("services")
		left = append(left, p.kinds("secrets")...)
		return len(left) == 0, left
	})
}

// The API server makes the Job, and its answer is lost: the client asks again
// and meets its own Job, which is no conflict.
func TestAnAnswerThatIsLostMakesNoSecondTask(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	var lost atomic.Int32
	other := *p
	other.through(func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/jobs") && lost.Add(1) == 1 {
			server.ServeHTTP(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler)
		}
		server.ServeHTTP(w, r)
	})
	id := other.submit(rich)
	if lost.Load() < 2 {
		t.Errorf("the Job was asked for %d times", lost.Load())
	}
	p.isOneCompleteTask(id)
	if n := len(p.list()); n != 1 {
		t.Errorf("there are %d tasks", n)
	}
}

func TestAnOverloadedServerIsAskedAgain(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	var refused atomic.Int32
	p.through(func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		switch n := refused.Add(1); {
		case n%4 == 1:
			w.Header().Set("Retry-After", "1")
			http.Error(w, "too many requests", http.StatusTooManyRequests)
		case n%4 == 2:
			http.Error(w, "shutting down", http.StatusServiceUnavailable)
		default:
			server.ServeHTTP(w, r)
		}
	})
	p.vast("submit", p.file("task.yaml", minimal), "-d").exits(0)
	if n := len(p.list()); n != 1 {
		t.Errorf("there are %d tasks", n)
	}
}
