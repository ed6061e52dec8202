package api

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// WorkflowApproval is a task of a run that requires approval, with the decisions about it.
type WorkflowApproval struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`

	RunID        string `json:"runID"`
	WorkflowName string `json:"workflowName"`
	// User is the user who submitted the run.
	User string `json:"user"`
	Task string `json:"task"`
	// Required is the number of different users who have to approve. Approved have, and
	// Missing is the difference.
	Required int `json:"required"`
	Approved int `json:"approved"`
	Missing  int `json:"missing"`
	// Users and Groups are those that may decide; without any, all users may. AllowSelf lets
	// the user who submitted the run decide.
	Users     []string `json:"users,omitempty"`
	Groups    []string `json:"groups,omitempty"`
	AllowSelf bool     `json:"allowSelf,omitempty"`
	// Decisions are the valid ones, oldest first.
	Decisions []WorkflowDecision `json:"decisions"`
	// Unchanged is set by Decide only: the user decided the same before.
	Unchanged bool `json:"-"`
}

// WorkflowDecision is the decision of one user about a task.
type WorkflowDecision struct {
	// User is the name of the user at the API server.
	User     string       `json:"user"`
	Rejected bool         `json:"rejected,omitempty"`
	Reason   string       `json:"reason,omitempty"`
	Time     *metav1.Time `json:"time,omitempty"`
}

// WorkflowApprovalList is a list of tasks that wait for approval.
type WorkflowApprovalList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata"`
	Items           []WorkflowApproval `json:"items"`
}

// WorkflowDecisionOptions are those of Decide.
type WorkflowDecisionOptions struct {
	// Reject rejects; otherwise the caller approves.
	Reject bool
	// Reason is recorded with the decision.
	Reason       string
	DryRun       DryRun
	FieldManager string
}
