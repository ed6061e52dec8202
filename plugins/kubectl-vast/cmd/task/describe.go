package task

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"k8s.io/cli-runtime/pkg/printers"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/internal/cli/command"
	"github.com/kubevast/vast/internal/cli/table"
	"github.com/kubevast/vast/internal/cli/term"
	"github.com/kubevast/vast/sdk/api"
)

// shownEvents is how many events are shown, the latest ones.
const shownEvents = 8

// describe prints a task for people to read.
func describe(f *cli.Factory, t *api.TaskStatus) error {
	var text bytes.Buffer
	describeHead(f, &text, t)
	describeNodes(f, &text, t.Nodes)
	describeEvents(f, &text, t.Events)
	describeNext(f, &text, t)
	// Messages come from the cluster and from programs in it.
	return term.WriteText(f.Out, text.String())
}

func describeHead(f *cli.Factory, out io.Writer, t *api.TaskStatus) {
	w := printers.GetNewTabWriter(out)
	row := func(name, value string) {
		if value != "" {
			fmt.Fprintf(w, "%s:\t%s\n", name, term.Words(value))
		}
	}
	row("ID", t.ID)
	row("Name", t.TaskName)
	row("State", shownState(t))
	diagnosis := cmp.Or(t.Diagnosis, &api.Diagnosis{})
	row("Reason", cmp.Or(diagnosis.Message, t.Reason))
	row("Hint", command.Advised(f.Hint(), diagnosis.Hint, diagnosis.Remedies))
	row("Progress", progressSeen(f, t))
	row("Broken", cli.BrokenWords(t.Progress))
	row("User", t.User)
	row("Namespace", t.Namespace)
	row("Job", t.Name)
	row("Image", t.Image)
	row("Nodes", fmt.Sprint(t.NumNodes))
	row("Per node", resources(t.Resources))
	row("Queue", queueWords(t))
	created := t.CreationTimestamp
	row("Submitted", cli.Moment(f, &created))
	row("Started", cli.Moment(f, t.StartTime))
	row("Ended", cli.Moment(f, t.EndTime))
	row("Duration", f.Lasted(t.StartTime, t.EndTime))
	row("Stopped by", t.StoppedBy)
	row("Kept", keptWords(t))
	_ = w.Flush()
}

func keptWords(t *api.TaskStatus) string {
	if t.Saving {
		return t.Kept + " (is being saved)"
	}
	return t.Kept
}

// progressSeen is the progress, with its age where that is useful.
func progressSeen(f *cli.Factory, t *api.TaskStatus) string {
	words := cli.ProgressWords(t.Progress)
	if words == "" || t.State.Ended() || t.Progress.Time.IsZero() {
		return words
	}
	return words + " (" + f.Age(t.Progress.Time) + " ago)"
}

// queueWords is the queue, with the position in it.
func queueWords(t *api.TaskStatus) string {
	if t.QueuePosition == 0 {
		return t.Queue
	}
	return fmt.Sprintf("%s, position %d", t.Queue, t.QueuePosition)
}

func resources(r api.NodeResources) string {
	var parts []string
	if r.CPU != "" {
		parts = append(parts, r.CPU+" CPU")
	}
	if r.Memory != "" {
		parts = append(parts, r.Memory+" memory")
	}
	if r.GPU != "" {
		parts = append(parts, r.GPU)
	}
	return strings.Join(parts, ", ")
}

func describeNodes(f *cli.Factory, out io.Writer, nodes []api.NodeStatus) {
	if len(nodes) == 0 {
		return
	}
	fmt.Fprintln(out, "\nNodes:")
	rows := &table.TextTable{Indent: "  "}
	rows.Column("Node", table.ID)
	rows.Column("State", table.State)
	rows.Column("Exit", table.Give{Rank: 4})
	rows.Column("Duration", table.Give{Rank: 3})
	rows.Column("Machine", table.Give{Rank: 2, Least: 12, Middle: true})
	rows.Column("Pod", table.Give{Rank: 1, Least: 16, Middle: true})
	rows.Column("Reason", table.Give{})
	for _, n := range nodes {
		exit := "-"
		if n.ExitCode != nil {
			exit = fmt.Sprint(*n.ExitCode)
		}
		rows.Row(fmt.Sprint(n.Rank), string(n.State), exit,
			cmp.Or(f.Lasted(n.StartTime, n.EndTime), "-"), cmp.Or(n.KubernetesNode, "-"), cmp.Or(n.Pod, "-"), term.Words(n.Reason))
	}
	cli.WriteTable(f, out, rows)
	for _, n := range nodes {
		if len(n.ByOthers) > 0 {
			fmt.Fprintf(out, "  The pod of node %d is not as it was submitted: %s\n", n.Rank, term.Words(strings.Join(n.ByOthers, "; ")))
		}
	}
}

func describeEvents(f *cli.Factory, out io.Writer, events []api.Event) {
	if len(events) == 0 {
		return
	}
	events = slices.SortedStableFunc(slices.Values(events), func(a, b api.Event) int { return a.Time.Compare(b.Time.Time) })
	note := ""
	if len(events) > shownEvents {
		note = fmt.Sprintf(" (the last %d of %d)", shownEvents, len(events))
		events = events[len(events)-shownEvents:]
	}
	fmt.Fprintf(out, "\nEvents%s:\n", note)
	rows := &table.TextTable{Indent: "  "}
	rows.Column("Age", table.Give{})
	rows.Column("Type", table.Give{Rank: 2})
	rows.Column("Reason", table.Give{})
	rows.Column("Object", table.Give{Rank: 1, Least: 16, Middle: true})
	rows.Column("Message", table.Give{})
	for _, e := range events {
		age := f.Age(e.Time)
		if e.Count > 1 {
			age += fmt.Sprintf(" (x%d)", e.Count)
		}
		rows.Row(age, e.Type, e.Reason, e.Object, term.Words(e.Message))
	}
	cli.WriteTable(f, out, rows)
}

func describeNext(f *cli.Factory, out io.Writer, t *api.TaskStatus) {
	w, say := printers.GetNewTabWriter(out), f.Hint()
	if t.Namespace != "" {
		say = say.In(t.Namespace)
	}
	fmt.Fprintln(w, "\nHow to go on:")
	if t.State.Ended() {
		fmt.Fprintf(w, "  %s\tread its logs\n", say.Vast("logs", t.ID))
		if t.Kept != "" {
			fmt.Fprintf(w, "  %s\tfetch its results\n", say.Vast("results", "download", t.ID))
		}
		if t.UID != "" {
			fmt.Fprintf(w, "  %s\tremove it; its results stay\n", say.Vast("delete", t.ID))
		} else { // its Job is gone, and only the store has it
			fmt.Fprintf(w, "  %s\tremove its results\n", say.Vast("results", "delete", t.ID))
		}
	} else {
		fmt.Fprintf(w, "  %s\tfollow its logs\n", say.Vast("logs", t.ID, "-f"))
		fmt.Fprintf(w, "  %s\tstop it\n", say.Vast("stop", t.ID))
	}
	_ = w.Flush()
}
