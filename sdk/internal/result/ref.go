package result

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/sdk/api"
)

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
		return layout.NodePrefix(p.task, p.rank)
	case p.task != "":
		return layout.TaskPrefix(p.task)
	case p.run >= 0:
		return layout.RunPrefix(p.campaign, p.config, p.run)
	case p.config != "":
		return layout.CampaignPrefix(p.campaign) + p.config + "/"
	}
	return layout.CampaignPrefix(p.campaign)
}

// String returns a ref of the place, with whole ids.
func (p place) String() string {
	switch {
	case p.task != "" && p.rank >= 0:
		return p.task + "/" + strconv.Itoa(p.rank)
	case p.task != "":
		return p.task
	case p.run >= 0:
		return p.campaign + "/" + p.config + "/" + strconv.Itoa(p.run)
	case p.config != "":
		return p.campaign + "/" + p.config
	}
	return p.campaign
}

// resolve finds what a ref names, for who only looks: a task's id, the name of its
// Job, or that of one of the caller's tasks, with "/<rank>" behind it for one node;
// a campaign's id or name, with "/<config>" or "/<config>/<run>" behind it for a
// part; or the beginning of one of these. @latest is the caller's newest task or
// campaign.
func (s *session) resolve(ctx context.Context, ref string) (place, error) {
	return s.resolveBy(ctx, ref, s.latest, false)
}

// resolveTask is resolve for tasks only: @latest is one.
func (s *session) resolveTask(ctx context.Context, ref string) (place, error) {
	return s.resolveBy(ctx, ref, s.latestTask, false)
}

// resolveBy is resolve; changes says that something is going to be done to it. A
// campaign whose record is that of something else is *api.ConflictError.
func (s *session) resolveBy(ctx context.Context, text string, latest func(context.Context) (string, error), changes bool) (place, error) {
	p, err := s.placeOf(ctx, text, latest, changes)
	if err == nil && p.campaign != "" {
		_, err = s.record(ctx, p.campaign)
	}
	if err != nil {
		return place{}, err
	}
	return p, nil
}

func (s *session) placeOf(ctx context.Context, text string, latest func(context.Context) (string, error), changes bool) (place, error) {
	ref, err := kube.ParseRef(text, kube.RefResult, kube.RefTask, kube.RefJob, kube.RefCampaign)
	if err != nil {
		return place{}, err
	}
	parts := strings.Split(strings.TrimSuffix(ref.Name, "/"), "/")
	if ref.Name == "" || slices.Contains(parts, "") || slices.Contains(parts, "..") || slices.Contains(parts, ".") {
		return place{}, api.Invalid("", "%q names no result; give a task's id, or CAMPAIGN, CAMPAIGN/CONFIG or CAMPAIGN/CONFIG/RUN", text)
	}
	if parts[0] == kube.Latest {
		if parts[0], err = latest(ctx); err != nil {
			return place{}, err
		}
	}
	if ref.Kind == kube.RefJob || ref.Kind == kube.RefTask {
		if run, err := s.runOfJob(ctx, parts); run != nil || err != nil {
			return runOf(run, text)
		}
	}
	id, campaign, err := s.choose(ctx, parts[0], ref.Kind, changes)
	switch {
	case err != nil:
		return place{}, err
	case id == "":
		why := ""
		if isID(parts[0]) {
			why = s.whyNothing(ctx, parts[0])
		}
		return place{}, s.notFound(text, why)
	case campaign:
		parts[0] = id
		return runOf(parts, text)
	}
	return nodeOf(id, parts, text)
}

func nodeOf(id string, parts []string, ref string) (place, error) {
	p := place{task: id, rank: -1, run: -1}
	switch len(parts) {
	case 1:
		return p, nil
	case 2:
		var err error
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

func (s *session) notFound(ref, hint string) error {
	e := &api.NotFoundError{Kind: "result", Name: ref, Namespace: s.conn.Namespace, Hint: hint}
	if hint == "" {
		e.Remedies = []api.Remedy{{Action: api.ResultsList, Options: []string{"AllUsers"}}, {Options: []string{"Namespace"}, Purpose: "name another namespace"}}
	}
	return e
}

func isNotFound(err error) bool {
	return api.IsNotFound(err)
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
