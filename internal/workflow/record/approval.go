package record

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/workflow"
)

// The decisions about a task.
const (
	Approved = "approved"
	Rejected = "rejected"
)

// Approval is the decision of one user about a task that requires approval. It is an
// immutable ConfigMap of its own, so that two at the same moment both count. The
// ValidatingAdmissionPolicy that a setup installs has the API server refuse one whose User or
// Groups are not those of the request.
type Approval struct {
	Run        types.UID
	Task, User string
	Decision   string
	Reason     string
	Time       time.Time
	Name       string
	// Groups are those of the user that the rules of the task name.
	Groups []string
}

// The keys of the data of an approval. The policy reads user and groups.
const (
	approvalRun      = "run"
	approvalTask     = "task"
	approvalUser     = "user"
	approvalGroups   = "groups" // one in each line
	approvalDecision = "decision"
	approvalReason   = "reason"
)

// Object returns the ConfigMap of a decision about a task of a run.
func (a Approval) Object(r *Run) *corev1.ConfigMap {
	n := New{ID: r.ID, Namespace: r.Namespace, Workflow: r.Workflow, User: a.User}
	cm := &corev1.ConfigMap{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"},
		ObjectMeta: n.Meta(kube.KindApproval, kube.ApprovalName(string(r.UID), a.Task, a.User, a.Decision), r.UID),
		Immutable:  ptr.To(true),
		Data: map[string]string{approvalRun: string(r.UID), approvalTask: a.Task, approvalUser: a.User,
			approvalGroups: strings.Join(a.Groups, "\n"), approvalDecision: a.Decision},
	}
	if a.Reason != "" {
		cm.Data[approvalReason] = a.Reason
	}
	return cm
}

// ApprovalOf reads a decision. It returns an error for a ConfigMap that is none, or whose name
// is not the one that follows from its content: that counts a user twice.
func ApprovalOf(cm *corev1.ConfigMap) (Approval, error) {
	a := Approval{Run: types.UID(cm.Data[approvalRun]), Task: cm.Data[approvalTask], User: cm.Data[approvalUser],
		Decision: cm.Data[approvalDecision], Reason: cm.Data[approvalReason], Time: cm.CreationTimestamp.Time, Name: cm.Name}
	for group := range strings.SplitSeq(cm.Data[approvalGroups], "\n") {
		if group != "" {
			a.Groups = append(a.Groups, group)
		}
	}
	if cm.Labels[kube.LabelKind] != kube.KindApproval || !ptr.Deref(cm.Immutable, false) || a.User == "" ||
		a.Decision != Approved && a.Decision != Rejected ||
		cm.Name != kube.ApprovalName(string(a.Run), a.Task, a.User, a.Decision) {
		return a, fmt.Errorf("ConfigMap %q is not a valid approval", cm.Name)
	}
	return a, nil
}

// Barred returns why a user may not decide about a task, in words; empty if he may. submitter
// is the user who submitted the run, and groups are those of the user.
func Barred(rule *workflow.Approval, user string, groups []string, submitter string) string {
	listed := len(rule.Users)+len(rule.Groups) == 0 || slices.Contains(rule.Users, user) || len(Named(rule, groups)) > 0
	switch {
	case !listed:
		return fmt.Sprintf("user %q is not among the users and groups that may decide", user)
	case user == submitter && !rule.AllowSelf:
		return fmt.Sprintf("user %q submitted the run, and the task has no allow_self", user)
	}
	return ""
}

// Named returns those of the groups that a rule names.
func Named(rule *workflow.Approval, groups []string) []string {
	var out []string
	for _, g := range rule.Groups {
		if slices.Contains(groups, g) && !strings.Contains(g, "\n") {
			out = append(out, g)
		}
	}
	return out
}

// Count returns the valid decisions about a task. Each user counts once.
func Count(r *Run, t *workflow.Task, all []Approval) workflow.Votes {
	var votes workflow.Votes
	users := map[string]bool{}
	for _, a := range all {
		switch {
		case a.Run != r.UID || a.Task != t.Name || Barred(t.Approval, a.User, a.Groups, r.Submitter) != "":
		case a.Decision == Rejected:
			votes.Rejected = true
		default:
			users[a.User] = true
		}
	}
	votes.Approvals = len(users)
	return votes
}

// Waiting is a task that waits for approval.
type Waiting struct {
	Task string `json:"task"`
	workflow.Approval
}

// maxWaiting limits the annotation with the tasks that wait, in bytes.
const maxWaiting = 64 << 10

// waitingIn returns the tasks that wait for approval as JSON: the first ones, if it is too
// long. Without any it is nil, which removes the annotation.
func waitingIn(g *workflow.Workflow, s workflow.State) (any, error) {
	var out []json.RawMessage
	size := 0
	for i := range g.Tasks {
		t := &g.Tasks[i]
		if ts := s.Tasks[t.Name]; !ts.WaitingApproval || t.Approval == nil {
			continue
		}
		one, err := json.Marshal(Waiting{Task: t.Name, Approval: *t.Approval})
		if err != nil {
			return nil, err
		}
		if size += len(one) + 1; size > maxWaiting {
			break
		}
		out = append(out, one)
	}
	if out == nil {
		return nil, nil
	}
	text, err := json.Marshal(out)
	return string(text), err
}

// WaitingOf reads the tasks that wait for approval from the metadata of a run's ConfigMap. An
// annotation that was changed by hand is empty.
func WaitingOf(m metav1.ObjectMeta) []Waiting {
	var out []Waiting
	if json.Unmarshal([]byte(m.Annotations[kube.AnnotationWaiting]), &out) != nil {
		return nil
	}
	return out
}
