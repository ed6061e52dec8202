package e2e_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/workflow"
	"github.com/kubevast/vast/internal/workflow/record"
	"github.com/kubevast/vast/sdk/api"
)

// admits gives users the rights of an administrator of the namespace.
func (p *person) admits(users ...string) {
	p.Helper()
	binding := &rbacv1.RoleBinding{ObjectMeta: metav1.ObjectMeta{Name: "users"},
		RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "admin"}}
	for _, user := range users {
		binding.Subjects = append(binding.Subjects, rbacv1.Subject{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: user})
	}
	if _, err := client.RbacV1().RoleBindings(p.namespace).Create(p.Context(), binding, metav1.CreateOptions{}); err != nil {
		p.Fatal(err)
	}
}

// as returns a client with the identity of a user.
func as(t testing.TB, user string) kubernetes.Interface {
	t.Helper()
	c := rest.CopyConfig(config)
	c.Impersonate = rest.ImpersonationConfig{UserName: user}
	out, err := kubernetes.NewForConfig(c)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// pending are the tasks that wait for approval.
func (p *person) pending() []api.WorkflowApproval {
	p.Helper()
	list := &api.WorkflowApprovalList{}
	if err := json.Unmarshal([]byte(p.vast("approvals", "-o", "json").exits(0).stdout), list); err != nil {
		p.Fatal(err)
	}
	return list.Items
}

// waitsForApproval waits until a task of the namespace waits for approval.
func (p *person) waitsForApproval() {
	p.Helper()
	p.waitFor("a task waits for approval", func() (bool, any) {
		all := p.pending()
		return len(all) == 1, all
	})
}

func TestATaskStartsWhenAsManyUsersHaveApprovedAsItRequires(t *testing.T) {
	t.Parallel()
	p, c := newRunner(t), newTally(t)
	p.admits("alice", "bob", "carol")
	id := p.submitFlow("kind: Workflow\nname: gate\ntasks:\n" + c.task("a", "sleep 5") +
		c.task("share", "true", "depends: [a]", "approval: {required: 2, users: [alice, bob, dave]}"))
	p.vast("approve", id, "share", "--as=alice").exits(5)
	p.waitsForApproval()
	p.vast("approve", id, "a", "--as=alice").exits(5)
	p.vast("approve", id, "none", "--as=alice").exits(3)
	p.vast("approve", id, "share", "--as=carol").exits(4)
	p.vast("approve", id, "share").exits(4) // the submitter is not listed
	p.vast("approve", id, "share", "--as=alice", "--reason=checked").exits(0).shows("approved")
	p.vast("approve", id, "share", "--as=alice").exits(0).shows("unchanged")
	all := p.pending()
	if len(all) != 1 || all[0].Missing != 1 || all[0].Approved != 1 || len(all[0].Decisions) != 1 || all[0].Decisions[0].Reason != "checked" {
		t.Fatalf("what waits is %+v", all)
	}
	if c.counted()["share"] != 0 {
		t.Error("the task executed after one of two approvals")
	}
	p.vast("approve", id, "share", "--as=bob", "--dry-run=server").exits(0)
	if all := p.pending(); len(all) != 1 || all[0].Missing != 1 {
		t.Errorf("after a dry run what waits is %+v", all)
	}
	p.vast("approve", id, "share", "--as=bob").exits(0).shows("approved")
	r := p.ends(id)
	if diff := cmp.Diff(map[string]string{"a": "success", "share": "success"}, statuses(r)); diff != "" || r.Result != "success" {
		t.Errorf("result %s; tasks (-want +got):\n%s", r.Result, diff)
	}
	p.isCounted(c, once("a", "share"))
	p.vast("approve", id, "share", "--as=dave").exits(4) // dave has no rights in the namespace
}

func TestARejectedTaskHasFailedAndNeverStarts(t *testing.T) {
	t.Parallel()
	p, c := newRunner(t), newTally(t)
	p.admits("alice", "carol")
	id := p.submitFlow("kind: Workflow\nname: gate\ntasks:\n" +
		c.task("share", "true", "approval: {required: 2, users: [alice, bob]}") +
		c.task("report", "true", "depends: [{share: [on_failure]}]"))
	p.waitsForApproval()
	p.vast("reject", id, "share", "--as=carol").exits(4)
	p.vast("reject", id, "share", "--as=alice", "--reason=no").exits(0).shows("rejected")
	r := p.ends(id)
	if diff := cmp.Diff(map[string]string{"share": "failed", "report": "success"}, statuses(r)); diff != "" || r.Result != "failed" {
		t.Errorf("result %s; tasks (-want +got):\n%s", r.Result, diff)
	}
	if cause := r.Tasks[0].Cause; cause != workflow.CauseRejected {
		t.Errorf("the cause is %q", cause)
	}
	p.isCounted(c, once("report"))
}

func TestAForgedApprovalIsRefusedByTheAPIServer(t *testing.T) {
	t.Parallel()
	p, c := newRunner(t), newTally(t)
	p.admits("alice")
	id := p.submitFlow("kind: Workflow\nname: gate\ntasks:\n" + c.task("share", "true", "approval: {users: [bob], groups: [ops]}"))
	p.waitsForApproval()
	cm, err := client.CoreV1().ConfigMaps(p.namespace).Get(t.Context(), kube.RunName(id), metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	run, err := record.FromObject(cm)
	if err != nil {
		t.Fatal(err)
	}
	maps := as(t, "alice").CoreV1().ConfigMaps(p.namespace)
	refused := func(what string, err error) {
		t.Helper()
		if !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), kube.ApprovalsName) {
			t.Errorf("%s: the answer is %v", what, err)
		}
	}
	decision := record.Approval{Run: run.UID, Task: "share", User: "bob", Decision: record.Approved}
	_, err = maps.Create(t.Context(), decision.Object(run), metav1.CreateOptions{})
	refused("an approval of another user", err)
	decision.User, decision.Groups = "alice", []string{"ops"}
	_, err = maps.Create(t.Context(), decision.Object(run), metav1.CreateOptions{})
	refused("an approval of a group that the user is not in", err)
	decision.User, decision.Groups = "bob", nil
	hidden := decision.Object(run)
	label := hidden.Labels[kube.LabelKind]
	delete(hidden.Labels, kube.LabelKind)
	hidden, err = maps.Create(t.Context(), hidden, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	hidden.Labels[kube.LabelKind] = label
	_, err = maps.Update(t.Context(), hidden, metav1.UpdateOptions{})
	refused("a label that makes an approval of another object", err)
	decision.User, decision.Groups = "alice", nil
	own, err := maps.Create(t.Context(), decision.Object(run), metav1.CreateOptions{})
	if err != nil {
		t.Fatalf("an approval of the user itself: %v", err)
	}
	delete(own.Labels, kube.LabelKind)
	_, err = maps.Update(t.Context(), own, metav1.UpdateOptions{})
	refused("an approval without its label", err)
	// alice's own approval exists, and does not count: she is not listed.
	if all := p.pending(); len(all) != 1 || all[0].Approved != 0 || len(all[0].Decisions) != 0 {
		t.Errorf("what waits is %+v", all)
	}
	p.vast("run", "stop", id).exits(0)
	p.ends(id)
	p.isCounted(c, map[string]int{})
}

// flows are the runs of the namespace.
func (p *person) flows() []api.WorkflowRun {
	p.Helper()
	list := &api.WorkflowRunList{}
	if err := json.Unmarshal([]byte(p.vast("run", "list", "-o", "json").exits(0).stdout), list); err != nil {
		p.Fatal(err)
	}
	return list.Items
}

func TestAFileThatFailsItsChecksIsKeptWithRecordOnly(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	path := p.file("flow.yaml", "kind: Workflow\nname: wrong\ntasks:\n  a: {run: x, depends: [b]}\n  b: {run: x, depends: [a]}\n  c: {run: x, aproval: true}\n")
	p.vast("submit", path).exits(2)
	if all := p.flows(); len(all) != 0 {
		t.Errorf("without --record these are kept: %+v", all)
	}
	p.vast("submit", path, "--record", "--request-id=one").exits(2).shows("recorded as setuperror")
	p.vast("submit", path, "--record", "--request-id=one").exits(2)
	all := p.flows()
	if len(all) != 1 || all[0].Phase != "setuperror" || all[0].WorkflowName != "wrong" || all[0].NumTasks != 0 || !strings.Contains(all[0].Reason, "cycle") {
		t.Fatalf("the runs are %+v", all)
	}
	r := p.run(all[0].ID)
	if len(r.Problems) != 2 || !strings.Contains(strings.Join(r.Problems, "\n"), "aproval") {
		t.Errorf("the problems are %q", r.Problems)
	}
	p.vast("run", "status", r.ID).exits(0).shows("setuperror", "flow.yaml:6:", "cycle")
	p.vast("run", "watch", r.ID).exits(2)
	p.vast("run", "stop", r.ID).exits(0)
	p.vast("reconcile", r.ID).exits(0)
	events, err := client.CoreV1().Events(p.namespace).List(t.Context(), metav1.ListOptions{FieldSelector: "involvedObject.name=" + kube.RunName(r.ID)})
	if err != nil || len(events.Items) != 1 || events.Items[0].Type != corev1.EventTypeWarning {
		t.Errorf("the events are %+v, %v", events, err)
	}
	p.vast("run", "delete", r.ID).exits(0)
}
