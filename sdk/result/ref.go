package result

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/keep"
	"github.com/kubevast/vast/sdk/kube"
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
// name, with "/<rank>" behind it for one node; a campaign's id or a unique prefix
// of one, with "/<config>" or "/<config>/<run>" behind it for a part. @latest is
// the caller's newest task or campaign.
func (s *session) resolve(ctx context.Context, ref string) (place, error) {
	return s.resolveBy(ctx, ref, s.latest)
}

// resolveTask is resolve for who asks for tasks: @latest is one.
func (s *session) resolveTask(ctx context.Context, ref string) (place, error) {
	return s.resolveBy(ctx, ref, s.latestTask)
}

func (s *session) resolveBy(ctx context.Context, ref string, latest func(context.Context) (string, error)) (place, error) {
	parts := strings.Split(strings.TrimSuffix(ref, "/"), "/")
	if ref == "" || slices.Contains(parts, "") || slices.Contains(parts, "..") || slices.Contains(parts, ".") {
		return place{}, api.Invalid("", "%q names no result; give a task's id, or CAMPAIGN, CAMPAIGN/CONFIG or CAMPAIGN/CONFIG/RUN", ref)
	}
	if parts[0] == Latest {
		var err error
		if parts[0], err = latest(ctx); err != nil {
			return place{}, err
		}
	}
	id := parts[0]
	tasks, campaigns, err := s.beginning(ctx, id)
	if len(tasks)+len(campaigns) == 0 && err == nil && idOfJob(id) != "" {
		id = idOfJob(id)
		tasks, _, err = s.beginning(ctx, id)
	}
	switch found := slices.Concat(tasks, campaigns); {
	case err != nil:
		return place{}, err
	case len(found) == 0:
		why := ""
		if isID(id) {
			why = s.whyNothing(ctx, id)
		}
		return place{}, s.notFound(ref, why)
	case len(found) > 1:
		return place{}, api.Invalid("", "%q is the beginning of %d %s ids (%s); write more of it", id, len(found), whose(tasks, campaigns), some(found))
	case len(campaigns) == 1:
		parts[0] = campaigns[0]
		return runOf(parts, ref)
	}
	return nodeOf(tasks[0], parts, ref)
}

// whose says of what the ids are.
func whose(tasks, campaigns []string) string {
	switch {
	case len(campaigns) == 0:
		return "tasks'"
	case len(tasks) == 0:
		return "campaigns'"
	}
	return "tasks' and campaigns'"
}

// beginning finds the tasks and the campaigns in the store whose ids begin so. An
// id that is whole means nothing else.
func (s *session) beginning(ctx context.Context, prefix string) (tasks, campaigns []string, err error) {
	group, ctx := errgroup.WithContext(ctx)
	if isID(prefix) {
		group.Go(func() (err error) {
			tasks, err = s.folders(ctx, keep.Tasks, prefix)
			return err
		})
	}
	group.Go(func() (err error) {
		campaigns, err = s.folders(ctx, keep.Campaigns, prefix)
		return err
	})
	if err := group.Wait(); err != nil {
		return nil, nil, err
	}
	switch {
	case slices.Contains(tasks, prefix):
		return []string{prefix}, nil, nil
	case slices.Contains(campaigns, prefix):
		return nil, []string{prefix}, nil
	}
	return tasks, campaigns, nil
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
