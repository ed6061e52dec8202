package run

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/internal/cli/term"
	graph "github.com/kubevast/vast/internal/workflow/draw"
	"github.com/kubevast/vast/sdk/api"
)

// redraw is how often durations are drawn again.
const redraw = time.Second

// draw shows the tasks of a run with their states, drawn in place, until it has ended.
func draw(ctx context.Context, f *cli.Factory, client cli.Client, ref string) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	type change struct {
		run *api.WorkflowRun
		err error
	}
	changes := make(chan change)
	go func() {
		defer close(changes)
		for r, err := range client.Workflows().Watch(ctx, ref) {
			select {
			case changes <- change{r, err}:
			case <-ctx.Done():
				return
			}
		}
	}()
	screen, tick := f.Screen(), time.NewTicker(redraw)
	defer tick.Stop()
	var last *api.WorkflowRun
	for {
		select {
		case c, more := <-changes:
			if !more {
				if last != nil && last.Ended() {
					return code(last)
				}
				return context.Cause(ctx)
			}
			if c.err != nil {
				return c.err
			}
			last = c.run
		case <-tick.C:
		}
		if last == nil {
			continue
		}
		_, height := screen.Size()
		if err := screen.Draw(drawing(f, last, height-1)); err != nil {
			return err
		}
	}
}

// drawing returns a run as at most height lines. If there is no room for all tasks, those that
// run, wait or have failed come first.
func drawing(f *cli.Factory, r *api.WorkflowRun, height int) []string {
	state := r.Phase
	if result := shownResult(r); result != "" {
		state += ", " + result
	}
	if r.Reason != "" {
		state += ": " + r.Reason
	}
	out := []string{fmt.Sprintf("Run %s (%s): %s", r.ID, term.Words(r.WorkflowName), term.Words(state)),
		fmt.Sprintf("%d of %d tasks ended, %d failed, %d running", ended(r), r.NumTasks, r.Failed, r.Running)}
	g := graph.Graph{Tasks: make([]graph.Task, len(r.Tasks))}
	for i := range r.Tasks {
		t := &r.Tasks[i]
		g.Tasks[i] = graph.Task{Name: t.Name, Depends: map[string][]string{}}
		for _, d := range t.Depends {
			g.Tasks[i].Depends[d] = nil
		}
	}
	rows := graph.Tree(g)
	room := max(height-len(out), 1)
	omitted := 0
	if len(rows) > room {
		rows, omitted = choose(r, rows, room-1)
	}
	width := 0
	for _, row := range rows {
		width = max(width, len([]rune(row.Prefix))+len(g.Tasks[row.Task].Name))
	}
	width = min(width, maxName)
	for _, row := range rows {
		t := &r.Tasks[row.Task]
		name := row.Prefix + t.Name
		line := name + strings.Repeat(" ", max(width-len([]rune(name)), 0)) + fmt.Sprintf("  %-9s", shownStatus(t))
		if t.StartTime != nil {
			line += "  " + f.Lasted(t.StartTime, t.EndTime)
		}
		if t.Attempt > 1 {
			line += fmt.Sprintf("  attempt %d", t.Attempt)
		}
		if t.Reason != "" {
			line += "  " + term.Words(t.Reason)
		}
		if len(row.Also) > 0 && t.Status == "notstarted" {
			line += "  after " + joined(row.Also)
		}
		out = append(out, strings.TrimRight(line, " "))
	}
	if omitted > 0 {
		out = append(out, fmt.Sprintf("... and %d other tasks", omitted))
	}
	return out
}

// maxName is how wide the column of names is at most; a longer name moves its line.
const maxName = 48

// choose returns the rows of a drawing for which there is room, in their order: of the tasks
// that are at work first, then of those that failed, and then of the others.
func choose(r *api.WorkflowRun, rows []graph.Row, room int) (shown []graph.Row, omitted int) {
	taken := make([]bool, len(rows))
	left := max(room, 0)
	for _, of := range []func(*api.WorkflowTask) bool{
		func(t *api.WorkflowTask) bool {
			return t.Status == "running" || t.WaitingApproval || t.Scheduled && t.Status == "notstarted"
		},
		func(t *api.WorkflowTask) bool { return t.Status == "failed" },
		func(t *api.WorkflowTask) bool { return t.Status == "notstarted" },
		func(*api.WorkflowTask) bool { return true },
	} {
		for i, row := range rows {
			if left > 0 && !taken[i] && of(&r.Tasks[row.Task]) {
				taken[i] = true
				left--
			}
		}
	}
	for i, row := range rows {
		if taken[i] {
			shown = append(shown, row)
		}
	}
	return slices.Clip(shown), len(rows) - len(shown)
}
