package sdktest

import (
	"context"
	"iter"

	"github.com/kubevast/vast/sdk"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/spec"
)

// Workflows implements sdk.Workflow with functions. A method whose function is nil returns
// an error that names it.
type Workflows struct {
	OnSubmit    func(ctx context.Context, w *spec.Workflow, o api.SubmitOptions) (*api.WorkflowRun, error)
	OnRerun     func(ctx context.Context, ref string, o api.WorkflowRerunOptions) (*api.WorkflowRun, error)
	OnGet       func(ctx context.Context, ref string) (*api.WorkflowRun, error)
	OnList      func(ctx context.Context, o api.TaskListOptions) (*api.WorkflowRunList, error)
	OnWatch     func(ctx context.Context, ref string) iter.Seq2[*api.WorkflowRun, error]
	OnEvents    func(ctx context.Context, ref string, after int64) iter.Seq2[*api.WorkflowEvent, error]
	OnRedeliver func(ctx context.Context, ref string, o api.WorkflowRedeliverOptions) (*api.WorkflowRun, error)
	OnStop      func(ctx context.Context, ref string, o api.TaskStopOptions) (*api.WorkflowRun, error)
	OnDelete    func(ctx context.Context, ref string, o api.TaskDeleteOptions) (*api.WorkflowRun, error)
	OnRecord    func(ctx context.Context, file []byte, problems error, o api.SubmitOptions) (*api.WorkflowRun, error)
	OnDecide    func(ctx context.Context, ref, task string, o api.WorkflowDecisionOptions) (*api.WorkflowApproval, error)
	OnApprovals func(ctx context.Context, o api.TaskListOptions) (*api.WorkflowApprovalList, error)
	OnReconcile func(ctx context.Context, ref string, wait bool) (*api.WorkflowRun, error)
	// OnHistory and OnRebuildHistory are the functions of History and RebuildHistory.
	OnHistory        func(ctx context.Context, o api.WorkflowHistoryOptions) (*api.WorkflowRunList, error)
	OnRebuildHistory func(ctx context.Context, dryRun api.DryRun) (int, error)
	// OnCollectGarbage is the function of CollectGarbage.
	OnCollectGarbage func(ctx context.Context, o api.GarbageOptions) (*api.GarbageList, error)
}

var _ sdk.Workflow = Workflows{}

// Submit implements sdk.Workflow.
func (f Workflows) Submit(ctx context.Context, w *spec.Workflow, o api.SubmitOptions) (*api.WorkflowRun, error) {
	if f.OnSubmit == nil {
		return nil, unset("Workflows.OnSubmit")
	}
	return f.OnSubmit(ctx, w, o)
}

// Rerun implements sdk.Workflow.
func (f Workflows) Rerun(ctx context.Context, ref string, o api.WorkflowRerunOptions) (*api.WorkflowRun, error) {
	if f.OnRerun == nil {
		return nil, unset("Workflows.OnRerun")
	}
	return f.OnRerun(ctx, ref, o)
}

// CollectGarbage implements sdk.Workflow.
func (f Workflows) CollectGarbage(ctx context.Context, o api.GarbageOptions) (*api.GarbageList, error) {
	if f.OnCollectGarbage == nil {
		return nil, unset("Workflows.OnCollectGarbage")
	}
	return f.OnCollectGarbage(ctx, o)
}

// Get implements sdk.Workflow.
func (f Workflows) Get(ctx context.Context, ref string) (*api.WorkflowRun, error) {
	if f.OnGet == nil {
		return nil, unset("Workflows.OnGet")
	}
	return f.OnGet(ctx, ref)
}

// List implements sdk.Workflow.
func (f Workflows) List(ctx context.Context, o api.TaskListOptions) (*api.WorkflowRunList, error) {
	if f.OnList == nil {
		return nil, unset("Workflows.OnList")
	}
	return f.OnList(ctx, o)
}

// History implements sdk.Workflow.
func (f Workflows) History(ctx context.Context, o api.WorkflowHistoryOptions) (*api.WorkflowRunList, error) {
	if f.OnHistory == nil {
		return nil, unset("Workflows.OnHistory")
	}
	return f.OnHistory(ctx, o)
}

// RebuildHistory implements sdk.Workflow.
func (f Workflows) RebuildHistory(ctx context.Context, dryRun api.DryRun) (int, error) {
	if f.OnRebuildHistory == nil {
		return 0, unset("Workflows.OnRebuildHistory")
	}
	return f.OnRebuildHistory(ctx, dryRun)
}

// Watch implements sdk.Workflow.
func (f Workflows) Watch(ctx context.Context, ref string) iter.Seq2[*api.WorkflowRun, error] {
	if f.OnWatch == nil {
		return func(yield func(*api.WorkflowRun, error) bool) { yield(nil, unset("Workflows.OnWatch")) }
	}
	return f.OnWatch(ctx, ref)
}

// Events implements sdk.Workflow.
func (f Workflows) Events(ctx context.Context, ref string, after int64) iter.Seq2[*api.WorkflowEvent, error] {
	if f.OnEvents == nil {
		return func(yield func(*api.WorkflowEvent, error) bool) { yield(nil, unset("Workflows.OnEvents")) }
	}
	return f.OnEvents(ctx, ref, after)
}

// Redeliver implements sdk.Workflow.
func (f Workflows) Redeliver(ctx context.Context, ref string, o api.WorkflowRedeliverOptions) (*api.WorkflowRun, error) {
	if f.OnRedeliver == nil {
		return nil, unset("Workflows.OnRedeliver")
	}
	return f.OnRedeliver(ctx, ref, o)
}

// Stop implements sdk.Workflow.
func (f Workflows) Stop(ctx context.Context, ref string, o api.TaskStopOptions) (*api.WorkflowRun, error) {
	if f.OnStop == nil {
		return nil, unset("Workflows.OnStop")
	}
	return f.OnStop(ctx, ref, o)
}

// Delete implements sdk.Workflow.
func (f Workflows) Delete(ctx context.Context, ref string, o api.TaskDeleteOptions) (*api.WorkflowRun, error) {
	if f.OnDelete == nil {
		return nil, unset("Workflows.OnDelete")
	}
	return f.OnDelete(ctx, ref, o)
}

// Record implements sdk.Workflow.
func (f Workflows) Record(ctx context.Context, file []byte, problems error, o api.SubmitOptions) (*api.WorkflowRun, error) {
	if f.OnRecord == nil {
		return nil, unset("Workflows.OnRecord")
	}
	return f.OnRecord(ctx, file, problems, o)
}

// Decide implements sdk.Workflow.
func (f Workflows) Decide(ctx context.Context, ref, task string, o api.WorkflowDecisionOptions) (*api.WorkflowApproval, error) {
	if f.OnDecide == nil {
		return nil, unset("Workflows.OnDecide")
	}
	return f.OnDecide(ctx, ref, task, o)
}

// Approvals implements sdk.Workflow.
func (f Workflows) Approvals(ctx context.Context, o api.TaskListOptions) (*api.WorkflowApprovalList, error) {
	if f.OnApprovals == nil {
		return nil, unset("Workflows.OnApprovals")
	}
	return f.OnApprovals(ctx, o)
}

// Reconcile implements sdk.Workflow.
func (f Workflows) Reconcile(ctx context.Context, ref string, wait bool) (*api.WorkflowRun, error) {
	if f.OnReconcile == nil {
		return nil, unset("Workflows.OnReconcile")
	}
	return f.OnReconcile(ctx, ref, wait)
}
