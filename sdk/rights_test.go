package sdk_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/client-go/rest"

	"github.com/kubevast/vast/internal/workflow"
	"github.com/kubevast/vast/sdk"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/authz"
)

// rightOf is the right that a request needs; requests that every user may send
// need none.
func rightOf(r *http.Request) (authz.Right, bool) {
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	group := ""
	switch {
	case parts[0] == "api" && len(parts) > 2:
		parts = parts[2:]
	case parts[0] == "apis" && len(parts) > 3:
		group, parts = "."+parts[1], parts[3:]
	default:
		return authz.Right{}, false // what is served
	}
	if strings.HasPrefix(parts[0], "selfsubject") {
		return authz.Right{}, false
	}
	need := authz.Right{Cluster: true}
	if parts[0] == "namespaces" && len(parts) > 2 {
		need.Cluster, parts = false, parts[2:]
	}
	need.Resource = parts[0] + group
	if len(parts) > 1 {
		need.Name = parts[1]
	}
	if len(parts) > 2 {
		need.Resource += "/" + parts[2]
	}
	one := need.Name != ""
	switch {
	case r.URL.Query().Get("watch") != "":
		need.Verb = "watch"
	case r.Method == http.MethodGet && one:
		need.Verb = "get"
	case r.Method == http.MethodGet:
		need.Verb = "list"
	case r.Method == http.MethodDelete && !one:
		need.Verb = "deletecollection"
	default:
		need.Verb = map[string]string{http.MethodPost: "create", http.MethodPut: "update", http.MethodPatch: "patch", http.MethodDelete: "delete"}[r.Method]
	}
	return need, true
}

// askedFor is the right in a SelfSubjectAccessReview.
func askedFor(review []byte) authz.Right {
	var r authorizationv1.SelfSubjectAccessReview
	_ = json.Unmarshal(review, &r)
	a := r.Spec.ResourceAttributes
	need := authz.Right{Verb: a.Verb, Resource: a.Resource, Name: a.Name, Cluster: a.Namespace == ""}
	if a.Group != "" {
		need.Resource += "." + a.Group
	}
	if a.Subresource != "" {
		need.Resource += "/" + a.Subresource
	}
	return need
}

// covers reports whether who has a right may do what needs another one.
func covers(has, need authz.Right) bool {
	if has.Name == "" {
		need.Name = ""
	}
	return has == need
}

// denial is the API server's message.
func denial(need authz.Right) string {
	resource, group, _ := strings.Cut(need.Resource, ".")
	where := `in the namespace "lab"`
	if need.Cluster {
		where = "at the cluster scope"
	}
	return fmt.Sprintf(`User "ann" cannot %s resource %q in API group %q %s`, need.Verb, resource, group, where)
}

// granted are the rights of a Role and its ClusterRole.
func granted(t *testing.T, kind string) []authz.Right {
	t.Helper()
	role, wide, err := authz.RolesFor(kind, "lab")
	if err != nil {
		t.Fatal(err)
	}
	var all []authz.Right
	add := func(rules []rbacv1.PolicyRule, cluster bool) {
		for _, rule := range rules {
			names := rule.ResourceNames
			if len(names) == 0 {
				names = []string{""}
			}
			for _, resource := range rule.Resources {
				resource, sub, _ := strings.Cut(resource, "/")
				if rule.APIGroups[0] != "" {
					resource += "." + rule.APIGroups[0]
				}
				if sub != "" {
					resource += "/" + sub
				}
				for _, verb := range rule.Verbs {
					for _, name := range names {
						all = append(all, authz.Right{Verb: verb, Resource: resource, Name: name, Cluster: cluster})
					}
				}
			}
		}
	}
	add(role.Rules, false)
	add(wide.Rules, true)
	return all
}

// lookingOnly are the methods of a reader.
var lookingOnly = map[string]func(context.Context, *world) error{
	"Task.List": func(ctx context.Context, w *world) error {
		_, err := w.Tasks().List(ctx, api.TaskListOptions{})
		return err
	},
	"Task.Get": func(ctx context.Context, w *world) error { _, err := w.Tasks().Get(ctx, w.task); return err },
	"Volume.List": func(ctx context.Context, w *world) error {
		_, err := w.Volumes().List(ctx, api.VolumeListOptions{})
		return err
	},
	"Volume.Get": func(ctx context.Context, w *world) error { _, err := w.Volumes().Get(ctx, "data"); return err },
	"Result.List": func(ctx context.Context, w *world) error {
		_, err := w.Results().List(ctx, api.ResultListOptions{Ref: w.other})
		return err
	},
	"Workflow.List": func(ctx context.Context, w *world) error {
		_, err := w.Workflows().List(ctx, api.TaskListOptions{})
		return err
	},
	"Workflow.History": func(ctx context.Context, w *world) error {
		_, err := w.Workflows().History(ctx, api.WorkflowHistoryOptions{})
		return err
	},
	"Workflow.Get": func(ctx context.Context, w *world) error { _, err := w.Workflows().Get(ctx, w.run); return err },
	"Workflow.Approvals": func(ctx context.Context, w *world) error {
		if err := w.gate(ctx, workflow.Observed{Now: time.Now()}); err != nil {
			return err
		}
		w.server.mu.Lock()
		w.server.needed = nil // of the submission
		w.server.mu.Unlock()
		_, err := w.Workflows().Approvals(ctx, api.TaskListOptions{})
		return err
	},
	"Share.List": func(ctx context.Context, w *world) error { _, err := w.Shares().List(ctx); return err },
	"Campaign.Random": func(ctx context.Context, w *world) error {
		_, err := w.Campaigns().Random(ctx, w.campaign)
		return err
	},
	"Campaign.Monitor": func(ctx context.Context, w *world) error {
		_, err := w.Campaigns().List(ctx, api.CampaignListOptions{Refs: []string{w.campaign}, Progress: true})
		return err
	},
}

// users are the methods of the one who works in a namespace.
func users() map[string]func(context.Context, *world) error {
	all := map[string]func(context.Context, *world) error{}
	for name, c := range changing {
		if strings.HasPrefix(name, "Cluster.") || name == "Queue.Hold" || name == "Queue.Resume" {
			continue // an administrator's
		}
		all[name] = func(ctx context.Context, w *world) error {
			if c.before != nil {
				if err := c.before(ctx, w); err != nil {
					return err
				}
			}
			_, err := c.do(ctx, w, api.DryRunNone)
			return err
		}
	}
	for name, do := range lookingOnly {
		all[name] = do
	}
	return all
}

// withheld shows what waits in the queues of all namespaces: positions are
// counted without it.
var withheld = authz.Right{Verb: "get", Resource: "clusterqueues.visibility.kueue.x-k8s.io/pendingworkloads", Cluster: true}

func TestTheRolesGrantAllThatIsAskedFor(t *testing.T) {
	t.Parallel()
	for kind, methods := range map[string]map[string]func(context.Context, *world) error{authz.RoleUser: users(), authz.RoleReader: lookingOnly} {
		has := append(granted(t, kind), withheld)
		for name, do := range methods {
			t.Run(kind+" "+name, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				w.server.needed = nil
				if err := do(t.Context(), w); err != nil {
					t.Fatal(err)
				}
				w.server.mu.Lock()
				defer w.server.mu.Unlock()
				for need := range w.server.needed {
					if !slices.ContainsFunc(has, func(r authz.Right) bool { return covers(r, need) }) {
						t.Errorf("it needs the right to %s (in the whole cluster: %v), which the role %q does not grant", need, need.Cluster, kind)
					}
				}
			})
		}
	}
}

// Without one of the rights to submit, the submission ends before anything is
// made, and names it.
func TestAnyMissingRightIsNamed(t *testing.T) {
	t.Parallel()
	methods := users()
	for _, c := range []struct{ method, verb, resource string }{
		{"Task.Submit", "create", "jobs.batch"},
		{"Task.Submit", "patch", "jobs.batch"},
		{"Task.Submit", "create", "services"},
		{"Task.Submit", "create", "secrets"},
		{"Task.Stop", "patch", "jobs.batch"},
		{"Task.Delete", "delete", "jobs.batch"},
		{"Task.List", "list", "jobs.batch"},
		{"Volume.Create", "create", "persistentvolumeclaims"},
		{"Volume.Delete", "delete", "persistentvolumeclaims"},
		{"Volume.List", "list", "persistentvolumeclaims"},
		{"Campaign.Run", "create", "jobs.batch"},
		{"Campaign.Run", "create", "configmaps"},
		{"Campaign.Stop", "patch", "configmaps"},
		{"Campaign.Cleanup", "deletecollection", "jobs.batch"},
		{"Campaign.Cleanup", "list", "configmaps"},
		{"Campaign.Cleanup", "delete", "configmaps"},
		{"Campaign.Hold", "patch", "workloads.kueue.x-k8s.io"},
		{"Result.Delete", "get", "secrets"},
		{"Workflow.Submit", "create", "configmaps"},
		{"Workflow.Submit", "patch", "configmaps"},
		{"Workflow.Submit", "create", "jobs.batch"},
		{"Workflow.Submit", "create", "secrets"},
		{"Workflow.Stop", "patch", "configmaps"},
		{"Workflow.Delete", "delete", "configmaps"},
		{"Share.Upload", "create", "secrets"},
		{"Share.Upload", "create", "jobs.batch"},
	} {
		t.Run(c.method+" without "+c.verb+" "+c.resource, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			denied := authz.Right{Verb: c.verb, Resource: c.resource}
			// A client of its own, which remembers no right.
			var err error
			if w.Client, err = sdk.NewForConfig(&rest.Config{Host: w.host}, sdk.WithNamespace("lab")); err != nil {
				t.Fatal(err)
			}
			w.server.denied = &denied
			w.big() // writes its files
			before := w.state()
			err = methods[c.method](t.Context(), w)
			var forbidden *api.ForbiddenError
			if !errors.As(err, &forbidden) || !strings.Contains(err.Error(), c.verb) || !strings.Contains(err.Error(), c.resource) {
				t.Errorf("the error is %v", err)
			}
			if diff := gocmp.Diff(before, w.state()); diff != "" {
				t.Errorf("something was changed:\n%s", diff)
			}
		})
	}
}
