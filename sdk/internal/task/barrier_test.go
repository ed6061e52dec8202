package task

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/kubevast/vast/internal/access"
	"github.com/kubevast/vast/sdk/api"
)

func TestWaitsFor(t *testing.T) {
	tests := map[string]struct{ log, want string }{
		"a node that waits":                {"setup\nvast: waits for node 2's setup\n", "waits for node 2's setup"},
		"the last word counts":             {"vast: waits for the setup of nodes 1, 2\nvast: waits for node 2's setup\n", "waits for node 2's setup"},
		"what setup has left running":      {"vast: waits for node 0 to start\nserver: listening\n", "waits for node 0 to start"},
		"a node that does not wait more":   {"vast: waits for node 2's setup\nvast: all nodes are ready\nepoch 1\n", ""},
		"a node whose setup is unfinished": {"installing\n", ""},
		"a word of the user's":             {"worker waits for node 2's setup\n", ""},
		"another word of the launcher's":   {"vast: the script could not be started\n", ""},
		"a log that is cut in the middle":  {"ts for node 2's setup\nepoch 1\n", ""},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got := waitsFor(tc.log); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

// What a node waits for and its other reasons are reported together.
func TestWaitingNodesAreReportedWithOtherReasons(t *testing.T) {
	const waits = "vast: waits for node 2's setup\n"
	logs := map[string]string{"pod-0": "ready\n", "pod-1": strings.Repeat("progress ", 8<<10) + "\n" + waits, "pod-3": waits}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, ok := logs[path.Base(path.Dir(r.URL.Path))]
		if !ok {
			http.Error(w, "not yours", http.StatusForbidden)
			return
		}
		// As the API server does it: the end is what is cut off.
		if r.URL.Query().Has("limitBytes") {
			text = text[:min(len(text), 16<<10)]
		}
		fmt.Fprint(w, text)
	}))
	defer server.Close()
	conn, err := access.Connect(&rest.Config{Host: server.URL}, access.Options{Namespace: "lab"})
	if err != nil {
		t.Fatal(err)
	}
	const again = "container proxy ended and was started again once"
	s := &api.TaskStatus{ObjectMeta: metav1.ObjectMeta{Namespace: "lab"}, State: api.Running, NumNodes: 4}
	for i, reason := range []string{again, "", again, again} {
		s.Nodes = append(s.Nodes, api.NodeStatus{State: api.NodeRunning, Pod: fmt.Sprintf("pod-%d", i), Reason: reason})
	}
	(&Client{conn: conn}).setBarrier(t.Context(), s)
	got := []string{s.Reason}
	for _, n := range s.Nodes {
		got = append(got, n.Reason)
	}
	want := []string{"waits for node 2's setup", again, "waits for node 2's setup", again, "waits for node 2's setup"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("reasons of the task and its nodes (-want,+got):\n%s", diff)
	}
}
