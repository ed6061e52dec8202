package runs

import (
	"context"
	"errors"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubevast/vast/internal/apiserver"
	"github.com/kubevast/vast/internal/history"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/portforward"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/internal/workflow/driver"
	"github.com/kubevast/vast/internal/workflow/event"
	"github.com/kubevast/vast/internal/workflow/record"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/authz"
)

// WorkflowsHistory is the action of remedies for the history.
const WorkflowsHistory api.Action = "Workflows.History"

const (
	// recentRuns is how many runs of the history List returns, and History by default.
	recentRuns = 50
	// maxHistory is the greatest page of History.
	maxHistory = 10_000
	// listPatience is how long a list of the runs in the cluster waits for a store that is not
	// available.
	listPatience = 2 * time.Second
)

// inHistory calls do with the history of the namespace, to read it.
func inHistory[T any](ctx context.Context, c *Client, do func(*history.Log) (T, error), options ...store.Option) (T, error) {
	s, err := portforward.OpenToRead(ctx, c.conn, options...)
	if err != nil {
		var none T
		return none, err
	}
	defer s.Close()
	out, err := do(history.Open(s, c.conn.Namespace))
	return out, historyError(err)
}

// historyError returns an error of the history as one of the API.
func historyError(err error) error {
	if damaged := (*history.DamagedError)(nil); errors.As(err, &damaged) {
		return &api.UnavailableError{Message: err.Error(), Cause: err,
			Remedies: []api.Remedy{{Action: WorkflowsHistory, Options: []string{"Rebuild"}, Purpose: "make it again from the records of the runs"}}}
	}
	return err
}

// past reads a run from the history. Without a store, or the right to read it, there is none.
func (c *Client) past(ctx context.Context, id string) (*record.Run, error) {
	run, err := inHistory(ctx, c, func(log *history.Log) (*record.Run, error) { return log.Get(ctx, id) })
	switch {
	case err == nil:
		return run, nil
	case api.IsNotFound(err), api.IsNotInstalled(err), api.IsForbidden(err):
		return nil, c.notFound(id)
	}
	return nil, fmt.Errorf("run %q is not in namespace %q, and the history cannot be read: %w", id, c.conn.Namespace, err)
}

// recent returns the newest runs of the history that a list shows besides those of the
// cluster. If they cannot be read, that is a warning.
func (c *Client) recent(ctx context.Context, o api.TaskListOptions, namespace string) <-chan []api.WorkflowRun {
	out := make(chan []api.WorkflowRun, 1)
	if namespace != c.conn.Namespace {
		out <- nil
		return out
	}
	go func() {
		runs, err := c.recentRuns(ctx, o)
		if err != nil && !api.IsNotInstalled(err) && !api.IsForbidden(err) && ctx.Err() == nil {
			c.conn.Warn("runs that have left the cluster are not listed: "+err.Error(), api.Remedies(err)...)
		}
		out <- runs
	}()
	return out
}

func (c *Client) recentRuns(ctx context.Context, o api.TaskListOptions) ([]api.WorkflowRun, error) {
	q := history.Query{Limit: recentRuns}
	var err error
	if q.Selector, err = labels.Parse(o.LabelSelector); err != nil {
		return nil, nil // List reports it
	}
	if !o.AllUsers {
		if q.User, err = c.user(ctx); err != nil {
			return nil, err
		}
	}
	return inHistory(ctx, c, func(log *history.Log) ([]api.WorkflowRun, error) {
		entries, _, err := log.Page(ctx, q)
		return c.fromEntries(entries, true), err
	}, store.WithPatience(listPatience))
}

// fromEntries returns runs as a list has them.
func (c *Client) fromEntries(entries []history.Entry, expired bool) []api.WorkflowRun {
	out := make([]api.WorkflowRun, len(entries))
	for i := range entries {
		e := &entries[i]
		out[i] = api.WorkflowRun{TypeMeta: api.TypeMeta[api.WorkflowRun](),
			ObjectMeta: metav1.ObjectMeta{Name: kube.RunName(e.ID), Namespace: c.conn.Namespace, Labels: e.Labels(), CreationTimestamp: metav1.Unix(e.Created, 0)},
			Expired:    expired, ID: e.ID, WorkflowName: e.Workflow, User: e.User, Phase: e.Phase, Result: e.Result, Reason: e.Reason,
			StartTime: unix(e.Started), EndTime: unix(e.Ended), StoppedBy: e.StopBy, RerunOf: e.RerunOf,
			NumTasks: e.Tasks, Succeeded: e.Success, Failed: e.Failed, Omitted: e.Others}
		if e.Reason == "" && e.StopBy != "" {
			out[i].Reason = "stopped by " + e.StopBy
		}
	}
	return out
}

// History implements sdk.Workflow.
func (c *Client) History(ctx context.Context, o api.WorkflowHistoryOptions) (*api.WorkflowRunList, error) {
	q := history.Query{User: o.User, Workflow: o.WorkflowName, Phase: o.Phase, Result: o.Result, Limit: o.Limit}
	switch {
	case q.Limit == 0:
		q.Limit = recentRuns
	case q.Limit < 0 || q.Limit > maxHistory:
		return nil, api.InvalidOption("Limit", "%d is out of range; it is from 1 to %d", q.Limit, maxHistory)
	}
	if o.AllUsers && o.User != "" {
		return nil, api.InvalidOption("User", "all users are selected; omit one of the two")
	}
	var err error
	if !o.AllUsers && o.User == "" {
		if q.User, err = c.user(ctx); err != nil {
			return nil, err
		}
	}
	at, isTime := time.Parse(time.RFC3339, o.Before)
	switch {
	case o.Before == "":
	case isTime == nil:
		q.After = history.After(at)
	case !kube.IsTaskID(o.Before):
		return nil, api.InvalidOption("Before", "%q is neither a time such as 2026-01-31T12:00:00Z nor the id of a run", o.Before)
	default:
		run, err := c.read(ctx, o.Before)
		if err != nil {
			return nil, err
		}
		q.After = history.AfterRun(run)
	}
	list := &api.WorkflowRunList{TypeMeta: api.TypeMeta[api.WorkflowRunList](), Items: []api.WorkflowRun{}}
	return inHistory(ctx, c, func(log *history.Log) (*api.WorkflowRunList, error) {
		entries, more, err := log.Page(ctx, q)
		if err != nil {
			return nil, err
		}
		list.Items = c.fromEntries(entries, false)
		if more {
			list.Continue = entries[len(entries)-1].ID
		}
		return list, nil
	})
}

// RebuildHistory implements sdk.Workflow.
func (c *Client) RebuildHistory(ctx context.Context, dryRun api.DryRun) (int, error) {
	if err := dryRun.Check(); err != nil {
		return 0, err
	}
	if !dryRun.Keeps() {
		return inHistory(ctx, c, func(log *history.Log) (int, error) { return log.Count(ctx) })
	}
	s, err := portforward.Open(ctx, c.conn)
	if err != nil {
		return 0, err
	}
	defer s.Close()
	log := history.Open(s, c.conn.Namespace)
	if err := c.keepMissing(ctx, log); err != nil {
		return 0, err
	}
	out, err := log.Rebuild(ctx)
	if err != nil {
		return 0, historyError(err)
	}
	for _, id := range out.Unreadable {
		c.conn.Warn(fmt.Sprintf("the record of run %s in the store cannot be read, and is omitted", id))
	}
	return out.Runs, nil
}

// keepMissing adds the ended runs in the cluster that are not in the history.
func (c *Client) keepMissing(ctx context.Context, log *history.Log) error {
	var missing []string
	err := c.each(ctx, c.conn.Namespace, kube.LabelKind+"="+kube.KindWorkflow, func(m metav1.ObjectMeta) error {
		if run, err := record.FromMeta(m); err == nil && m.Annotations[kube.AnnotationRecorded] == "" && fromRecord(run).Ended() {
			missing = append(missing, run.ID)
		}
		return nil
	})
	if err != nil || len(missing) == 0 {
		return err
	}
	if err := c.rights.Require(ctx, authz.Each(configMaps, "get", "patch")...); err != nil {
		return err
	}
	server, err := c.server()
	if err != nil {
		return err
	}
	for _, id := range missing {
		if err := driver.Keep(ctx, server, c.conn.Namespace, id, log); err != nil {
			return fmt.Errorf("run %s: %w", id, c.keepError(err))
		}
	}
	return nil
}

// keepError returns the error of driver.Keep as one of the API.
func (c *Client) keepError(err error) error {
	if status := (*apiserver.StatusError)(nil); errors.As(err, &status) {
		return c.classify(err)
	}
	return err
}

// keep adds an ended run to the history, if there is a store that the caller may write to. It
// stays in the cluster otherwise, and RebuildHistory adds it.
func (c *Client) keep(ctx context.Context, server *apiserver.Client, id string) {
	s, err := portforward.Open(ctx, c.conn)
	if err == nil {
		defer s.Close()
		err = driver.Keep(ctx, server, c.conn.Namespace, id, history.Open(s, c.conn.Namespace))
	}
	if err != nil && !api.IsNotInstalled(err) && !api.IsForbidden(err) && ctx.Err() == nil {
		c.conn.Warn(fmt.Sprintf("run %s is not in the history yet: %v", id, c.keepError(err)))
	}
}

// forget removes a run from the history, and its events from the store. A run that is not known
// to be there is removed all the same, since its driver may just have added it; an error is none
// then.
func (c *Client) forget(ctx context.Context, run *record.Run) error {
	known := run.Past || run.Object.Annotations[kube.AnnotationRecorded] != ""
	s, err := portforward.Open(ctx, c.conn)
	if api.IsNotInstalled(err) { // the store was removed, and the history with it
		return nil
	}
	if err == nil {
		defer s.Close()
		err = history.Open(s, c.conn.Namespace).Remove(ctx, run)
	}
	if err != nil && known {
		return fmt.Errorf("the record of run %s in the history: %w", run.ID, err)
	}
	if err != nil {
		return nil
	}
	if err := event.Remove(ctx, s, run.ID); err != nil {
		return fmt.Errorf("the events of run %s in the store: %w", run.ID, err)
	}
	return nil
}
