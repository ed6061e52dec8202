package result

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/logs"
)

// Logs hands every line that a task's nodes printed, or a run, to sink, as it is
// kept: also when the pods and the Job are gone. o.Nodes, o.Tail and o.Since
// choose; o.Follow does not matter, since nothing more comes. ref is a task or a
// run, CAMPAIGN/CONFIG/RUN. NotFound when no log of it is kept.
func (c *Client) Logs(ctx context.Context, ref string, o api.LogOptions, sink api.LogSink) error {
	s, done, err := c.session(ctx)
	if err != nil {
		return err
	}
	defer done()
	p, err := s.resolveTask(ctx, ref)
	if err != nil {
		return err
	}
	if p.campaign != "" && p.run < 0 {
		return &api.InvalidSpecError{Problems: []api.Problem{{Message: fmt.Sprintf("%s is a campaign; name one of its runs, as CAMPAIGN/CONFIG/RUN", ref),
			Remedies: []api.Remedy{{Action: api.ResultsList, Ref: p.campaign}}}}}
	}
	if p.rank >= 0 && len(o.Nodes) == 0 {
		o.Nodes = []int{p.rank}
	}
	p.rank = -1
	units, err := s.look(ctx, p)
	if err != nil {
		return err
	}
	return s.logs(ctx, ref, units, o, sink)
}

// logs reads the logs of the units' main containers, or of the one that is named.
func (s *session) logs(ctx context.Context, ref string, units []*unit, o api.LogOptions, sink api.LogSink) error {
	for _, rank := range o.Nodes {
		if !slices.ContainsFunc(units, func(u *unit) bool { return u.Rank == rank }) && o.Notify != nil {
			o.Notify(fmt.Sprintf("node %d: nothing of it is kept", rank))
		}
	}
	var found []logs.Kept
	for _, u := range units {
		if len(o.Nodes) > 0 && !slices.Contains(o.Nodes, u.Rank) {
			continue
		}
		log, ok, err := s.findLog(ctx, u, cmp.Or(o.Container, kube.ContainerTask))
		if err != nil {
			return err
		}
		if ok {
			found = append(found, keptLog(s.store, log.Key, log.Size, u.Rank))
		} else if o.Notify != nil {
			o.Notify(fmt.Sprintf("node %d: no log is kept", u.Rank))
		}
		if !u.complete && o.Notify != nil {
			o.Notify(fmt.Sprintf("node %d: its log is kept as far as it was saved", u.Rank))
		}
	}
	if len(found) == 0 {
		return &api.NotFoundError{Kind: "log", Name: ref, Namespace: s.conn.Namespace, Hint: "its pods are gone and no log of it is kept"}
	}
	return logs.ReadKept(ctx, found, o, sink)
}

// findLog finds the log of one of a unit's containers: below its prefix, or, of
// packed runs, where their Job keeps it.
func (s *session) findLog(ctx context.Context, u *unit, container string) (store.Object, bool, error) {
	name := container + ".log"
	for _, o := range u.objects {
		if o.Key == u.prefix+layout.LogDir+name {
			return o, true, nil
		}
	}
	if err := s.readInventories(ctx, []*unit{u}); err != nil {
		return store.Object{}, false, err
	}
	prefix, err := s.packedLogs(ctx, u)
	if err != nil || prefix == "" {
		return store.Object{}, false, err
	}
	o, err := s.store.Stat(ctx, prefix+name)
	if isNotFound(err) {
		return o, false, nil
	}
	return o, err == nil, err
}
