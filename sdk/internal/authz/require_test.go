package authz

import (
	"errors"
	"strings"
	"testing"

	authorizationv1 "k8s.io/api/authorization/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/rest"
	k8stesting "k8s.io/client-go/testing"

	"github.com/kubevast/vast/internal/access"
	"github.com/kubevast/vast/sdk/api"
)

type memory map[string]bool

func (m memory) Has(key string) bool { return m[key] }
func (m memory) Add(key string)      { m[key] = true }

// cluster answers for a user with the rights of allowed.
func cluster(t *testing.T, cache access.Cache, allowed func(*authorizationv1.ResourceAttributes) bool) (checker *Checker, asked *int) {
	t.Helper()
	set := fake.NewSimpleClientset() // reviews need no apply
	asked = new(int)
	set.PrependReactor("create", "selfsubjectaccessreviews", func(a k8stesting.Action) (bool, runtime.Object, error) {
		*asked++
		review := a.(k8stesting.CreateAction).GetObject().(*authorizationv1.SelfSubjectAccessReview).DeepCopy()
		review.Status.Allowed = allowed(review.Spec.ResourceAttributes)
		return true, review, nil
	})
	return New(&access.Conn{Kube: set, Config: &rest.Config{Host: "https://x", BearerToken: "t"}, Namespace: "lab", Cache: cache}), asked
}

func TestAllMissingRightsAreNamedAtOnceAndAskedAgain(t *testing.T) {
	cache, may := memory{}, false
	checker, asked := cluster(t, cache, func(a *authorizationv1.ResourceAttributes) bool {
		return may || a.Resource == "services"
	})
	wanted := append(Each("jobs.batch", "create", "patch"), Each("services", "create")...)
	err := checker.Require(t.Context(), wanted...)
	var forbidden *api.ForbiddenError
	if !errors.As(err, &forbidden) || !strings.Contains(err.Error(), `may not create, patch jobs.batch in namespace "lab"`) {
		t.Errorf("the refusal is %v", err)
	}
	may = true
	if err := checker.Require(t.Context(), wanted...); err != nil {
		t.Errorf("with the rights: %v", err)
	}
	if *asked != 3+2 {
		t.Errorf("%d questions, want 5: what was allowed is not asked again, what was refused is", *asked)
	}
	if err := checker.Require(t.Context(), wanted...); err != nil || *asked != 5 {
		t.Errorf("what is known was asked again: %d questions, %v", *asked, err)
	}
	next := New(checker.conn)
	if err := next.Require(t.Context(), wanted...); err != nil || *asked != 5 {
		t.Errorf("the next program sends reviews for cached rights: %d questions, %v", *asked, err)
	}
}

func TestRightsAreAskedForAsTheyAreWritten(t *testing.T) {
	for text, want := range map[string]authorizationv1.ResourceAttributes{
		"jobs.batch":                 {Namespace: "lab", Verb: "get", Group: "batch", Resource: "jobs"},
		"pods/log":                   {Namespace: "lab", Verb: "get", Resource: "pods", Subresource: "log"},
		"localqueues.kueue.x-k8s.io": {Namespace: "lab", Verb: "get", Group: "kueue.x-k8s.io", Resource: "localqueues"},
	} {
		checker, _ := cluster(t, nil, func(a *authorizationv1.ResourceAttributes) bool {
			if *a != want {
				t.Errorf("%s is asked for as %+v", text, *a)
			}
			return true
		})
		if err := checker.Require(t.Context(), Right{Verb: "get", Resource: text}); err != nil {
			t.Error(err)
		}
	}
}
