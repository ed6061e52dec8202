package result

import (
	"context"
	"strings"
	"time"

	"github.com/bmatcuk/doublestar/v4"
	"golang.org/x/sync/errgroup"

	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/sdk/api"
)

// List returns results, in the order of their names and numbers. Of a campaign it
// takes two listings side by side, however many runs there are, and the inventories
// of those that failed, for the reasons; of tasks one inventory each.
// Inventories are read concurrently. Without o.Ref it returns the results of
// all the caller's tasks, and each of the caller's campaigns as one Result
// without Config, the newest first, in the state of campaign.Client.Monitor.
func (c *Client) List(ctx context.Context, o api.ResultListOptions) (*api.ResultList, error) {
	if err := check(o); err != nil {
		return nil, err
	}
	if o.AllNamespaces {
		return c.everywhere(ctx, o)
	}
	s, done, err := c.session(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	list := &api.ResultList{TypeMeta: api.TypeMeta[api.ResultList](), Items: []api.Result{}}
	if o.Ref == "" {
		list.Items, err = s.overview(ctx, o)
		return list, err
	}
	units, err := s.find(ctx, o, needsReason)
	for _, u := range units {
		list.Items = append(list.Items, u.result(c.conn.Namespace))
	}
	return list, err
}

// What the index does not have of a run is read from its inventory; these
// decide for which units that is needed.
func always(*unit) bool { return true }
func never(*unit) bool  { return false }
func needsReason(u *unit) bool {
	return u.outcome.State == api.Failed || u.outcome.State == api.Rejected
}

// find returns the units that options select, in order. Of runs whose outcome
// is in the index, only those inventories are read that wanted selects.
func (s *session) find(ctx context.Context, o api.ResultListOptions, wanted func(*unit) bool) ([]*unit, error) {
	p, err := s.resolve(ctx, o.Ref)
	if err != nil {
		return nil, err
	}
	return s.findAt(ctx, p, o, wanted)
}

// findAt is find for a place that is known.
func (s *session) findAt(ctx context.Context, p place, o api.ResultListOptions, wanted func(*unit) bool) ([]*unit, error) {
	units, err := s.look(ctx, p)
	if err != nil {
		return nil, err
	}
	if units = filter(units, o, false); len(units) == 0 {
		return nil, s.notFound(o.Ref, "nothing of it is kept that fits")
	}
	var read []*unit
	for _, u := range units {
		if u.Campaign == "" || u.outcome == nil || wanted(u) {
			read = append(read, u)
		}
	}
	if err := s.readInventories(ctx, read); err != nil {
		return nil, err
	}
	s.ask(ctx, p, units)
	if o.Failed {
		units = filter(units, o, true) // that none did is an answer
	}
	return units, nil
}

// look lists the results of a place and, of a campaign, how its runs ended.
func (s *session) look(ctx context.Context, p place) ([]*unit, error) {
	if p.campaign == "" {
		return s.scan(ctx, p)
	}
	var units []*unit
	outcomes := map[string]ending{}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		units, err = s.scan(ctx, p)
		return err
	})
	group.Go(func() (err error) {
		outcomes, err = s.outcomes(ctx, p.campaign)
		return err
	})
	if err := group.Wait(); err != nil {
		return nil, err
	}
	for _, u := range units {
		// A run that runs again has an entry of its last attempt.
		if e, ok := outcomes[u.name()]; ok && u.complete {
			u.outcome, u.ended = &e.Outcome, e.at
		}
	}
	return units, nil
}

// ending is the index entry of a run: how it ended, and when that was written,
// which is a moment later.
type ending struct {
	layout.Outcome
	at time.Time
}

// outcomes are those of a campaign's index, by the unit's name.
func (s *session) outcomes(ctx context.Context, campaign string) (map[string]ending, error) {
	found := map[string]ending{}
	for o, err := range s.store.List(ctx, layout.CampaignIndex(campaign), store.ListOptions{}) {
		if err != nil {
			return nil, err
		}
		if config, run, outcome, ok := layout.ParseRunIndex(campaign, o.Key); ok {
			u := unit{}
			u.Campaign, u.Config, u.Run = campaign, config, run
			found[u.name()] = ending{outcome, o.Modified}
		}
	}
	return found, nil
}

// errNoRef is the error of a method that needs a ref and has none.
func errNoRef() error {
	return &api.InvalidSpecError{Problems: []api.Problem{{Message: "the id of a task or a campaign is missing",
		Remedies: []api.Remedy{{Action: api.ResultsList}}}}}
}

// check finds all that is wrong with options before anybody is asked.
func check(o api.ResultListOptions) error {
	var problems []error
	for _, glob := range o.Configs {
		if !doublestar.ValidatePattern(glob) {
			problems = append(problems, api.InvalidOption("Configs", "%q is not a valid pattern; * matches any text, [ab] one of these characters", glob))
		}
	}
	for _, run := range o.Runs {
		if run < 0 {
			problems = append(problems, api.InvalidOption("Run", "%d is out of range; runs count from 0", run))
		}
	}
	if o.Ref == "" && (len(o.Configs) > 0 || len(o.Runs) > 0) {
		option := "Configs"
		if len(o.Configs) == 0 {
			option = "Run"
		}
		problems = append(problems, api.InvalidOption(option, "it selects runs of a campaign; name one"))
	}
	if o.AllNamespaces && o.Ref != "" {
		problems = append(problems, api.InvalidOption("AllNamespaces", "a named result is looked up in one namespace; name that namespace instead"))
	}
	return api.JoinInvalid(problems...)
}

// filter keeps the units that options choose. How they ended only counts when
// that is known.
func filter(units []*unit, o api.ResultListOptions, ended bool) []*unit {
	var kept []*unit
	for _, u := range units {
		if matches(o.Configs, u.Config) && chosen(o.Runs, u.Run) && (!ended || !o.Failed || u.failed()) {
			kept = append(kept, u)
		}
	}
	return kept
}

func matches(globs []string, config string) bool {
	for _, glob := range globs {
		if doublestar.MatchUnvalidated(glob, config) {
			return true
		}
	}
	return len(globs) == 0
}

func chosen(runs []int, run int) bool {
	for _, r := range runs {
		if r == run {
			return true
		}
	}
	return len(runs) == 0
}

// failed reports a unit that ended and neither succeeded nor was rejected, also
// one whose outcome is unknown.
func (u *unit) failed() bool {
	if u.outcome == nil || !u.complete {
		return !u.job.active
	}
	return u.outcome.State != api.Succeeded && u.outcome.State != api.Rejected
}

// folders lists the names one level below a folder of the store that begin so.
func (s *session) folders(ctx context.Context, folder, beginning string) ([]string, error) {
	var names []string
	for o, err := range s.store.List(ctx, folder+beginning, store.ListOptions{Delimiter: true}) {
		if err != nil {
			return nil, err
		}
		if o.Prefix {
			names = append(names, strings.TrimSuffix(strings.TrimPrefix(o.Key, folder), "/"))
		}
	}
	return names, nil
}
