// Package rights asks the API server what the caller may do, before something
// is begun that would end half-way. It only saves trouble: what is allowed is
// decided by the API server, at each request.
package rights

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"
	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/kube"
)

// Right is one verb on one resource.
type Right struct {
	Verb string
	// Resource as kubectl auth can-i takes it: "jobs.batch", "pods/log".
	Resource string
	// Cluster: in all namespaces, or of a resource that has none.
	Cluster bool
}

func (r Right) String() string { return r.Verb + " " + r.Resource }

// Each returns one right for every verb.
func Each(resource string, verbs ...string) []Right {
	out := make([]Right, len(verbs))
	for i, verb := range verbs {
		out[i] = Right{Verb: verb, Resource: resource}
	}
	return out
}

// InCluster returns the same rights for the whole cluster.
func InCluster(rights []Right) []Right {
	out := slices.Clone(rights)
	for i := range out {
		out[i].Cluster = true
	}
	return out
}

// Checker asks with the caller's own rights, which everybody may do. What it
// has seen allowed it does not ask again.
type Checker struct {
	conn *kube.Conn
	seen sync.Map // of Right
}

// New returns a checker over conn. It contacts nobody.
func New(conn *kube.Conn) *Checker { return &Checker{conn: conn} }

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
	a := &authorizationv1.ResourceAttributes{Verb: r.Verb, Group: group, Resource: resource, Subresource: sub}
	if !r.Cluster {
		a.Namespace = c.conn.Namespace
	}
	return a
}

// refusal names all rights that are missing.
func (c *Checker) refusal(user string, missing []Right) error {
	words := make([]string, len(missing))
	for i, r := range missing {
		words[i] = r.String()
	}
	first, flag := missing[0], " -n "+c.conn.Namespace
	if first.Cluster {
		flag = " -A"
	}
	return &api.Forbidden{Message: fmt.Sprintf(
		"user %q may not %s in namespace %q; ask an administrator for a role with that (check: kubectl auth can-i %s%s; see kubectl vast doctor)",
		user, strings.Join(words, ", "), c.conn.Namespace, first, flag)}
}
