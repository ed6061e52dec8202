package cmd

import (
	"strconv"

	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/sdk/api"
)

// table shows tasks in at most the terminal's width: what does not fit is cut
// from the reason first, then from the name, never from an id.
func (o *listOptions) table(tasks []api.TaskStatus) runtime.Object {
	t := o.emptyTable()
	for i := range tasks {
		o.addRow(t, &tasks[i])
	}
	if o.output.PlainTable() {
		t.Fit(o.Width(), o.output.Wide(),
			cli.Flexible{Column: "Reason", Least: 24},
			cli.Flexible{Column: "Progress", Least: 16},
			cli.Flexible{Column: "Image", Least: 16, Middle: true},
			cli.Flexible{Column: "Name", Least: 16, Middle: true},
			cli.Flexible{Column: "Reason", Least: 10},
			cli.Flexible{Column: "Name", Least: 8, Middle: true})
	}
	return &t.Table
}

func (o *listOptions) emptyTable() *cli.Table {
	t := &cli.Table{}
	if o.query.AllNamespaces {
		t.Column("Namespace", false)
	}
	t.Column("ID", false)
	t.Column("Name", false)
	t.Column("State", false)
	t.Column("Nodes", false)
	t.Column("Age", false)
	t.Column("Duration", true)
	t.Column("Progress", true)
	t.Column("User", !o.query.AllUsers)
	t.Column("Queue", true)
	t.Column("Image", true)
	t.Column("Job", true)
	t.Column("Reason", false)
	return t
}

func (o *listOptions) addRow(t *cli.Table, task *api.TaskStatus) {
	var cells []any
	if o.query.AllNamespaces {
		cells = append(cells, task.Namespace)
	}
	t.Row(task, append(cells,
		task.ID,
		task.TaskName,
		shownState(task),
		strconv.Itoa(task.NumNodes),
		o.Age(task.CreationTimestamp),
		o.Lasted(task.StartTime, task.EndTime),
		progressWords(task.Progress),
		task.User,
		task.Queue,
		task.Image,
		task.Name,
		shortReason(task),
	)...)
}

// shownState is the state, or that the task is being removed.
func shownState(t *api.TaskStatus) string {
	if !t.DeletionTimestamp.IsZero() {
		return "Deleting"
	}
	return string(t.State)
}

// shortReason is a reason where something is not as one would wish.
func shortReason(t *api.TaskStatus) string {
	if t.State == api.Succeeded {
		return ""
	}
	return t.Reason
}
