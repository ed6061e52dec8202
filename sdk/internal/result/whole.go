package result

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
	batchv1 "k8s.io/api/batch/v1"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/sdk/api"
)

// Whole is a campaign or task of which results are stored.
type Whole struct {
	// Campaign or Task is the id.
	Campaign, Task string
	// Folder is the name of its folder among downloaded results.
	Folder string
	// Ended: nothing of it runs or waits. Active has the counts otherwise.
	Ended  bool
	Active string
}

// Wholes returns the campaigns and tasks that refs name; without refs all campaigns of the
// caller. A ref may be a glob on the ids of campaigns. A part of one is an
// api.InvalidSpecError, a ref of which nothing is stored an api.NotFoundError.
func (c *Client) Wholes(ctx context.Context, refs []string) ([]Whole, error) {
	s, done, err := c.session(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	user, err := c.conn.User(ctx)
	if err != nil {
		return nil, err
	}
	known := s.known(ctx, len(refs) > 0)
	var all []Whole
	var absent, invalid []error
	add := func(w *Whole, err error) error {
		switch {
		case api.IsNotFound(err):
			absent = append(absent, err)
		case api.IsInvalidSpec(err):
			invalid = append(invalid, err)
		case err != nil:
			return err
		case w != nil && !slices.ContainsFunc(all, func(o Whole) bool { return o.Campaign == w.Campaign && o.Task == w.Task }):
			all = append(all, *w)
		}
		return nil
	}
	if len(refs) == 0 {
		refs = []string{"*"}
	}
	for _, ref := range refs {
		if !strings.ContainsAny(ref, "*?[") {
			if err := add(s.whole(ctx, ref, known)); err != nil {
				return nil, err
			}
			continue
		}
		if !doublestar.ValidatePattern(ref) {
			invalid = append(invalid, api.Invalid("", "%q is not a valid pattern; * matches any text, [ab] one of these characters", ref))
			continue
		}
		ids, err := s.folders(ctx, layout.Campaigns, "")
		if err != nil {
			return nil, err
		}
		matched := false
		for _, id := range ids {
			if !doublestar.MatchUnvalidated(ref, id) {
				continue
			}
			w, err := s.wholeCampaign(ctx, id, user, known)
			if api.IsConflict(err) {
				continue // its record is of another namespace
			}
			if err := add(w, err); err != nil {
				return nil, err
			}
			matched = matched || w != nil
		}
		if !matched && ref != "*" {
			absent = append(absent, s.notFound(ref, "no campaign of yours with results matches"))
		}
	}
	if err := api.JoinInvalid(invalid...); err != nil {
		return nil, err
	}
	if len(absent) > 0 {
		return nil, absent[0]
	}
	slices.SortFunc(all, func(a, b Whole) int { return cmp.Or(cmp.Compare(a.Campaign, b.Campaign), cmp.Compare(a.Task, b.Task)) })
	return all, nil
}

// whole is what one ref names.
func (s *session) whole(ctx context.Context, ref string, known map[string]*api.Campaign) (*Whole, error) {
	p, err := s.resolve(ctx, ref)
	switch {
	case err != nil:
		return nil, err
	case p.rank >= 0 || p.config != "":
		return nil, api.Invalid("", "%q names a part; only whole campaigns and tasks can be shared", ref)
	case p.campaign != "":
		w, err := s.wholeCampaign(ctx, p.campaign, "", known)
		if w == nil && err == nil {
			err = s.notFound(ref, "nothing of it is stored")
		}
		return w, err
	}
	units, err := s.findAt(ctx, p, api.ResultListOptions{Ref: ref}, always)
	if err != nil {
		return nil, err
	}
	w := &Whole{Task: p.task, Ended: true}
	job := units[0].job.name
	for _, u := range units {
		if u.Job != "" {
			w.Folder = u.Job
		}
		job = cmp.Or(job, u.TaskName, u.job.name)
		if u.job.active {
			w.Ended, w.Active = false, "it is running"
			if u.job.queued {
				w.Active = "it is queued"
			}
		}
		if u.job.unknown {
			w.Ended, w.Active = false, "the Jobs cannot be listed, so it may be running"
		}
	}
	w.Folder = cmp.Or(w.Folder, kube.JobName(job, p.task))
	// Of several nodes some may have stored nothing yet.
	err = s.eachJob(ctx, map[string]string{kube.LabelTaskID: p.task}, func(j *batchv1.Job) bool {
		if state := stateOf(j); state.active {
			w.Ended, w.Active = false, "it is running"
		}
		return true
	})
	if api.IsForbidden(err) {
		err = nil
	}
	return w, err
}

// wholeCampaign is one campaign; nil for another user's, or of which nothing is stored.
func (s *session) wholeCampaign(ctx context.Context, id, user string, known map[string]*api.Campaign) (*Whole, error) {
	c := known[id]
	if c == nil {
		var err error
		if c, err = s.summed(ctx, id, user); c == nil || err != nil {
			return nil, err
		}
	}
	if user != "" && c.User != "" && c.User != user {
		return nil, nil
	}
	return &Whole{Campaign: id, Folder: id, Ended: c.State.Ended(), Active: activeWords(c)}, nil
}

// activeWords describes what a campaign has not ended: "2 running, 3 queued of
// 26 runs".
func activeWords(c *api.Campaign) string {
	if c.State.Ended() {
		return ""
	}
	n, parts := c.Runs, []string(nil)
	for _, part := range []struct {
		what  string
		count int
	}{{"running", n.Running}, {"saving", n.Saving}, {"pending", n.Pending}, {"queued", n.Queued}, {"not submitted", n.Missing}} {
		if part.count > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", part.count, part.what))
		}
	}
	if len(parts) == 0 {
		return strings.ToLower(string(c.State))
	}
	return fmt.Sprintf("%s of %d runs", strings.Join(parts, ", "), n.Total)
}
