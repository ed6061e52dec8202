package result

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubevast/vast/internal/access"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/sdk/api"
)

func TestResultsOfAllNamespaces(t *testing.T) {
	var records []runtime.Object
	for _, namespace := range []string{"ns", "lab", "closed", "kueue-system"} {
		records = append(records, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: kube.SetupName, Namespace: namespace}})
	}
	w := newWorld(t, records...)
	w.keep(task("aaaabbbb", 0, succeeded, nil))
	lab := newWorld(t)
	lab.keep(task("ccccdddd", 0, succeeded, nil))
	lab.conn.Namespace = "lab"
	var warnings []string
	w.conn.Warn = func(m string, _ ...api.Remedy) { warnings = append(warnings, m) }
	refusing := func(err error) *Client {
		return &Client{conn: w.conn, open: func(context.Context) (store.Backend, func(), error) { return nil, nil, err }}
	}
	clients := map[string]*Client{"ns": w.Client, "lab": lab.Client,
		"closed":       refusing(&api.ForbiddenError{Message: "secrets"}),
		"kueue-system": refusing(&api.NotInstalledError{Message: "no store"})}
	w.inNamespace = func(namespace string) *Client { return clients[namespace] }
	list, err := w.List(t.Context(), api.ResultListOptions{AllNamespaces: true})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, r := range list.Items {
		got[r.Name] = r.Namespace
	}
	if diff := cmp.Diff(map[string]string{"aaaabbbb/0": "ns", "ccccdddd/0": "lab"}, got); diff != "" || len(warnings) != 1 {
		t.Errorf("warnings %q (-want,+got):\n%s", warnings, diff)
	}
	if _, err := w.List(t.Context(), api.ResultListOptions{AllNamespaces: true, Ref: "aaaabbbb"}); !errors.As(err, new(*api.InvalidSpecError)) {
		t.Errorf("a name and all namespaces: %v", err)
	}
}

// The cluster's state of a campaign has precedence over the store's: it may be
// held, or stopped, and the store's copy may be older.
func TestACampaignHasTheStateOfTheCluster(t *testing.T) {
	w := newWorld(t)
	w.keep(run(sweep, "a-1", 0, oom, nil))
	w.record(sweep, 3)
	state := func() api.State {
		list, err := w.List(t.Context(), api.ResultListOptions{})
		if err != nil || len(list.Items) != 1 {
			t.Fatalf("%+v, %v", list, err)
		}
		return list.Items[0].State
	}
	if got := state(); got != api.Failed {
		t.Errorf("by the store alone: %s", got)
	}
	w.WithStanding(func(context.Context, *access.Conn, store.Backend, bool) (map[string]*api.Campaign, error) {
		return map[string]*api.Campaign{sweep: {ID: sweep, User: user, State: api.CampaignStopped, Runs: api.RunCounts{Total: 3, Failed: 1, Stopped: 2}}}, nil
	})
	if got := state(); got != api.Stopped {
		t.Errorf("by the cluster: %s", got)
	}
	w.WithStanding(func(context.Context, *access.Conn, store.Backend, bool) (map[string]*api.Campaign, error) {
		return nil, &api.ForbiddenError{Message: "configmaps"}
	})
	if got := state(); got != api.Failed {
		t.Errorf("without the right to read the cluster: %s", got)
	}
}
