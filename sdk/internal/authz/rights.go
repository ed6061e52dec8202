// Package authz checks with the API server what the caller may do, before an
// operation that would otherwise stop half-way. It is only for early errors:
// the API server decides at each request.
package authz

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"
	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/access"
	"github.com/kubevast/vast/sdk/api"
)

// Right is one verb on one resource.
type Right struct {
	Verb string
	// Resource as kubectl auth can-i takes it: "jobs.batch", "pods/log".
	Resource string
	// Cluster: in all namespaces, or of a resource that has none.
	Cluster bool
	// Name is the one object that it is about, empty for all.
	Name string
}

func (r Right) String() string {
	if r.Name != "" {
		return r.Verb + " " + r.Resource + " " + r.Name
	}
	return r.Verb + " " + r.Resource
}

// Each returns one right for every verb.
func Each(resource string, verbs ...string) []Right {
	out := make([]Right, len(verbs))
	for i, verb := range verbs {
		out[i] = Right{Verb: verb, Resource: resource}
	}
	return out
}

// Named returns a right about one object.
func Named(resource, verb, name string) []Right {
	return []Right{{Verb: verb, Resource: resource, Name: name}}
}

// InCluster returns the same rights for the whole cluster.
func InCluster(rights []Right) []Right {
	out := slices.Clone(rights)
	for i := range out {
		out[i].Cluster = true
	}
	return out
}

// Checker sends reviews with the caller's own rights, which every user may do.
// Granted rights are cached.
type Checker struct {
	conn *access.Conn
	seen sync.Map // of Right
}

// New returns a checker over conn. It contacts no server.
func New(conn *access.Conn) *Checker { return &Checker{conn: conn} }

// atOnce is how many questions are asked at a time.
const atOnce = 16

// Missing returns those of the rights that the caller has not got, in their
// order: one SelfSubjectAccessReview each, side by side. A cluster that cannot
// be asked is an error.
func (c *Checker) Missing(ctx context.Context, wanted []Right) ([]Right, error) {
	denied := make([]bool, len(wanted))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	for i, right := range wanted {
		g.Go(func() error {
			review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{
				ResourceAttributes: c.attributes(right)}}
			answer, err := c.conn.Kube.AuthorizationV1().SelfSubjectAccessReviews().Create(ctx, review, metav1.CreateOptions{})
			if err != nil {
				return c.conn.Classify(err, "create", "selfsubjectaccessreviews.authorization.k8s.io")
			}
			denied[i] = !answer.Status.Allowed
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	var missing []Right
	for i, no := range denied {
		if no {
			missing = append(missing, wanted[i])
		}
	}
	return missing, nil
}

func (c *Checker) attributes(r Right) *authorizationv1.ResourceAttributes {
	resource, sub, _ := strings.Cut(r.Resource, "/")
	resource, group, _ := strings.Cut(resource, ".")
	a := &authorizationv1.ResourceAttributes{Verb: r.Verb, Group: group, Resource: resource, Subresource: sub, Name: r.Name}
	if !r.Cluster {
		a.Namespace = c.conn.Namespace
	}
	return a
}

// Words groups rights by their resource: "create, patch jobs.batch; list events".
func Words(all []Right) string {
	var order []string
	verbs := map[string][]string{}
	for _, r := range all {
		of := strings.TrimSpace(r.Resource + " " + r.Name)
		if verbs[of] == nil {
			order = append(order, of)
		}
		if !slices.Contains(verbs[of], r.Verb) {
			verbs[of] = append(verbs[of], r.Verb)
		}
	}
	for i, resource := range order {
		order[i] = strings.Join(verbs[resource], ", ") + " " + resource
	}
	return strings.Join(order, "; ")
}

// refusal names all rights that are missing, those in the namespace first.
func (c *Checker) refusal(user string, missing []Right) error {
	var here, everywhere []Right
	for _, r := range missing {
		if r.Cluster {
			everywhere = append(everywhere, r)
		} else {
			here = append(here, r)
		}
	}
	var parts []string
	if len(here) > 0 {
		parts = append(parts, fmt.Sprintf("%s in namespace %q", Words(here), c.conn.Namespace))
	}
	if len(everywhere) > 0 {
		parts = append(parts, Words(everywhere)+" in the whole cluster")
	}
	first, namespace := missing[0], c.conn.Namespace
	if first.Cluster {
		namespace = ""
	}
	return &api.ForbiddenError{
		Message:  fmt.Sprintf("user %q may not %s; ask an administrator for a role with that", user, strings.Join(parts, ", nor ")),
		Remedies: []api.Remedy{access.CanI(first.Verb, first.Resource, first.Name, namespace), {Action: api.DoctorCheckRun, Namespace: c.conn.Namespace}},
	}
}
