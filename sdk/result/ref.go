package result

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/keep"
	"github.com/kubevast/vast/sdk/kube"
	"github.com/kubevast/vast/sdk/store"
)

// Latest names the caller's newest task of which something is kept.
const Latest = "@latest"

// place is what a ref names: a task or one of its nodes, a campaign, one of its
// configurations or one run. What is not named is -1 or empty.
type place struct {
	task     string
	rank     int
	campaign string
	config   string
	run      int
}

// prefix is the narrowest one in the store that holds all of the place.
func (p place) prefix() string {
	switch {
	case p.task != "" && p.rank >= 0:
		return keep.NodePrefix(p.task, p.rank)
	case p.task != "":
		return keep.TaskPrefix(p.task)
	case p.run >= 0:
		return keep.RunPrefix(p.campaign, p.config, p.run)
	case p.config != "":
		return keep.CampaignPrefix(p.campaign) + p.config + "/"
	}
	return keep.CampaignPrefix(p.campaign)
}

// resolve finds what a ref names: a task's id, a unique prefix of one, a Job's
// name or @latest, with "/<rank>" behind it for one node; a campaign's id, with
// "/<config>" or "/<config>/<run>" behind it for a part.
func (s *session) resolve(ctx context.Context, ref string) (place, error) {
	parts := strings.Split(strings.TrimSuffix(ref, "/"), "/")
	first := parts[0]
	if ref == "" || slices.Contains(parts, "") || slices.Contains(parts, "..") || slices.Contains(parts, ".") {
		return place{}, api.Invalid("", "%q names no result; give a task's id, or CAMPAIGN, CAMPAIGN/CONFIG or CAMPAIGN/CONFIG/RUN", ref)
	}
	if first == Latest {
		id, err := s.latest(ctx)
		return nodeOf(id, parts, ref, err)
	}
	if isID(first) {
		id, err := s.byPrefix(ctx, first, ref)
		return nodeOf(id, parts, ref, err)
	}
	_, err := s.store.Stat(ctx, keep.RecordKey(first))
	if err == nil {
		return runOf(parts, ref)
	}
	if !isNotFound(err) {
		return place{}, err
	}
	if id := idOfJob(first); id != "" {
		found, err := s.byPrefix(ctx, id, ref)
		return nodeOf(found, parts, ref, err)
	}
	return place{}, s.notFound(ref, "")
}

func nodeOf(id string, parts []string, ref string, err error) (place, error) {
	if err != nil {
		return place{}, err
	}
	p := place{task: id, rank: -1, run: -1}
	switch len(parts) {
	case 1:
		return p, nil
	case 2:
		if p.rank, err = strconv.Atoi(parts[1]); err == nil && p.rank >= 0 {
			return p, nil
		}
	}
	return place{}, api.Invalid("", "%q names no node of a task: write ID/NODE, as in %s/0", ref, id)
}

func runOf(parts []string, ref string) (place, error) {
	p := place{campaign: parts[0], rank: -1, run: -1}
	if len(parts) > 1 {
		p.config = parts[1]
	}
	if len(parts) > 2 {
		run, err := strconv.Atoi(parts[2])
		if err != nil || run < 0 || len(parts) > 3 {
			return place{}, api.Invalid("", "%q names no run: write CAMPAIGN/CONFIG/RUN, as in %s/%s/0", ref, parts[0], parts[1])
		}
		p.run = run
	}
	return p, nil
}

// byPrefix finds the one task in the store whose id begins so.
func (s *session) byPrefix(ctx context.Context, prefix, ref string) (string, error) {
	var found []string
	for o, err := range s.store.List(ctx, keep.Tasks+prefix, store.ListOptions{Delimiter: true}) {
		if err != nil {
			return "", err
		}
		if o.Prefix {
			found = append(found, strings.TrimSuffix(strings.TrimPrefix(o.Key, keep.Tasks), "/"))
		}
	}
	switch {
	case len(found) == 0:
		return "", s.notFound(ref, s.whyNothing(ctx, prefix))
	case len(found) == 1:
		return found[0], nil
	}
	return "", api.Invalid("", "%q is the beginning of %d tasks' ids (%s); write more of it", prefix, len(found), strings.Join(found, ", "))
}

// latest is the newest task of the caller's: as long as its Job is there by
// that, otherwise by what is kept.
func (s *session) latest(ctx context.Context) (string, error) {
	user, err := s.conn.User(ctx)
	if err != nil {
		return "", err
	}
	id, err := s.newestJob(ctx, user)
	if id != "" || err != nil {
		return id, err
	}
	list, err := s.tasks(ctx, user)
	if err != nil {
		return "", err
	}
	newest := api.Result{}
	for _, r := range list {
		if r.User == user && (newest.TaskID == "" || newest.StartTime.Before(r.StartTime)) {
			newest = r
		}
	}
	if newest.TaskID == "" {
		return "", s.notFound(Latest, fmt.Sprintf("nothing is kept of user %q here", user))
	}
	return newest.TaskID, nil
}

func (s *session) notFound(ref, hint string) error {
	if hint == "" {
		hint = "see `kubectl vast results list --all-users`, or name another namespace with -n"
	}
	return &api.NotFound{Kind: "result", Name: ref, Namespace: s.conn.Namespace, Hint: hint}
}

func isNotFound(err error) bool {
	var missing *api.NotFound
	return errors.As(err, &missing)
}

func isID(s string) bool {
	return s != "" && len(s) <= kube.IDLength && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789") == ""
}

// idOfJob is the id in the name of a task's Job, "<name>-<id>".
func idOfJob(name string) string {
	i := strings.LastIndexByte(name, '-')
	if id := name[i+1:]; i > 0 && len(id) == kube.IDLength && isID(id) {
		return id
	}
	return ""
}
