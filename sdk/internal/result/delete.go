package result

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/sdk/api"
)

// Delete removes results and their logs. The logs that packed runs have in common
// go with the last run of their Job. What a campaign is stays: its record, its files
// and how its runs ended (the index) go with the campaign. What
// still runs is *api.ConflictError unless o.Force is set, and then nothing is removed.
// It is idempotent: a call that was broken off is done again.
func (c *Client) Delete(ctx context.Context, ref string, o api.ResultDeleteOptions) (*api.ResultList, error) {
	if ref == "" {
		return nil, errNoRef()
	}
	wanted := api.ResultListOptions{Ref: ref, ResultSelector: o.ResultSelector}
	if err := api.JoinInvalid(o.DryRun.Check(), check(wanted)); err != nil {
		return nil, err
	}
	s, done, err := c.sessionBy(ctx, c.change)
	if err != nil {
		return nil, err
	}
	defer done()
	p, err := s.resolveBy(ctx, ref, s.latestOwn, true)
	if err != nil {
		return nil, err
	}
	if err := s.unshared(ctx, p.task); err != nil {
		return nil, err
	}
	units, err := s.findAt(ctx, p, wanted, never)
	if o.Failed || len(o.Configs)+len(o.Runs) > 0 {
		s.strays = nil // they are of those, too, that are not chosen
	}
	var absent *api.NotFoundError
	if err != nil && (!errors.As(err, &absent) || len(s.strays) == 0) {
		return nil, err
	}
	if !o.Force {
		if err := mayGrow(units); err != nil {
			return nil, err
		}
	}
	list := &api.ResultList{TypeMeta: api.TypeMeta[api.ResultList](), Items: []api.Result{}}
	for _, u := range units {
		list.Items = append(list.Items, u.result(c.conn.Namespace))
	}
	list.Ref = p.String()
	if !o.DryRun.Keeps() {
		return list, nil
	}
	if len(units) == 0 {
		return list, s.store.Delete(ctx, s.strays...)
	}
	return list, s.remove(ctx, units)
}

var removeAnyway = []api.Remedy{{Options: []string{"Force"}, Purpose: "remove what was saved so far"}}

// mayGrow refuses units that still run, and those of which that is not known:
// what is removed now cannot be had again.
func mayGrow(units []*unit) error {
	if running := namesOf(units, func(j jobState) bool { return j.active }); len(running) > 0 {
		return &api.ConflictError{Message: some(running) + " is still running; stop it first", Remedies: removeAnyway}
	}
	if unknown := namesOf(units, func(j jobState) bool { return j.unknown }); len(unknown) > 0 {
		return &api.ConflictError{Message: some(unknown) + " may still be running, since the Jobs cannot be listed", Remedies: removeAnyway}
	}
	return nil
}

// remove removes units. It may be broken off anywhere, and is done again then: what
// may fail comes before anything is gone, and the units are found by what goes last.
// The inventories go before the rest, so that what is left counts as incomplete, and
// never as a result that it is not.
func (s *session) remove(ctx context.Context, units []*unit) error {
	var inventories, logs, rest, prefixes []string
	for _, u := range units {
		prefixes = append(prefixes, u.prefix)
		for _, o := range u.objects {
			if o.Key == u.prefix+layout.InventoryFile && len(u.objects) > 1 {
				inventories = append(inventories, o.Key)
			} else {
				rest = append(rest, o.Key)
			}
		}
		rest = append(rest, u.unseen()...)
	}
	if campaign := units[0].Campaign; campaign != "" { // a ref names one at most
		var err error
		if logs, err = s.commonLogs(ctx, campaign, units); err != nil {
			return err
		}
	}
	if err := s.store.AbortUploads(ctx, prefixes...); err != nil {
		return err
	}
	for _, keys := range [][]string{inventories, logs, s.strays, rest} {
		if err := s.store.Delete(ctx, keys...); err != nil {
			return err
		}
	}
	return nil
}

// unseen are keys that an older program may have stored although no list of its
// store shows them; it reported them as missing.
func (u *unit) unseen() []string {
	if u.inventory == nil {
		return nil
	}
	var keys []string
	for _, m := range u.inventory.Missing {
		if key := u.prefix + m.Path; layout.Regular(key) && layout.FileKey(u.prefix, m.Path) != m.Path {
			keys = append(keys, key)
		}
	}
	return keys
}

// unshared returns a ConflictError if several runs of workflows refer to the results of a
// task.
func (s *session) unshared(ctx context.Context, task string) error {
	if task == "" {
		return nil
	}
	var runs []string
	for o, err := range s.store.List(ctx, layout.RefsPrefix(task), store.ListOptions{}) {
		if err != nil {
			return err
		}
		runs = append(runs, strings.TrimPrefix(o.Key, layout.RefsPrefix(task)))
	}
	if len(runs) < 2 {
		return nil
	}
	return &api.ConflictError{Message: fmt.Sprintf("the results of task %q are used by the runs %s; delete the runs that are not needed first", task, some(runs))}
}
