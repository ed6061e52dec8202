package apiserver

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	coordinationv1 "k8s.io/api/coordination/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/kubevast/vast/internal/kube"
)

// right is the right that a request needs: "get pods/log", "create leases.coordination.k8s.io".
func right(r *http.Request) string {
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	group, parts := "", parts[1:]
	if strings.HasPrefix(r.URL.Path, "/apis/") {
		group, parts = "."+parts[0], parts[1:]
	}
	parts = parts[3:] // v1/namespaces/n
	verb := map[string]string{http.MethodPost: "create", http.MethodPut: "update", http.MethodPatch: "patch", http.MethodDelete: "delete"}[r.Method]
	switch {
	case r.Method == http.MethodGet && len(parts) == 1:
		verb = "list"
	case r.Method == http.MethodGet:
		verb = "get"
	}
	resource := parts[0] + group
	if len(parts) > 2 {
		resource += "/" + parts[2]
	}
	return verb + " " + resource
}

// All requests of the agent to the API server, with answers by which each call
// takes its longest path. Together they are the Role.
func TestTheRoleGrantsExactlyTheAgentsRequests(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "sdk", "internal", "cluster", "desired", "testdata", "agent-role.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	role := &rbacv1.Role{}
	if err := yaml.UnmarshalStrict(text, role); err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, rule := range role.Rules {
		for _, resource := range rule.Resources {
			for _, verb := range rule.Verbs {
				group := ""
				if rule.APIGroups[0] != "" {
					group = "." + rule.APIGroups[0]
				}
				want = append(want, verb+" "+resource+group)
			}
		}
	}
	calls := map[string]func(context.Context, *Client) error{
		"Pod":    func(ctx context.Context, c *Client) error { _, err := c.Pod(ctx, "n", "p"); return err },
		"PodsOf": func(ctx context.Context, c *Client) error { _, err := c.PodsOf(ctx, "n", "j"); return err },
		"Job":    func(ctx context.Context, c *Client) error { _, err := c.Job(ctx, "n", "j"); return err },
		"Logs": func(ctx context.Context, c *Client) error {
			stream, err := c.Logs(ctx, "n", "p", LogOptions{Follow: true})
			if err == nil {
				stream.Close()
			}
			return err
		},
		"PutLease": func(ctx context.Context, c *Client) error {
			return c.PutLease(ctx, &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Name: "l", Namespace: "n",
				Labels: map[string]string{kube.LabelKind: kube.KindProgress}}})
		},
	}
	var asked []string
	c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, right(r))
		if r.Method == http.MethodPost { // it is there already
			w.WriteHeader(http.StatusConflict)
		}
		_, _ = w.Write([]byte(`{"metadata":{"name":"l","resourceVersion":"1","labels":{"kubevast.io/kind":"progress"}}}`))
	})
	methods := reflect.TypeFor[*Client]()
	for i := range methods.NumMethod() {
		name := methods.Method(i).Name
		call := calls[name]
		if call == nil {
			t.Fatalf("%s is new: call it here, and check that the Role grants its requests", name)
		}
		if err := call(t.Context(), c); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	slices.Sort(asked)
	slices.Sort(want)
	if diff := cmp.Diff(want, slices.Compact(asked)); diff != "" {
		t.Errorf("the Role grants (-), the agent requests (+):\n%s", diff)
	}
}
