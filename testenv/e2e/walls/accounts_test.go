package walls_test

import (
	"errors"
	"path/filepath"
	"strings"

	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"k8s.io/utils/ptr"
)

// as is the person with a new ServiceAccount of the namespace that has these
// rights there, and no others: a kubeconfig with its token.
func (p *person) as(account string, rules ...rbacv1.PolicyRule) *person {
	p.Helper()
	role := &rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Name: account, Namespace: p.namespace}, Rules: rules}
	if _, err := client.RbacV1().Roles(p.namespace).Create(p.Context(), role, metav1.CreateOptions{}); err != nil {
		p.Fatal(err)
	}
	return p.bound(account, "Role", account)
}

// asUser is the person with a new ServiceAccount that has the rights of a
// ClusterRole, such as edit or view, in the namespace.
func (p *person) asUser(account, clusterRole string) *person {
	p.Helper()
	return p.bound(account, "ClusterRole", clusterRole)
}

func (p *person) bound(account, kind, role string) *person {
	p.Helper()
	ctx, meta := p.Context(), metav1.ObjectMeta{Name: account, Namespace: p.namespace}
	_, err1 := client.CoreV1().ServiceAccounts(p.namespace).Create(ctx, &corev1.ServiceAccount{ObjectMeta: meta}, metav1.CreateOptions{})
	_, err2 := client.RbacV1().RoleBindings(p.namespace).Create(ctx, &rbacv1.RoleBinding{
		ObjectMeta: meta,
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: kind, Name: role},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Name: account, Namespace: p.namespace}},
	}, metav1.CreateOptions{})
	token, err3 := client.CoreV1().ServiceAccounts(p.namespace).CreateToken(ctx, account,
		&authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{ExpirationSeconds: ptr.To[int64](3600)}}, metav1.CreateOptions{})
	if err := errors.Join(err1, err2, err3); err != nil {
		p.Fatal(err)
	}
	other := *p
	other.kubeconfig = filepath.Join(p.TempDir(), "kubeconfig")
	c, err := clientcmd.LoadFromFile(cluster.Kubeconfig())
	if err != nil {
		p.Fatal(err)
	}
	*c.AuthInfos[c.Contexts[c.CurrentContext].AuthInfo] = clientcmdapi.AuthInfo{Token: token.Status.Token}
	if err := clientcmd.WriteToFile(*c, other.kubeconfig); err != nil {
		p.Fatal(err)
	}
	// The API server learns of a new binding a moment later.
	waitFor(p, "account "+account+" has its rights", func() (bool, any) {
		review, err := client.AuthorizationV1().LocalSubjectAccessReviews(p.namespace).Create(ctx, p.firstRight(kind, role, account), metav1.CreateOptions{})
		return err == nil && review.Status.Allowed, err
	})
	return &other
}

// firstRight asks for one thing that a role allows.
func (p *person) firstRight(kind, role, account string) *authorizationv1.LocalSubjectAccessReview {
	p.Helper()
	var rules []rbacv1.PolicyRule
	if kind == "Role" {
		r, err := client.RbacV1().Roles(p.namespace).Get(p.Context(), role, metav1.GetOptions{})
		if err != nil {
			p.Fatal(err)
		}
		rules = r.Rules
	} else {
		r, err := client.RbacV1().ClusterRoles().Get(p.Context(), role, metav1.GetOptions{})
		if err != nil {
			p.Fatal(err)
		}
		rules = r.Rules
	}
	review := &authorizationv1.LocalSubjectAccessReview{ObjectMeta: metav1.ObjectMeta{Namespace: p.namespace}}
	review.Spec.User = "system:serviceaccount:" + p.namespace + ":" + account
	review.Spec.ResourceAttributes = &authorizationv1.ResourceAttributes{Namespace: p.namespace}
	for _, rule := range rules {
		if len(rule.Resources) > 0 && len(rule.ResourceNames) == 0 {
			a := review.Spec.ResourceAttributes
			a.Group, a.Resource, a.Verb = rule.APIGroups[0], rule.Resources[0], rule.Verbs[0]
			if parent, sub, ok := strings.Cut(a.Resource, "/"); ok {
				a.Resource, a.Subresource = parent, sub
			}
			return review
		}
	}
	p.Fatalf("%s %s allows nothing that can be asked for", kind, role)
	return nil
}
