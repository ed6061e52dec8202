package runs

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/text"
	"github.com/kubevast/vast/internal/workflow"
	"github.com/kubevast/vast/internal/workflow/record"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/authz"
)

// maxReason limits the reason of a decision, in bytes.
const maxReason = 4096

// Decide implements sdk.Workflow. The decision is an object of its own, with the name of the
// user at the API server, which the driver counts.
func (c *Client) Decide(ctx context.Context, ref, task string, o api.WorkflowDecisionOptions) (*api.WorkflowApproval, error) {
	if err := o.DryRun.Check(); err != nil {
		return nil, err
	}
	if len(o.Reason) > maxReason {
		return nil, api.InvalidOption("Reason", "it has %d bytes; at most %d are allowed", len(o.Reason), maxReason)
	}
	if err := c.rights.Require(ctx, authz.Each(configMaps, "get", "list", "create")...); err != nil {
		return nil, err
	}
	id, err := c.resolve(ctx, ref, true)
	if err != nil {
		return nil, err
	}
	run, err := c.read(ctx, id)
	if err != nil {
		return nil, err
	}
	t, err := c.waiting(ctx, run, task)
	if err != nil {
		return nil, err
	}
	a, err := c.decision(ctx, run, t, o)
	if err != nil {
		return nil, err
	}
	out := approvalOf(run, record.Waiting{Task: t.Name, Approval: *t.Approval})
	made, unchanged := a.Object(run), false
	if o.DryRun.Sends() {
		made, unchanged, err = c.createDecision(ctx, made, o)
		if err != nil {
			return nil, err
		}
	}
	out.Unchanged = unchanged
	all, err := c.decisions(ctx, run.Namespace, labels.Set{kube.LabelWorkflow: run.ID})
	if err != nil {
		return nil, err
	}
	mine := all[run.UID]
	if !slices.ContainsFunc(mine, func(x record.Approval) bool { return x.Name == made.Name }) { // a dry run
		mine = append(mine, a)
	}
	count(out, run, t.Approval, mine)
	return out, nil
}

// waiting returns the task of a run that waits for approval, or an error that describes why
// it does not.
func (c *Client) waiting(ctx context.Context, run *record.Run, name string) (*workflow.Task, error) {
	conflict := func(format string, args ...any) error {
		return &api.ConflictError{Message: fmt.Sprintf(format, args...), Remedies: []api.Remedy{{Action: WorkflowsGet, Ref: run.ID, Purpose: "look at it"}}}
	}
	if run.Parts == 0 {
		return nil, conflict("run %s has no tasks: its phase is %s", run.ID, fromRecord(run).Phase)
	}
	spec, err := c.header(ctx, run)
	if err != nil {
		return nil, err
	}
	g := &spec.Workflow
	i := slices.IndexFunc(g.Tasks, func(t workflow.Task) bool { return t.Name == name })
	if i < 0 {
		var names []string
		for _, t := range g.Tasks {
			if t.Approval != nil {
				names = append(names, t.Name)
			}
		}
		hint := "run " + run.ID + " has no task that requires approval"
		if len(names) > 0 {
			hint = "the tasks of run " + run.ID + " that require approval are " + text.First(names, mostNamed)
		}
		return nil, &api.NotFoundError{Kind: "task", Name: name, Hint: hint}
	}
	t, s := &g.Tasks[i], run.State.Tasks[name]
	switch {
	case t.Approval == nil:
		return nil, conflict("task %q of run %s requires no approval", name, run.ID)
	case s.Approved:
		return nil, conflict("task %q of run %s is approved already", name, run.ID)
	case run.State.Phase.Final():
		return nil, conflict("run %s has ended: its phase is %s", run.ID, run.State.Phase)
	case s.Status.Final():
		return nil, conflict("task %q of run %s has ended: its status is %s", name, run.ID, s.Status)
	case !s.WaitingApproval:
		return nil, conflict("task %q of run %s does not wait for approval yet: %s", name, run.ID, cmp.Or(workflow.Why(g, run.State, name), "the run is "+run.State.Phase.String()))
	}
	return t, nil
}

// decision returns that of the caller about a task. A caller who may not decide gets a
// ForbiddenError.
func (c *Client) decision(ctx context.Context, run *record.Run, t *workflow.Task, o api.WorkflowDecisionOptions) (record.Approval, error) {
	id, err := c.conn.Identity(ctx)
	if err != nil {
		return record.Approval{}, err
	}
	if id.ClusterUser == "" {
		return record.Approval{}, errNoIdentity(*t)
	}
	if why := record.Barred(t.Approval, id.ClusterUser, id.Groups, run.Submitter); why != "" {
		return record.Approval{}, &api.ForbiddenError{Message: fmt.Sprintf("you cannot decide about task %q of run %s: %s", t.Name, run.ID, why)}
	}
	a := record.Approval{Run: run.UID, Task: t.Name, User: id.ClusterUser, Groups: record.Named(t.Approval, id.Groups), Decision: record.Approved, Reason: o.Reason}
	if o.Reject {
		a.Decision = record.Rejected
	}
	a.Name = kube.ApprovalName(string(a.Run), a.Task, a.User, a.Decision)
	return a, nil
}

// createDecision creates the object of a decision. The same one of the same user is returned as
// unchanged.
func (c *Client) createDecision(ctx context.Context, cm *corev1.ConfigMap, o api.WorkflowDecisionOptions) (made *corev1.ConfigMap, unchanged bool, err error) {
	maps := c.conn.Kube.CoreV1().ConfigMaps(cm.Namespace)
	made, err = maps.Create(ctx, cm, metav1.CreateOptions{DryRun: o.DryRun.Param(), FieldManager: o.FieldManager})
	if !apierrors.IsAlreadyExists(err) {
		return made, false, c.conn.Classify(err, "create", configMaps)
	}
	if made, err = maps.Get(ctx, cm.Name, metav1.GetOptions{}); err != nil {
		return nil, false, c.conn.Classify(err, "get", configMaps)
	}
	if _, err := record.ApprovalOf(made); err != nil {
		return nil, false, &api.ConflictError{Message: fmt.Sprintf("ConfigMap %q has the name of your decision and is none; delete it", made.Name)}
	}
	return made, true, nil
}

// decisions lists the valid decisions by the UID of their run.
func (c *Client) decisions(ctx context.Context, namespace string, set labels.Set) (map[types.UID][]record.Approval, error) {
	set[kube.LabelKind] = kube.KindApproval
	o := metav1.ListOptions{LabelSelector: set.String(), Limit: pageSize}
	out := map[types.UID][]record.Approval{}
	for {
		page, err := c.conn.Kube.CoreV1().ConfigMaps(namespace).List(ctx, o)
		if err != nil {
			return nil, c.conn.Classify(err, "list", configMaps)
		}
		for i := range page.Items {
			if a, err := record.ApprovalOf(&page.Items[i]); err == nil { // an invalid one does not count
				out[a.Run] = append(out[a.Run], a)
			}
		}
		if o.Continue = page.Continue; o.Continue == "" {
			return out, nil
		}
	}
}

// Approvals implements sdk.Workflow. It reads the metadata of the runs and the decisions: one
// list of each.
func (c *Client) Approvals(ctx context.Context, o api.TaskListOptions) (*api.WorkflowApprovalList, error) {
	o.AllUsers = true // others' tasks wait for the caller
	namespace := cmp.Or(o.Namespace, c.conn.Namespace)
	if o.AllNamespaces {
		namespace = metav1.NamespaceAll
	}
	list, err := c.List(ctx, o)
	if err != nil {
		return nil, err
	}
	out := &api.WorkflowApprovalList{TypeMeta: api.TypeMeta[api.WorkflowApprovalList](), Items: []api.WorkflowApproval{}}
	var all map[types.UID][]record.Approval
	for i := range list.Items {
		r := &list.Items[i]
		if r.Ended() || r.Waiting == 0 {
			continue
		}
		if all == nil {
			if all, err = c.decisions(ctx, namespace, labels.Set{}); err != nil {
				return nil, err
			}
		}
		run, err := record.FromMeta(r.ObjectMeta)
		if err != nil {
			return nil, err
		}
		waiting := record.WaitingOf(r.ObjectMeta)
		for _, w := range waiting {
			one := approvalOf(run, w)
			count(one, run, &w.Approval, all[run.UID])
			out.Items = append(out.Items, *one)
		}
		if left := r.Waiting - len(waiting); left > 0 {
			c.conn.Warn(fmt.Sprintf("%d other tasks of run %s wait for approval", left, run.ID), api.Remedy{Action: WorkflowsGet, Ref: run.ID})
		}
	}
	return out, nil
}

// approvalOf returns what a task waits for.
func approvalOf(run *record.Run, w record.Waiting) *api.WorkflowApproval {
	return &api.WorkflowApproval{TypeMeta: api.TypeMeta[api.WorkflowApproval](),
		ObjectMeta: metav1.ObjectMeta{Name: run.ID + "-" + w.Task, Namespace: run.Namespace, CreationTimestamp: run.Object.CreationTimestamp},
		RunID:      run.ID, WorkflowName: run.Workflow, User: run.User, Task: w.Task, Required: max(w.Required, 1),
		Users: w.Users, Groups: w.Groups, AllowSelf: w.AllowSelf, Decisions: []api.WorkflowDecision{}}
}

// count adds the decisions about a task. Those of users who may not decide are omitted.
func count(out *api.WorkflowApproval, run *record.Run, rule *workflow.Approval, all []record.Approval) {
	t := &workflow.Task{Name: out.Task, Approval: rule}
	votes := record.Count(run, t, all)
	out.Approved, out.Missing = votes.Approvals, max(out.Required-votes.Approvals, 0)
	for _, a := range all {
		if a.Task != out.Task || record.Barred(rule, a.User, a.Groups, run.Submitter) != "" {
			continue
		}
		one := api.WorkflowDecision{User: a.User, Rejected: a.Decision == record.Rejected, Reason: a.Reason}
		if !a.Time.IsZero() {
			one.Time = &metav1.Time{Time: a.Time}
		}
		out.Decisions = append(out.Decisions, one)
	}
	slices.SortFunc(out.Decisions, func(a, b api.WorkflowDecision) int {
		return cmp.Or(timeOf(a).Compare(timeOf(b)), cmp.Compare(a.User, b.User))
	})
}

// timeOf is the time of a decision, zero in a dry run.
func timeOf(d api.WorkflowDecision) time.Time {
	if d.Time == nil {
		return time.Time{}
	}
	return d.Time.Time
}
