package keeper

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/agentspec"
)

func TestAnAPIServerWithoutAnAnswerLeavesTheTimeForTheStore(t *testing.T) {
	t.Parallel()
	const (
		ends = silence + oneAnswer + askMost // containers.go
		how  = silence + 2*oneAnswer + 3*time.Second
	)
	if asked := ends + how; asked > agentspec.SaveTime/2 || asked+patience > agentspec.SaveTime {
		t.Errorf("%s and %s are more than there are", asked, patience)
	}
	if endShown+patience > agentspec.SaveTime {
		t.Error("an end that is not shown takes the store's time")
	}
}

// inTurn are answers by the API server, each for one pod; the last one is
// repeated. For Jobs it answers with the same error as last, or that there is
// none.
func inTurn(t *testing.T, answers ...any) http.HandlerFunc {
	var n atomic.Int64
	return func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "/jobs/") {
			code, isCode := answers[len(answers)-1].(int)
			if !isCode {
				code = http.StatusNotFound
			}
			w.WriteHeader(code)
			return
		}
		answer := answers[min(int(n.Add(1)), len(answers))-1]
		if code, isCode := answer.(int); isCode {
			w.WriteHeader(code)
		} else if err := json.NewEncoder(w).Encode(answer); err != nil {
			t.Error(err)
		}
	}
}

func TestTheEndIsNotAskedForForEver(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answers []any
		says    string
		hint    bool
	}{
		"forbidden":                        {[]any{http.StatusForbidden}, "ended, and the sidecar may not read how: the API server returned 403: ", true},
		"unauthorized":                     {[]any{http.StatusUnauthorized}, "ended, and the sidecar may not read how: the API server returned 401: ", true},
		"unavailable":                      {[]any{http.StatusServiceUnavailable}, "ended while the API server did not answer: the API server returned 503: ", false},
		"without an end, then unavailable": {[]any{podOf(), http.StatusServiceUnavailable}, "ended, and Kubernetes did not report how", false},
		"with an end, then unavailable":    {[]any{podOf(exited(3)), http.StatusServiceUnavailable}, "ended with exit code 3", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := keeperInto(t, folderOf(t, nil))
			k.api, k.where.PodUID, k.orders.Main, k.silence = apiOf(t, inTurn(t, c.answers...)), "mine", "task", 1
			o := k.howItEnded(t.Context()).outcome(nil)
			if o.Message != c.says || (o.Hint != "") != c.hint {
				t.Errorf("%+v", o)
			}
		})
	}
}

// It was away for a while, and has not read yet who may do what.
func TestAnAPIServerThatHasJustStartedIsAskedAgain(t *testing.T) {
	t.Parallel()
	k := keeperInto(t, folderOf(t, nil))
	k.api = apiOf(t, inTurn(t, http.StatusServiceUnavailable, http.StatusForbidden, podOf(exited(3))))
	k.where.PodUID, k.orders.Main, k.silence = "mine", "task", 10*time.Second
	if o := k.howItEnded(t.Context()).outcome(nil); o.Message != "ended with exit code 3" {
		t.Errorf("%+v", o)
	}
}

func TestABusyKubeletIsGivenTimeToReportTheEnd(t *testing.T) {
	t.Parallel()
	waits := func(p *corev1.Pod) {
		p.Status.ContainerStatuses[0].State = corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "PodInitializing"}}
	}
	silent := func(p *corev1.Pod) { p.Status.ContainerStatuses = nil }
	deleted := func(p *corev1.Pod) { p.DeletionTimestamp = &metav1.Time{Time: time.Now()} }
	for name, c := range map[string]struct {
		pod  *corev1.Pod
		want time.Duration
	}{
		"without a status":      {podOf(silent), endShown},
		"that seems to wait":    {podOf(waits), endShown},
		"that seems to run":     {podOf(), endShown},
		"whose end is reported": {podOf(exited(0)), 0},
		"that is taken away":    {podOf(waits, deleted), 0},
	} {
		t.Run(name, func(t *testing.T) {
			if got := (end{pod: c.pod, main: "task"}).waitForEnd(); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

// A sidecar of the user's may ignore SIGTERM.
func TestOthersAreNotWaitedForWhenTheMainContainerHasEndedLongAgo(t *testing.T) {
	t.Parallel()
	k := keeperInto(t, folderOf(t, nil))
	k.api, k.sideTime = apiOf(t, inTurn(t, podOf(exited(0)))), 1
	k.where.PodUID = "mine"
	k.Terminate()
	proxy, mainOver := make(chan struct{}), make(chan struct{})
	close(mainOver)
	k.awaitEnds(t.Context(), map[string]chan struct{}{"proxy": proxy}, mainOver)
	if !closed(proxy) {
		t.Error("it is waited for")
	}
}

func TestContainersWithoutAStatusCountAsEnded(t *testing.T) {
	t.Parallel()
	for name, code := range map[string]int{
		"without the right":          http.StatusForbidden,
		"when there is no answer":    http.StatusServiceUnavailable,
		"when the pod does not last": http.StatusNotFound,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := keeperInto(t, folderOf(t, nil))
			k.api, k.silence, k.grace = apiOf(t, inTurn(t, code)), 1, 1
			if code == http.StatusForbidden {
				k.silence = time.Hour
			}
			k.Terminate()
			over := make(chan struct{})
			k.awaitEnds(t.Context(), map[string]chan struct{}{"task": over}, nil)
			if !closed(over) {
				t.Error("it is waited for")
			}
		})
	}
}
