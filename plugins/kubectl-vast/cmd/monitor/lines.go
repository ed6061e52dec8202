package monitor

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/internal/cli/table"
	"github.com/kubevast/vast/internal/cli/term"
	"github.com/kubevast/vast/sdk/api"
)

const (
	longBar, shortBar = 20, 8
	// shownActive is how many running runs are shown of a campaign.
	shownActive = 10
)

// column is one column of the campaigns' lines.
type column struct {
	name string
	cell func(*api.Campaign) string
	// left: it is text; numbers stand at the right.
	left bool
	table.Give
}

// lines are all that is shown, none of them wider than width (0: any width).
func (o *Options) lines(views []*view, width int) []string {
	columns := o.columns(views)
	var all []api.Campaign
	for _, v := range views {
		if v.list != nil {
			all = append(all, v.list.Items...)
		}
	}
	grid := make([][]string, len(all)+1)
	for _, c := range columns {
		grid[0] = append(grid[0], c.name)
		for i := range all {
			grid[i+1] = append(grid[i+1], c.cell(&all[i]))
		}
	}
	columns, grid = fitGrid(columns, grid, width)
	return o.assemble(views, columns, grid, width)
}

// assemble puts what belongs to a campaign below its line, and a heading over
// each context.
func (o *Options) assemble(views []*view, columns []column, grid [][]string, width int) []string {
	formatted := format(columns, grid)
	var out []string
	if len(grid) > 1 && !*o.Output.NoHeaders {
		out = append(out, formatted[0])
	}
	formatted = formatted[1:]
	for _, v := range views {
		if v.context != "" {
			out = append(out, "["+v.context+"]")
		}
		if v.err != nil {
			out = append(out, "  unreachable: "+term.Words(v.err.Error()))
		}
		if v.list == nil {
			continue
		}
		if v.context != "" && v.err == nil && len(v.list.Items) == 0 {
			out = append(out, "  no campaigns")
		}
		for i := range v.list.Items {
			out = append(out, formatted[0])
			formatted = formatted[1:]
			out = append(out, o.below(v, &v.list.Items[i])...)
		}
	}
	lines := make([]string, 0, len(out))
	for _, line := range out {
		if command, is := strings.CutPrefix(line, commandIndent); is && width > len(commandIndent)+1 {
			// Half a command is of no use.
			for _, part := range term.Wrap(command, width-len(commandIndent)) {
				lines = append(lines, commandIndent+part)
			}
			continue
		}
		lines = append(lines, term.Shorten(line, width))
	}
	return lines
}

// commandIndent begins the lines that show a command to type.
const commandIndent = "    "

// below are the lines under a campaign's: why runs failed and how to see it, why
// others wait, and with -o wide how far the running ones are.
func (o *Options) below(v *view, c *api.Campaign) []string {
	var out []string
	for _, g := range c.Failures {
		out = append(out,
			fmt.Sprintf("  %d failed: %s (%s)", g.Count, groupReason(&g), g.Example),
			commandIndent+v.Hint().Vast("logs", c.ID+"/"+g.Example))
	}
	for _, g := range c.Waiting {
		out = append(out, "  "+waitingWords(&g))
	}
	if c.Runs.Saving > 0 { // its column may have no room
		out = append(out, fmt.Sprintf("  %d saving: their processes have ended, and their results are being saved", c.Runs.Saving))
	}
	if c.Runs.Missing > 0 && c.State != api.CampaignSubmitting {
		out = append(out, fmt.Sprintf("  %d missing: their Jobs are gone, and how they ended is not known", c.Runs.Missing))
	}
	if c.State == api.CampaignSubmitting {
		out = append(out, fmt.Sprintf("  %d not submitted yet; if the submission was cut short, finish it with:", c.Runs.Missing),
			commandIndent+v.Hint().Vast("campaign", "run", "--resume="+c.ID))
	}
	if !o.Output.Wide() {
		return out
	}
	for i, a := range c.Active {
		if i == shownActive {
			out = append(out, fmt.Sprintf("  ... and %d more that report progress", len(c.Active)-i))
			break
		}
		out = append(out, fmt.Sprintf("  %s: %s", a.Run, cli.ProgressWords(&a.Progress)))
	}
	return out
}

// columns are those that have something to say.
func (o *Options) columns(views []*view) []column {
	number := func(get func(*api.RunCounts) int) func(*api.Campaign) string {
		return func(c *api.Campaign) string { return strconv.Itoa(get(&c.Runs)) }
	}
	some := func(get func(*api.RunCounts) int) bool {
		return slices.ContainsFunc(views, func(v *view) bool {
			return v.list != nil && slices.ContainsFunc(v.list.Items, func(c api.Campaign) bool { return get(&c.Runs) > 0 })
		})
	}
	out := []column{
		{name: "CAMPAIGN", left: true, cell: func(c *api.Campaign) string { return c.ID }, Give: table.ID},
		{name: progressColumn, left: true, cell: func(c *api.Campaign) string { return barOf(&c.Runs, longBar) }, Give: table.Give{Rank: 8, Least: shortBar + 2}},
		{name: "DONE", cell: func(c *api.Campaign) string { return fmt.Sprintf("%d/%d", c.Runs.Done(), c.Runs.Total) }, Give: table.Give{Rank: 12}},
	}
	for _, n := range []struct {
		name   string
		get    func(*api.RunCounts) int
		always bool
		rank   int
	}{
		{"SUCCEEDED", func(n *api.RunCounts) int { return n.Succeeded }, true, 6},
		{"REJECTED", func(n *api.RunCounts) int { return n.Rejected }, false, 5},
		{"FAILED", func(n *api.RunCounts) int { return n.Failed }, true, 11},
		{"STOPPED", func(n *api.RunCounts) int { return n.Stopped }, false, 4},
		{"RUNNING", func(n *api.RunCounts) int { return n.Running }, true, 10},
		{"SAVING", func(n *api.RunCounts) int { return n.Saving }, false, 3},
		{"PENDING", func(n *api.RunCounts) int { return n.Pending }, false, 3},
		{"QUEUED", func(n *api.RunCounts) int { return n.Queued }, true, 7},
		{"MISSING", func(n *api.RunCounts) int { return n.Missing }, false, 5},
	} {
		if n.always || some(n.get) {
			out = append(out, column{name: n.name, cell: number(n.get), Give: table.Give{Rank: n.rank}})
		}
	}
	out = append(out,
		column{name: "RATE", cell: rateWords, Give: table.Give{Rank: 2}},
		column{name: "ETA", cell: o.endWords, Give: table.Give{Rank: 9}},
		column{name: "STATE", left: true, cell: func(c *api.Campaign) string { return string(c.State) }, Give: table.State})
	if o.Output.Wide() || o.Query.AllUsers {
		out = append(out, column{name: "USER", left: true, cell: func(c *api.Campaign) string { return c.User }, Give: table.Give{Rank: 1}})
	}
	if o.Output.Wide() {
		out = append(out, column{name: "QUEUE", left: true, cell: func(c *api.Campaign) string { return c.Queue }, Give: table.Give{Rank: 1}},
			column{name: "IMAGE", left: true, cell: func(c *api.Campaign) string { return c.Image }, Give: table.Give{Rank: 1}})
	}
	return out
}

// barOf shows how much is done. It is full only when all is.
func barOf(n *api.RunCounts, width int) string {
	filled := 0
	if n.Total > 0 {
		filled = min(n.Done()*width/n.Total, width)
	}
	return bar(filled, width)
}

const barFull, barEmpty = "█", "░"

func bar(filled, width int) string {
	return "[" + strings.Repeat(barFull, filled) + strings.Repeat(barEmpty, width-filled) + "]"
}

// rateWords is the pace: "3.2/min", or "14/h" where that is more exact.
func rateWords(c *api.Campaign) string {
	switch r := c.RunsPerMinute; {
	case r == 0:
		return ""
	case r < 0.1:
		return fmt.Sprintf("%.1f/h", r*60)
	case r < 1:
		return fmt.Sprintf("%.0f/h", r*60)
	default:
		return fmt.Sprintf("%.1f/min", r)
	}
}

// endWords is when a campaign has ended or, with a "~", is estimated to end.
func (o *Options) endWords(c *api.Campaign) string {
	at, about := c.EndTime, ""
	if c.ETA != nil {
		at, about = c.ETA, "~"
	}
	if at.IsZero() {
		return ""
	}
	now, then := o.Now(), at.In(o.Now().Location())
	if now.Format(time.DateOnly) == then.Format(time.DateOnly) {
		return about + then.Format("15:04")
	}
	return about + then.Format("Jan 2 15:04")
}
