package logs

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/sdk/api"
)

func TestFollowReportsThatItWaitsForPods(t *testing.T) {
	c := newCluster(t, 2)
	c.status.Nodes = []api.NodeStatus{{Rank: 0, State: api.NodeWaiting, Reason: "its pod is being made"}, {Rank: 1, State: api.NodeWaiting, Reason: "its pod is being made"}}
	r := c.read(api.LogOptions{Follow: true}, quick)
	r.awaitNote("waiting for nodes 0-1: its pod is being made")
	c.change(func() {
		c.status.Nodes = []api.NodeStatus{{Rank: 0, State: api.NodeRunning}, {Rank: 1, State: api.NodePending, Reason: `image "x" not found`}}
	})
	c.pod(0, "Pending")
	c.pod(0, "Running")
	c.pod(1, "Pending")
	c.print(0, "a\n")
	r.await(0, "a\n")
	r.awaitNote(`waiting for node 1: image "x" not found`)
	c.pod(1, "Running")
	c.print(1, "b\n", "no newline")
	c.pod(0, "Succeeded")
	c.pod(1, "Succeeded")
	c.end(api.Succeeded)
	if err := r.end(); err != nil {
		t.Error(err)
	}
	r.want(map[int]string{0: "a\n", 1: "b\nno newline"})
	if n := strings.Count(strings.Join(r.notes, "\n"), "nodes 0-1"); n != 1 {
		t.Errorf("said %d times: %q", n, r.notes)
	}
}

func TestFollowReportsThatResultsAreBeingSaved(t *testing.T) {
	c := newCluster(t, 1)
	c.pod(0, "Running")
	c.print(0, "a\n")
	r := c.read(api.LogOptions{Follow: true}, quick)
	r.await(0, "a\n")
	c.change(func() { c.status.State, c.status.Saving = api.Running, true })
	c.pod(0, "Succeeded")
	r.awaitNote("saving the results")
	c.change(func() { c.status.State, c.status.Saving = api.Succeeded, false })
	if err := r.end(); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([]string{"saving the results"}, r.notes); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestFollowReturnsHowTheTaskEnded(t *testing.T) {
	c := newCluster(t, 1)
	c.pod(0, "Running")
	c.print(0, "a\n")
	r := c.read(api.LogOptions{Follow: true}, quick)
	r.await(0, "a\n")
	c.pod(0, "Succeeded")
	c.change(func() { c.status.State, c.status.Reason = api.Failed, "exit code 3" })
	var failed *api.TaskFailedError
	if err := r.end(); !errors.As(err, &failed) || failed.Task.Reason != "exit code 3" {
		t.Errorf("got %v", err)
	}
}

func TestFollowOfATaskThatIsDeleted(t *testing.T) {
	c := newCluster(t, 1)
	c.pod(0, "Running")
	c.print(0, "a\n")
	r := c.read(api.LogOptions{Follow: true}, quick)
	r.await(0, "a\n")
	c.print(0, "last words\n")
	c.change(func() { c.missing = true })
	c.pod(0, "Deleted")
	var failed *api.TaskFailedError
	if err := r.end(); !errors.As(err, &failed) || failed.Task.Diagnosis.Cause != api.CauseDeleted {
		t.Errorf("got %v", err)
	}
	r.want(map[int]string{0: "a\nlast words\n"})
}

// The kubelet serves the newest file of a log only. What is measured on one of
// Kubernetes 1.36.3: a stream that is behind is ended at the end of a file that was
// rotated; the next file began 0.5 to 310 ms later where all lines were delivered,
// and 14 s later where files between the two had been rotated, too.
func TestFollowWarnsOfMissingLines(t *testing.T) {
	const lost = "node 0: its log was rotated while the reading was behind: lines between 2026-03-01T10:00:00.000001Z and "
	for name, tt := range map[string]struct {
		breaks bool
		gap    time.Duration
		line   int // bytes of what was printed last
		notes  []string
	}{
		"the next file follows on the one that was read": {false, 310 * time.Millisecond, 1, nil},
		"there was another file between":                 {false, 14 * time.Second, 1, []string{lost + "2026-03-01T10:00:14.000001Z may be missing"}},
		"the old file was not read to its end":           {true, 8 * time.Millisecond, 1, []string{lost + "2026-03-01T10:00:00.008001Z may be missing"}},
		"so much is printed in that time":                {false, time.Second, 11 << 20, []string{lost + "2026-03-01T10:00:01.000001Z may be missing"}},
		"a slow printer's next line is in the next file": {false, 5 * time.Second, 1, []string{lost + "2026-03-01T10:00:05.000001Z may be missing"}},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t, 1)
			c.pod(0, "Running")
			long := strings.Repeat("b", tt.line) + "\n"
			c.print(0, "a\n", long)
			rotated := false
			c.cut = func(_ int, b []byte) (int, bool, bool) {
				if rotated {
					return len(b), false, false
				}
				rotated = true
				c.logs["job-0"] = []record{{at: at(time.Microsecond + tt.gap), text: "c"}}
				return len(b), tt.breaks, !tt.breaks
			}
			r := c.read(api.LogOptions{Follow: true}, quick)
			r.await(0, "a\n"+long+"c\n")
			c.pod(0, "Succeeded")
			c.end(api.Succeeded)
			if err := r.end(); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.notes, r.notes); diff != "" {
				t.Errorf("notes (-want +got):\n%s", diff)
			}
		})
	}
}

// Streams are cut at random: some break, some just end.
func TestFollowOverBrokenStreams(t *testing.T) {
	c := newCluster(t, 3)
	var n int
	c.cut = func(_ int, b []byte) (int, bool, bool) {
		n++
		switch n % 5 {
		case 0:
			return len(b) / 2, true, false
		case 2:
			return len(b) * 2 / 3, false, true
		}
		return len(b), false, false
	}
	r := c.read(api.LogOptions{Follow: true}, quick)
	want := map[int]string{}
	for rank := range 3 {
		c.pod(rank, "Running")
	}
	for i := range 40 {
		for rank := range 3 {
			line := fmt.Sprintf("%d %s\n", i, strings.Repeat("x", i))
			if i%7 == 3 {
				c.print(rank, line[:len(line)/2], line[len(line)/2:])
			} else {
				c.print(rank, line)
			}
			want[rank] += line
		}
		if i%10 == 0 {
			r.await(0, want[0])
		}
	}
	for rank := range 3 {
		c.pod(rank, "Succeeded")
	}
	c.end(api.Succeeded)
	if err := r.end(); err != nil {
		t.Error(err)
	}
	r.want(want)
}

func TestFollowThroughARestartOfTheAPIServer(t *testing.T) {
	c := newCluster(t, 2)
	c.pod(0, "Running")
	c.print(0, "a\n")
	r := c.read(api.LogOptions{Follow: true}, quick)
	r.await(0, "a\n")
	// It is away, then it refuses its users, then it has
	// forgotten the history.
	for _, fault := range []func(http.ResponseWriter, *http.Request) bool{
		func(http.ResponseWriter, *http.Request) bool { panic(http.ErrAbortHandler) },
		func(w http.ResponseWriter, _ *http.Request) bool {
			refuse(w, http.StatusForbidden, metav1.StatusReasonForbidden, "not yet")
			return true
		},
		func(w http.ResponseWriter, _ *http.Request) bool {
			refuse(w, http.StatusTooManyRequests, metav1.StatusReasonTooManyRequests, "busy")
			return true
		},
	} {
		hits := make(chan struct{}, 1000)
		c.change(func() {
			c.fault = func(w http.ResponseWriter, r *http.Request) bool {
				select {
				case hits <- struct{}{}:
				default:
				}
				return fault(w, r)
			}
		})
		c.dropConnections()
		<-hits
		<-hits
	}
	c.print(0, "b\n")
	c.pod(1, "Running")
	c.print(1, "c\n")
	c.change(func() { c.compact, c.fault = len(c.events), nil })
	r.await(0, "a\nb\n")
	r.await(1, "c\n")
	r.awaitNote("connected to the cluster again")
	c.pod(0, "Succeeded")
	c.pod(1, "Succeeded")
	c.end(api.Succeeded)
	if err := r.end(); err != nil {
		t.Error(err)
	}
	r.want(map[int]string{0: "a\nb\n", 1: "c\n"})
	if n := strings.Count(strings.Join(r.notes, "\n"), "lost the connection"); n == 0 || n > 3 {
		t.Errorf("%d times lost: %q", n, r.notes)
	}
}

func TestFollowGivesUpWhenItIsRefusedForGood(t *testing.T) {
	c := newCluster(t, 1)
	c.pod(0, "Running")
	c.fault = func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, "/log") {
			return false
		}
		refuse(w, http.StatusForbidden, metav1.StatusReasonForbidden, `User "u" cannot get resource "pods/log" in API group ""`)
		return true
	}
	var forbidden *api.ForbiddenError
	if err := c.read(api.LogOptions{Follow: true}, quick).end(); !errors.As(err, &forbidden) {
		t.Errorf("got %v", err)
	}
}

func TestFollowWaitsForAContainerThatTheKubeletDoesNotKnowYet(t *testing.T) {
	c := newCluster(t, 1)
	c.pod(0, "Running")
	c.print(0, "a\n")
	refusals := 3
	c.fault = func(w http.ResponseWriter, r *http.Request) bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		if !strings.HasSuffix(r.URL.Path, "/log") || refusals == 0 {
			return false
		}
		refusals--
		refuse(w, http.StatusBadRequest, metav1.StatusReasonBadRequest, `container "task" in pod "job-0" is waiting to start: ContainerCreating`)
		return true
	}
	r := c.read(api.LogOptions{Follow: true}, quick)
	r.await(0, "a\n")
	c.pod(0, "Succeeded")
	c.end(api.Succeeded)
	if err := r.end(); err != nil {
		t.Error(err)
	}
}

func TestFollowOpensASilentStreamAnew(t *testing.T) {
	c := newCluster(t, 1)
	c.pod(0, "Running")
	c.print(0, "a\n")
	p := quick
	p.idleMin, p.idleMax = 5*time.Millisecond, 20*time.Millisecond
	stuck := true
	c.fault = func(w http.ResponseWriter, r *http.Request) bool {
		c.mu.Lock()
		hang := stuck && strings.HasSuffix(r.URL.Path, "/log")
		stuck = stuck && !hang
		c.mu.Unlock()
		if hang { // a kubelet that has lost track of its file
			w.WriteHeader(http.StatusOK)
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}
		return hang
	}
	r := c.read(api.LogOptions{Follow: true}, p)
	r.await(0, "a\n")
	c.pod(0, "Succeeded")
	c.end(api.Succeeded)
	if err := r.end(); err != nil {
		t.Error(err)
	}
	r.want(map[int]string{0: "a\n"})
}

func TestFollowEndsWithAPodThatIsGone(t *testing.T) {
	c := newCluster(t, 2)
	c.pod(0, "Running")
	c.pod(1, "Running")
	c.print(0, "a\n")
	c.print(1, "b\n")
	r := c.read(api.LogOptions{Follow: true}, quick)
	r.await(0, "a\n")
	r.await(1, "b\n")
	c.change(func() {
		c.cut = func(int, []byte) (int, bool, bool) { return 0, true, false }
	})
	c.print(0, "never seen\n")
	c.pod(0, "Deleted")
	r.awaitNote("node 0: its pod was deleted before all its lines were read")
	c.change(func() { c.cut = nil })
	c.pod(1, "Succeeded")
	c.end(api.Failed)
	var failed *api.TaskFailedError
	if err := r.end(); !errors.As(err, &failed) {
		t.Errorf("got %v", err)
	}
}

func TestFollowOfATaskThatIsStoppedInTheQueue(t *testing.T) {
	c := newCluster(t, 2)
	c.status.State, c.status.Reason = api.Queued, "3rd in vast"
	r := c.read(api.LogOptions{Follow: true}, quick)
	r.awaitNote("waiting for nodes 0-1: 3rd in vast")
	c.end(api.Stopped)
	var failed *api.TaskFailedError
	if err := r.end(); !errors.As(err, &failed) || failed.Task.State != api.Stopped {
		t.Errorf("got %v", err)
	}
}

func TestWithoutNotificationsAReadDoesNotWaitForEver(t *testing.T) {
	const wall = `node 0: image "x" not found`
	blocked := func(cause api.Cause) *cluster {
		c := newCluster(t, 1)
		c.status.Reason, c.status.Diagnosis = wall, &api.Diagnosis{Cause: cause, Message: wall}
		c.status.Nodes = []api.NodeStatus{{Rank: 0, State: api.NodePending, Reason: wall}}
		c.pod(0, "Pending")
		return c
	}
	t.Run("for what does not pass by itself", func(t *testing.T) {
		for _, cause := range stuck {
			r := blocked(cause).readHeard(api.LogOptions{Follow: true}, quick, false)
			var late *api.TimedOutError
			if err := r.end(); !errors.As(err, &late) || !strings.Contains(err.Error(), "waiting for node 0: "+wall) || !strings.Contains(err.Error(), "LogOptions.Notify") {
				t.Errorf("%s: %v", cause, err)
			}
		}
	})
	for name, cause := range map[string]api.Cause{"a lack of room": api.CauseUnschedulable, "a quota": api.CauseQuota} {
		t.Run("but for "+name, func(t *testing.T) {
			c := blocked(cause)
			r := c.readHeard(api.LogOptions{Follow: true}, quick, false)
			c.awaitLooks(10)
			c.pod(0, "Succeeded")
			c.end(api.Succeeded)
			if err := r.end(); err != nil {
				t.Error(err)
			}
		})
	}
	t.Run("and with one it continues", func(t *testing.T) {
		c := blocked(api.CauseImagePull)
		r := c.read(api.LogOptions{Follow: true}, quick)
		r.awaitNote("waiting for node 0: " + wall)
		c.awaitLooks(10)
		c.pod(0, "Succeeded")
		c.end(api.Succeeded)
		if err := r.end(); err != nil {
			t.Error(err)
		}
	})
}
