package record

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/workflow"
)

func TestOnlyAnUnforgedDecisionIsRead(t *testing.T) {
	run := &Run{ID: runID, Name: kube.RunName(runID), UID: "u1", Namespace: "lab"}
	given := Approval{Run: "u1", Task: "share", User: "alice", Decision: Approved, Groups: []string{"qa", "ops"}, Reason: "checked"}
	for name, tt := range map[string]struct {
		change func(*corev1.ConfigMap)
		valid  bool
	}{
		"as it was given":          {func(*corev1.ConfigMap) {}, true},
		"under another name":       {func(cm *corev1.ConfigMap) { cm.Name += "2" }, false},
		"with another user":        {func(cm *corev1.ConfigMap) { cm.Data["user"] = "bob" }, false},
		"without a user":           {func(cm *corev1.ConfigMap) { cm.Data["user"] = "" }, false},
		"of another task":          {func(cm *corev1.ConfigMap) { cm.Data["task"] = "other" }, false},
		"of another run":           {func(cm *corev1.ConfigMap) { cm.Data["run"] = "u2" }, false},
		"with another decision":    {func(cm *corev1.ConfigMap) { cm.Data["decision"] = Rejected }, false},
		"with an unknown decision": {func(cm *corev1.ConfigMap) { cm.Data["decision"] = "maybe" }, false},
		"that can be changed":      {func(cm *corev1.ConfigMap) { cm.Immutable = nil }, false},
		"without its label":        {func(cm *corev1.ConfigMap) { cm.Labels = nil }, false},
	} {
		t.Run(name, func(t *testing.T) {
			cm := given.Object(run)
			tt.change(cm)
			got, err := ApprovalOf(cm)
			if (err == nil) != tt.valid {
				t.Fatalf("error %v", err)
			}
			if tt.valid && (got.User != "alice" || got.Reason != "checked" || len(got.Groups) != 2 || got.Run != "u1" || got.Decision != Approved) {
				t.Errorf("the decision is %+v", got)
			}
		})
	}
}

func TestEachUserWhoMayDecideCountsOnce(t *testing.T) {
	run := &Run{UID: "u1", Submitter: "sam"}
	task := &workflow.Task{Name: "share", Approval: &workflow.Approval{Users: []string{"alice", "bob", "sam"}, Groups: []string{"qa"}}}
	by := func(user string, groups ...string) Approval {
		return Approval{Run: "u1", Task: "share", User: user, Decision: Approved, Groups: groups}
	}
	of := func(a Approval, run types.UID, task, decision string) Approval {
		a.Run, a.Task, a.Decision = run, task, decision
		return a
	}
	for name, tt := range map[string]struct {
		all       []Approval
		self      bool
		approvals int
		rejected  bool
	}{
		"two users":                        {all: []Approval{by("alice"), by("bob")}, approvals: 2},
		"a user twice":                     {all: []Approval{by("alice"), by("alice")}, approvals: 1},
		"a user of a group":                {all: []Approval{by("carol", "dev", "qa")}, approvals: 1},
		"a user who is not listed":         {all: []Approval{by("eve", "dev")}},
		"the user who submitted the run":   {all: []Approval{by("sam")}},
		"that user with allow_self":        {all: []Approval{by("sam")}, self: true, approvals: 1},
		"decisions about another task":     {all: []Approval{of(by("alice"), "u1", "other", Approved)}},
		"decisions about another run":      {all: []Approval{of(by("alice"), "u2", "share", Approved)}},
		"a rejection":                      {all: []Approval{by("alice"), of(by("bob"), "u1", "share", Rejected)}, approvals: 1, rejected: true},
		"a rejection by one who may not":   {all: []Approval{of(by("eve"), "u1", "share", Rejected)}},
		"a group with a line in its name":  {all: []Approval{by("eve", "dev\nqa")}},
		"an approval and its own opposite": {all: []Approval{by("alice"), of(by("alice"), "u1", "share", Rejected)}, approvals: 1, rejected: true},
	} {
		t.Run(name, func(t *testing.T) {
			rule := *task.Approval
			rule.AllowSelf = tt.self
			got := Count(run, &workflow.Task{Name: "share", Approval: &rule}, tt.all)
			if want := (workflow.Votes{Approvals: tt.approvals, Rejected: tt.rejected}); got != want {
				t.Errorf("votes %+v, want %+v", got, want)
			}
		})
	}
}
