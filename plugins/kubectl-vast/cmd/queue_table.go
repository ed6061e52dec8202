package cmd

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/duration"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/sdk/api"
)

// table shows what waits in at most the terminal's width: what does not fit is
// cut from the reason first, then from the names.
func (o *queueListOptions) table(tasks []api.QueuedTask) runtime.Object {
	t := &cli.Table{}
	if o.query.AllNamespaces {
		t.Column("Namespace", false)
	}
	for _, name := range []string{"Position", "ID", "Name"} {
		t.Column(name, false)
	}
	t.Column("User", !o.query.AllUsers)
	t.Column("Queue", !several(tasks))
	t.Column("Priority", !o.query.AllUsers)
	for _, name := range []string{"CPU", "Memory"} {
		t.Column(name, false)
	}
	t.Column("GPU", !slices.ContainsFunc(tasks, func(t api.QueuedTask) bool { return gpus(&t) != "" }))
	for _, name := range []string{"Waiting", "Starts (est.)", "Reason"} {
		t.Column(name, false)
	}
	for i := range tasks {
		o.addRow(t, &tasks[i])
	}
	if o.output.PlainTable() {
		t.Fit(o.Width(), o.output.Wide(),
			cli.Flexible{Column: "Reason", Least: 30},
			cli.Flexible{Column: "Name", Least: 16, Middle: true},
			cli.Flexible{Column: "User", Least: 12, Middle: true},
			cli.Flexible{Column: "Namespace", Least: 12, Middle: true},
			cli.Flexible{Column: "Reason", Least: 16},
			cli.Flexible{Column: "Name", Least: 8, Middle: true},
			cli.Flexible{Column: "Reason", Least: 10})
	}
	return &t.Table
}

func (o *queueListOptions) addRow(t *cli.Table, task *api.QueuedTask) {
	var cells []any
	if o.query.AllNamespaces {
		cells = append(cells, task.Namespace)
	}
	t.Row(task, append(cells,
		position(task.Position), dash(task.ID), shownName(task), task.User, task.Queue,
		strconv.Itoa(int(task.Priority)),
		task.Requests["cpu"], task.Requests["memory"], gpus(task),
		o.Age(task.Since), o.starts(task), wholeReason(task))...)
}

// several reports more than one queue.
func several(tasks []api.QueuedTask) bool {
	return slices.ContainsFunc(tasks, func(t api.QueuedTask) bool { return t.Queue != tasks[0].Queue })
}

func position(n int) string {
	if n == 0 {
		return "-"
	}
	return strconv.Itoa(n)
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// shownName is the task's, or what else waits.
func shownName(t *api.QueuedTask) string {
	if t.ID == "" {
		return t.Owner
	}
	return t.TaskName
}

// gpus are the devices that are asked for: whatever resource has a vendor.
func gpus(t *api.QueuedTask) string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(t.Requests)) {
		if strings.Contains(name, "/") {
			all = append(all, t.Requests[name]+" "+name)
		}
	}
	return strings.Join(all, ", ")
}

// starts is the estimate, "~5m" from now.
func (o *queueListOptions) starts(t *api.QueuedTask) string { return startsIn(t, o.Now()) }

func startsIn(t *api.QueuedTask, now time.Time) string {
	if t.EstimatedStart == nil {
		return ""
	}
	return "~" + duration.HumanDuration(max(t.EstimatedStart.Sub(now), time.Second))
}

// wholeReason adds why it was put back.
func wholeReason(t *api.QueuedTask) string {
	if t.Evicted == "" {
		return t.Reason
	}
	return t.Evicted + "; " + t.Reason
}
