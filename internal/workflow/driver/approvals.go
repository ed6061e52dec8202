package driver

import (
	"maps"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubevast/vast/internal/workflow"
	"github.com/kubevast/vast/internal/workflow/record"
)

func (v *view) beginApprovals() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.newApprovals = map[types.UID]record.Approval{}
}

// endApprovals removes what a complete list does not have.
func (v *view) endApprovals() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.approvals, v.newApprovals = v.newApprovals, nil
	v.approvalsListed = true
	v.wake()
}

// putApproval adds a decision about a task of the run. Other objects are ignored.
func (v *view) putApproval(cm *corev1.ConfigMap) {
	a, err := record.ApprovalOf(cm)
	if err != nil || a.Run != v.run.UID {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.newApprovals != nil {
		v.newApprovals[cm.UID] = a
		return
	}
	v.approvals[cm.UID] = a
	v.wake()
}

func (v *view) approvalGone(cm *corev1.ConfigMap) {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.approvals, cm.UID)
}

// votes counts the decisions about the tasks of a run.
func (v *view) votes(w *workflow.Workflow, run *record.Run) map[string]workflow.Votes {
	v.mu.Lock()
	byTask := map[string][]record.Approval{}
	for a := range maps.Values(v.approvals) {
		byTask[a.Task] = append(byTask[a.Task], a)
	}
	v.mu.Unlock()
	if len(byTask) == 0 {
		return nil
	}
	out := map[string]workflow.Votes{}
	for i := range w.Tasks {
		t := &w.Tasks[i]
		if all := byTask[t.Name]; t.Approval != nil && len(all) > 0 {
			out[t.Name] = record.Count(run, t, all)
		}
	}
	return out
}
