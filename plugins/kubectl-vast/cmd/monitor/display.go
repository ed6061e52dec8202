package monitor

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/internal/cli/term"
	"github.com/kubevast/vast/sdk/api"
)

// display returns what shows the campaigns, each time it is called, in the way
// that the output asks for.
func (o *Options) display() func([]*view) error {
	switch {
	case !o.Output.Human():
		return o.documents()
	case o.Once:
		return func(views []*view) error { return o.print(o.lines(views, o.Width())) }
	case o.IsTerminal(o.Out):
		screen := o.Screen()
		return func(views []*view) error { return screen.Draw(o.lines(views, screen.Width())) }
	}
	return o.changes()
}

func (o *Options) print(lines []string) error {
	for _, line := range lines {
		if _, err := fmt.Fprintln(o.Out, term.Line(line)); err != nil {
			return err
		}
	}
	return nil
}

// documents prints a list whenever it has changed.
func (o *Options) documents() func([]*view) error {
	var last *api.CampaignList
	return func(views []*view) error {
		list := joined(views)
		if last != nil && reflect.DeepEqual(comparable(list), comparable(last)) {
			return nil
		}
		last = list
		return o.Output.PrintList(o.Printer, list, o.Out)
	}
}

// comparable is what of a list is worth printing it again: not that time passes.
func comparable(list *api.CampaignList) []api.Campaign {
	out := make([]api.Campaign, len(list.Items))
	for i, c := range list.Items {
		c.RunsPerMinute, c.ETA = 0, nil
		out[i] = c
	}
	return out
}

// changes prints a line for every campaign whose counts have changed, and one
// for each new kind of waiting or failure.
func (o *Options) changes() func([]*view) error {
	printed := map[string]string{}
	say := func(key, what, line string) error {
		if printed[key] == what {
			return nil
		}
		printed[key] = what
		return o.print([]string{line})
	}
	return func(views []*view) error {
		for _, v := range views {
			where := ""
			if v.context != "" {
				where = "[" + v.context + "] "
			}
			if v.err != nil {
				if err := say(v.context, v.err.Error(), where+"unreachable: "+v.err.Error()); err != nil {
					return err
				}
				continue
			}
			delete(printed, v.context)
			for i := range v.list.Items {
				c := &v.list.Items[i]
				key := v.context + "\x00" + c.ID
				if err := say(key, fmt.Sprint(c.State, c.Runs), where+o.sentence(c)); err != nil {
					return err
				}
				for _, g := range c.Waiting {
					line := fmt.Sprintf("%s%s: %s", where, c.ID, waitingWords(&g))
					if err := say(key+"\x00"+string(g.State)+string(g.Cause), "printed", line); err != nil {
						return err
					}
				}
				for _, g := range c.Failures {
					line := fmt.Sprintf("%s%s: failed: %s (%s): %s", where, c.ID, groupReason(&g), g.Example, v.Hint().Vast("logs", c.ID+"/"+g.Example))
					if err := say(key+"\x00"+string(g.Cause), "printed", line); err != nil {
						return err
					}
				}
			}
		}
		return nil
	}
}

// sentence is a campaign in one line.
func (o *Options) sentence(c *api.Campaign) string {
	n := c.Runs
	parts := []string{fmt.Sprintf("%s: %s, %d/%d done", c.ID, strings.ToLower(string(c.State)), n.Done(), n.Total)}
	for _, part := range []struct {
		count int
		word  string
	}{
		{n.Succeeded, "succeeded"}, {n.Rejected, "rejected"}, {n.Failed, "failed"}, {n.Stopped, "stopped"},
		{n.Running, "running"}, {n.Saving, "saving results"}, {n.Pending, "pending"}, {n.Queued, "queued"}, {n.Missing, "missing"},
	} {
		if part.count > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", part.count, part.word))
		}
	}
	if rate := rateWords(c); rate != "" {
		parts = append(parts, rate)
	}
	if end := o.endWords(c); end != "" && !c.State.Ended() {
		parts = append(parts, "ends "+end)
	}
	return strings.Join(parts, ", ")
}

// waitingWords describes how many runs wait and why.
func waitingWords(g *api.WaitingGroup) string {
	return fmt.Sprintf("%d %s: %s (%s)", g.Count, strings.ToLower(string(g.State)), term.Words(g.Reason), g.Example)
}

func groupReason(g *api.FailureGroup) string {
	if g.Reason != "" {
		return term.Words(g.Reason)
	}
	if g.Cause == api.CauseUnknown || g.Cause == "" {
		return "unknown reason"
	}
	return cli.CauseWords(g.Cause)
}
