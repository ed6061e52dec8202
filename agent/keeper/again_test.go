package keeper

import (
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/agent/apiserver"
	"github.com/kubevast/vast/internal/agentspec"
	"github.com/kubevast/vast/internal/layout"
)

// apiOf is an API server that gives these answers.
func apiOf(t *testing.T, answer http.HandlerFunc) *apiserver.Client {
	t.Helper()
	server := httptest.NewTLSServer(answer)
	t.Cleanup(server.Close)
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	c, err := apiserver.Open(server.URL, folderOf(t, map[string]string{"ca.crt": string(ca), "token": "x"}))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// packed is a keeper of two runs, of which the first has ended with code 3.
func packed(t *testing.T, answer http.HandlerFunc) *Keeper {
	t.Helper()
	dir := folderOf(t, map[string]string{"c/0/a": "1", "c/0/d/b": "2", "c/0/l": "->a", "c/1/a": "3", "codes": "c/0 3\n"})
	k := keeperInto(t, dir)
	k.api, k.orders.Outcomes, k.orders.Main = apiOf(t, answer), filepath.Join(dir, "codes"), "task"
	k.where.PodUID = "mine"
	k.results = nil
	for _, run := range []string{"0", "1"} {
		r := agentspec.Result{Name: "c/" + run, Prefix: "r" + run + "/", Index: "index/" + run + "/", Dirs: []agentspec.Dir{{Path: filepath.Join(dir, "c", run)}}}
		k.results = append(k.results, &result{Result: r, tree: newTree(r.Prefix, r.Dirs, k.logs.room)})
	}
	return k
}

func aPod(t *testing.T) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if err := json.NewEncoder(w).Encode(podOf()); err != nil {
			t.Error(err)
		}
	}
}

func inventoryIn(t *testing.T, there map[string]string, key string) layout.Inventory {
	t.Helper()
	var m layout.Inventory
	if err := json.Unmarshal([]byte(there[key]), &m); err != nil {
		t.Fatalf("%s: %v", key, err)
	}
	return m
}

// The store may lose what it had, or a user may remove it, while other runs of
// the pod go on: an inventory must not list what is not there.
func TestARunThatEndedBeforeTheOthersIsWholeInTheEnd(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		lost []string
		sent int64 // files of it that are sent again
	}{
		"when nothing was lost":       {nil, 0},
		"when a file was lost":        {[]string{"r0/d/b"}, 2},
		"when the inventory was lost": {[]string{"r0/_vast/manifest.json"}, 2},
		"when everything was lost":    {[]string{"r0/a", "r0/d/b", "r0/_vast/manifest.json", "index/0/Failed.Exit"}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := packed(t, aPod(t))
			if err := k.pass(t.Context()); err != nil {
				t.Fatal(err)
			}
			before := inventoryIn(t, inStore(t, k), "r0/_vast/manifest.json")
			if before.Outcome.Word() != "Failed.Exit" || len(before.Files) != 3 || before.PodStatus == nil {
				t.Fatalf("%+v", before)
			}
			if n := k.logs.room.files; n != 1 {
				t.Errorf("%d files are held, the unfinished run has one", n)
			}
			if err := k.store.Delete(t.Context(), c.lost...); err != nil {
				t.Fatal(err)
			}
			write(t, logFile(k.logs.dirs[0].Path, "task"), "x\n", false)
			puts := &counting{Backend: k.store}
			k.sender.store = puts
			if err := k.finishAll(t.Context(), end{pod: podOf(exited(0)), main: "task", at: time.Now()}); err != nil {
				t.Fatal(err)
			}
			there := inStore(t, k)
			after := inventoryIn(t, there, "r0/_vast/manifest.json")
			if len(after.Logs) != 1 {
				t.Errorf("logs: %+v", after.Logs)
			}
			after.Logs = before.Logs
			if diff := cmp.Diff(before, after); diff != "" {
				t.Error(diff)
			}
			if _, ok := there["index/0/Failed.Exit"]; !ok || there["r0/a"] != "1" || there["r0/d/b"] != "2" {
				t.Errorf("%v", there)
			}
			if n := puts.n.Load() - 1; n != c.sent { // the log is one
				t.Errorf("%d files were sent again", n)
			}
		})
	}
}

func TestTheAPIServerIsAskedOnceForAllRunsThatHaveEnded(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	k := packed(t, func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	write(t, k.orders.Outcomes, "c/0 0\nc/1 0\n", false)
	if err := k.pass(t.Context()); err != nil || asked.Load() != 1 || k.results[0].ended == nil || k.results[1].ended == nil {
		t.Errorf("asked %d times, %v", asked.Load(), err)
	}
}

func TestARunIsFinishedWhenTheAPIServerCannotBeAsked(t *testing.T) {
	t.Parallel()
	k := packed(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) })
	if err := k.pass(t.Context()); err != nil {
		t.Fatal(err)
	}
	there := inStore(t, k)
	m := inventoryIn(t, there, "r0/_vast/manifest.json")
	if m.Outcome.Word() != "Failed.Exit" || m.PodStatus != nil || there["r1/a"] != "3" {
		t.Errorf("%+v, %v", m, there)
	}
	t.Run("and the pod's state is added when it can", func(t *testing.T) {
		if err := k.finishAll(t.Context(), end{pod: podOf(exited(0)), main: "task", at: time.Now()}); err != nil {
			t.Fatal(err)
		}
		if after := inventoryIn(t, inStore(t, k), "r0/_vast/manifest.json"); after.PodStatus == nil || after.Started.IsZero() || !after.Ended.Equal(m.Ended) {
			t.Errorf("%+v", after)
		}
	})
}
