package e2e_test

import (
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/sdk/api"
)

// The rights that the documents name: in one namespace, and no more.
var (
	readRights = []rbacv1.PolicyRule{
		{APIGroups: []string{"batch"}, Resources: []string{"jobs"}, Verbs: []string{"get", "list", "watch"}},
		{APIGroups: []string{""}, Resources: []string{"pods", "pods/log", "events", "persistentvolumeclaims"}, Verbs: []string{"get", "list", "watch"}},
	}
	jobRights    = rbacv1.PolicyRule{APIGroups: []string{"batch"}, Resources: []string{"jobs"}, Verbs: []string{"create", "patch", "delete"}}
	helperRights = rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"services", "secrets", "configmaps"}, Verbs: []string{"create"}}
)

// with is the person with an account that has these rights only.
func (p *person) with(account string, rules ...rbacv1.PolicyRule) *person {
	p.Helper()
	ctx, meta := p.Context(), metav1.ObjectMeta{Name: account, Namespace: p.namespace}
	_, err1 := client.CoreV1().ServiceAccounts(p.namespace).Create(ctx, &corev1.ServiceAccount{ObjectMeta: meta}, metav1.CreateOptions{})
	_, err2 := client.RbacV1().Roles(p.namespace).Create(ctx, &rbacv1.Role{ObjectMeta: meta, Rules: rules}, metav1.CreateOptions{})
	_, err3 := client.RbacV1().RoleBindings(p.namespace).Create(ctx, &rbacv1.RoleBinding{
		ObjectMeta: meta,
		RoleRef:    rbacv1.RoleRef{APIGroup: "rbac.authorization.k8s.io", Kind: "Role", Name: account},
		Subjects:   []rbacv1.Subject{{Kind: "ServiceAccount", Name: account, Namespace: p.namespace}},
	}, metav1.CreateOptions{})
	token, err4 := client.CoreV1().ServiceAccounts(p.namespace).CreateToken(ctx, account,
		&authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{ExpirationSeconds: ptr.To[int64](3600)}}, metav1.CreateOptions{})
	for _, err := range []error{err1, err2, err3, err4} {
		if err != nil {
			p.Fatal(err)
		}
	}
	other := *p
	other.kubeconfig = kubeconfigWith(p.TB, func(_ *clientcmdapi.Cluster, user *clientcmdapi.AuthInfo) {
		*user = clientcmdapi.AuthInfo{Token: token.Status.Token}
	})
	return &other
}

func TestRightsInOneNamespaceAreEnough(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	p = p.with("worker", append(readRights, jobRights, helperRights)...)
	p.waitFor("the account has its rights", func() (bool, any) {
		r := p.vast("list")
		return r.code == 0, r.stderr
	})
	r := p.vast("submit", p.file("task.yaml", rich)).exits(0).shows("node-1 | node 1\n")
	if s := p.status(r.id()); s.User != "system:serviceaccount:"+p.namespace+":worker" {
		t.Errorf("the task is of %q", s.User)
	}
	if n := len(p.list()); n != 1 {
		t.Errorf("its owner sees %d tasks", n)
	}
	p.vast("wait", r.id()).exits(0)
	p.vast("logs", r.id(), "--tail", "1").exits(0)
	p.vast("stop", r.id()).exits(0)
	p.vast("delete", r.id(), "--wait").exits(0)
}

func TestAMissingRightIsNamed(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	for _, c := range []struct {
		name, account string
		rules         []rbacv1.PolicyRule
		task          string
		says          []string
	}{
		{"to create Jobs", "no-jobs", readRights, minimal, []string{"may not create jobs.batch", "kubectl auth can-i create jobs.batch"}},
		{"to create Secrets", "no-secrets", append(readRights, jobRights), "name: t\nsecrets: {A: b}\nrun: echo\n", []string{"may not create secrets", "kubectl auth can-i create secrets"}},
		{"to create Services", "no-services", append(readRights, jobRights), "name: t\nnum_nodes: 2\nrun: echo\n", []string{"may not create services"}},
		{"to create ConfigMaps", "no-configmaps", append(readRights, jobRights), longScript, []string{"may not create configmaps"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			admin := p.in(t)
			poor := admin.with(c.account, c.rules...)
			poor.waitFor("the account has its rights", func() (bool, any) {
				r := poor.vast("list")
				return r.code == 0, r.stderr
			})
			before := admin.objects()
			r := poor.vast("submit", poor.file("task.yaml", c.task), "-d").exits(4)
			r.prints(append(c.says, `user "system:serviceaccount:`+p.namespace+`:`+c.account+`"`, `in namespace "`+p.namespace+`"`)...)
			poor.answersIn(r, 1)
			admin.waitFor("nothing is left", func() (bool, any) {
				after := admin.objects()
				return len(after) == len(before), after
			})
			admin.leftNothing(before)
			r = poor.vast("submit", poor.file("task.yaml", c.task), "--dry-run=server").exits(4).prints(c.says...)
			poor.answersIn(r, 1)
		})
	}
	t.Run("all of them at once, before anything is begun", func(t *testing.T) {
		admin := p.in(t)
		poor := admin.with("reader", readRights...)
		poor.waitFor("the account has its rights", func() (bool, any) {
			r := poor.vast("list")
			return r.code == 0, r.stderr
		})
		before := admin.objects()
		r := poor.vast("submit", poor.file("task.yaml", "name: t\nnum_nodes: 2\nsecrets: {A: b}\nrun: echo\n"), "-d").exits(4)
		r.prints("may not create, patch jobs.batch; create services; create secrets in namespace", "kubectl vast doctor")
		poor.answersIn(r, 1)
		admin.leftNothing(before)
	})
	t.Run("to read anything", func(t *testing.T) {
		poor := p.in(t).with("blind")
		for _, command := range [][]string{{"list"}, {"status", "abcdefgh"}, {"logs", "some-job"}, {"stop", "abcdefgh"}, {"list", "-A"}} {
			poor.answersIn(poor.vast(command...).exits(4).prints("may not ", "jobs.batch"), 1)
		}
		poor.answersIn(poor.vol("list").exits(4).prints("may not list persistentvolumeclaims"), 1)
		poor.answersIn(poor.vol("create", "data", "1Gi").exits(4).prints("may not "), 1)
	})
}

func TestAFullQuotaIsReportedBeforeAnythingIsMade(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		hard, says string
	}{
		"of pods":          {"pods=1", "pods needs 2, 0 of 1 are used"},
		"of CPUs":          {"requests.cpu=1", "requests.cpu needs 1500m"},
		"of memory limits": {"limits.memory=100Mi", "limits.memory needs 128Mi"},
		"of Jobs":          {"count/jobs.batch=0", "count/jobs.batch"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPerson(t)
			p.kubectl("create", "quota", "small", "--hard="+c.hard)
			p.waitFor("the quota is counted", func() (bool, any) {
				q, err := client.CoreV1().ResourceQuotas(p.namespace).Get(t.Context(), "small", metav1.GetOptions{})
				return err == nil && len(q.Status.Hard) > 0, err
			})
			before := p.objects()
			r := p.vast("submit", p.file("task.yaml", "num_nodes: 2\nresources: {cpus: 750m, memory: 64Mi}\nrun: echo\n"), "-d").exits(4)
			r.prints("quota", "small", c.says)
			p.answersIn(r, 1)
			p.leftNothing(before)
		})
	}
}

// What a quota does not show before the submission is reported after it.
func TestAQuotaThatForbidsThePodsIsReported(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		quota, says string
		cause       api.Cause
	}{
		"since it is full":                      {"{hard: {pods: '0'}, scopes: [NotTerminating]}", "the namespace's quota is used up: small", api.CauseQuota},
		"since it wants to know what they need": {"{hard: {requests.cpu: 1}}", "requires every container to set its requests.cpu", api.CauseQuota},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPerson(t)
			p.kubectl("apply", "-f", p.file("quota.yaml", "apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: small}\nspec: "+c.quota+"\n"))
			p.waitFor("the quota is counted", func() (bool, any) {
				q, err := client.CoreV1().ResourceQuotas(p.namespace).Get(t.Context(), "small", metav1.GetOptions{})
				return err == nil && len(q.Status.Hard) > 0, err
			})
			s := p.isDiagnosed(p.submit(minimal), c.cause)
			says(t, s, c.says)
			if s.State != api.Pending {
				t.Errorf("the task is %s", s.State)
			}
		})
	}
}
