package cli

import (
	"fmt"
	"io"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/duration"

	"github.com/kubevast/vast/internal/cli/command"
	"github.com/kubevast/vast/internal/cli/table"
	"github.com/kubevast/vast/sdk/api"
)

// Age is how long ago something was, as kubectl writes it.
func (f *Factory) Age(t metav1.Time) string {
	if t.IsZero() {
		return "<unknown>"
	}
	return duration.HumanDuration(f.Now().Sub(t.Time))
}

// Lasted is the time between two moments, until now when there is no second;
// empty when there is no first.
func (f *Factory) Lasted(from, to *metav1.Time) string {
	if from.IsZero() {
		return ""
	}
	return duration.HumanDuration(f.LastedFor(from, to))
}

// LastedFor is that time; 0 when there is no first moment.
func (f *Factory) LastedFor(from, to *metav1.Time) time.Duration {
	if from.IsZero() {
		return 0
	}
	end := f.Now()
	if !to.IsZero() {
		end = to.Time
	}
	return max(end.Sub(from.Time), 0)
}

// EndReport returns a line about a task that ended: the state, the duration, and the
// reason if it did not succeed; and a second line with what to do next.
func (f *Factory) EndReport(t *api.TaskStatus) string {
	line := fmt.Sprintf("Task %s %s", t.ID, strings.ToLower(string(t.State)))
	if d := f.Lasted(t.StartTime, t.EndTime); d != "" {
		line += " after " + d
	}
	reason, hint := t.Reason, ""
	if d := t.Diagnosis; d != nil {
		hint = command.Advised(f.Hint(), d.Hint, d.Remedies)
		if reason == "" {
			reason = d.Message
		}
	}
	fetch := ""
	if t.Kept != "" {
		fetch = "Fetch its results with: " + f.Hint().Vast("results", "download", t.ID)
	}
	switch {
	case t.State == api.Succeeded:
		return joinLines(line, fetch)
	case t.State == api.Stopped && t.StoppedBy != "":
		return joinLines(line+" by "+t.StoppedBy, fetch)
	case reason != "":
		line += ": " + reason
	}
	if hint == "" {
		hint = "See more with: " + f.Hint().Vast("status", t.ID)
	}
	return joinLines(line, hint)
}

// joinLines appends an indented line, unless it is empty.
func joinLines(line, next string) string {
	if next == "" {
		return line
	}
	return line + "\n  " + next
}

// Progress returns a function for WaitOptions.Notify that prints each change of state
// or reason once.
func (f *Factory) Progress() func(*api.TaskStatus) {
	last := ""
	return func(t *api.TaskStatus) {
		line := "Task " + t.ID + " " + strings.ToLower(string(t.State))
		if t.Reason != "" {
			line += ": " + t.Reason
		}
		if t.Saving {
			line = "Task " + t.ID + " has ended; saving its results"
		}
		if line != last && (t.Saving || !t.State.Ended()) {
			f.Notef("%s", line)
		}
		last = line
	}
}

// Timeout reads a duration as kubectl's flags take it: "30s", "2h", and "7d"
// besides.
type Timeout time.Duration

func (t *Timeout) String() string { return time.Duration(*t).String() }

// Type implements pflag.Value.
func (t *Timeout) Type() string { return "duration" }

// Set implements pflag.Value.
func (t *Timeout) Set(text string) error {
	days, isDays := strings.CutSuffix(text, "d")
	if isDays {
		text = days + "h"
	}
	d, err := time.ParseDuration(text)
	switch {
	case err != nil:
		return Usagef("must be a duration such as 90s, 15m, 2h or 7d")
	case d < 0:
		return Usagef("must not be negative")
	}
	if isDays {
		d *= 24
	}
	*t = Timeout(d)
	return nil
}

// WriteTable writes a table that fits the width of the terminal.
func WriteTable(f *Factory, out io.Writer, table *table.TextTable) {
	for _, line := range table.Lines(f.Width()) {
		fmt.Fprintln(out, line)
	}
}

// Moment returns a time with its age; empty for no time.
func Moment(f *Factory, t *metav1.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Local().Format(time.DateTime) + " (" + f.Age(*t) + " ago)"
}
