package result

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/sdk/api"
)

// Task is a task, or a run of a campaign, by what is kept of it: for when its
// Job is gone. It has no UID. NotFound when nothing of it is kept.
func (c *Client) Task(ctx context.Context, ref string) (*api.TaskStatus, error) {
	s, done, err := c.session(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	p, err := s.resolveTask(ctx, ref)
	if err != nil {
		return nil, err
	}
	if p.campaign != "" && p.run < 0 {
		return nil, &api.NotFoundError{Kind: "task", Name: ref, Namespace: c.conn.Namespace,
			Hint: "it is a campaign", Remedies: []api.Remedy{{Action: api.ResultsList, Ref: p.campaign}}}
	}
	p.rank = -1
	units, err := s.look(ctx, p)
	if err != nil {
		return nil, err
	}
	if err := s.readInventories(ctx, units); err != nil {
		return nil, err
	}
	if len(units) == 0 {
		return nil, s.notFound(ref, "")
	}
	return taskOf(units, c.conn.Namespace), nil
}

// taskOf makes the status of a task that is over of its nodes.
func taskOf(units []*unit, namespace string) *api.TaskStatus {
	first := units[0]
	t := &api.TaskStatus{TypeMeta: api.TypeMeta[api.TaskStatus](), ObjectMeta: metav1.ObjectMeta{Namespace: namespace},
		ID: first.TaskID, State: api.Succeeded, Kept: first.prefix}
	if first.Campaign == "" {
		t.Kept = layout.TaskPrefix(first.TaskID)
	}
	worst := first
	for _, u := range units {
		t.Name, t.TaskName, t.User = cmp.Or(t.Name, u.Job), cmp.Or(t.TaskName, u.TaskName), cmp.Or(t.User, u.User)
		node := nodeStatus(u)
		for len(t.Nodes) < node.Rank { // of these nothing is kept
			t.Nodes = append(t.Nodes, api.NodeStatus{Rank: len(t.Nodes), State: api.NodeEnded, Reason: "nothing of it is kept"})
		}
		t.Nodes = append(t.Nodes, node)
		if before(node.StartTime, t.StartTime) {
			t.StartTime = node.StartTime
		}
		if before(t.EndTime, node.EndTime) || t.EndTime == nil {
			t.EndTime = node.EndTime
		}
		if m := u.inventory; m != nil && m.Progress != nil && t.Progress == nil {
			t.Progress = m.Progress
		}
		if weight(u) > weight(worst) {
			worst = u
		}
	}
	t.NumNodes = len(t.Nodes)
	t.Name = cmp.Or(t.Name, t.ID, first.name())
	judge(t, worst)
	return t
}

// judge takes over how the worst node ended.
func judge(t *api.TaskStatus, u *unit) {
	o := u.outcome
	if o == nil || u.inventory == nil {
		t.State, t.Reason = api.Failed, "incomplete: the pod terminated before all files were uploaded, and its Job is gone; its outcome is unknown"
		t.Diagnosis = &api.Diagnosis{Cause: api.CauseUnknown, Message: t.Reason}
		return
	}
	t.State, t.Reason = o.State, o.Message
	if by, ok := strings.CutPrefix(o.Message, "stopped by "); ok && o.State == api.Stopped {
		t.StoppedBy = by
	}
	if o.State == api.Failed {
		rank := u.Rank
		if u.Campaign == "" && o.Cause != api.CauseDeadline && !strings.HasPrefix(o.Message, "node ") {
			// A pod does not contain its rank.
			t.Reason = fmt.Sprintf("node %d %s", rank, o.Message)
		}
		t.Diagnosis = &api.Diagnosis{Cause: o.Cause, Message: t.Reason, Hint: o.Hint, ExitCode: o.ExitCode, Rank: &rank}
	}
}

// weight orders how nodes ended. One that was ended because another one failed
// is not the reason of anything.
func weight(u *unit) int {
	o := u.outcome
	switch {
	case u.inventory == nil || o == nil:
		return 2
	case o.State == api.Failed && o.Cause != api.CauseDeleted:
		return 5
	case o.State == api.Rejected:
		return 4
	case o.State == api.Failed:
		return 3
	case o.State == api.Stopped && o.Cause != api.CauseDeleted:
		return 6
	case o.State == api.Stopped:
		return 2
	}
	return 1
}

func nodeStatus(u *unit) api.NodeStatus {
	n := api.NodeStatus{Rank: u.Rank, State: api.NodeEnded, Reason: "how it ended is not known"}
	m := u.inventory
	if m == nil {
		return n
	}
	n = api.NodeStatus{Rank: u.Rank, State: api.NodeEnded, Reason: m.Outcome.Message, Pod: m.Pod, KubernetesNode: m.Machine,
		ExitCode: m.Outcome.ExitCode, StartTime: moment(m.Started), EndTime: moment(m.Ended)}
	switch m.Outcome.State {
	case api.Succeeded:
		n.State = api.NodeSucceeded
	case api.Failed:
		n.State = api.NodeFailed
	}
	return n
}

// before reports whether a is a time before b, or the only one.
func before(a, b *metav1.Time) bool { return a != nil && (b == nil || a.Before(b)) }
