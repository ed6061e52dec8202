package task

import (
	"slices"
	"strconv"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/internal/cli/table"
	"github.com/kubevast/vast/sdk/api"
)

func (o *listOptions) table(tasks []api.TaskStatus) *table.Table {
	return table.Of(o.columns(), tasks)
}

func (o *listOptions) columns() table.Columns[api.TaskStatus] {
	type task = api.TaskStatus
	columns := table.Columns[task]{
		{Name: "ID", Text: func(t *task) string { return t.ID }, Give: table.ID},
		{Name: "Name", Text: func(t *task) string { return t.TaskName }, Give: table.Give{Rank: 5, Least: 16, Middle: true}},
		{Name: "State", Text: shownState, Order: table.By(stateOrder), Give: table.State},
		{Name: "Nodes", Text: func(t *task) string { return strconv.Itoa(t.NumNodes) },
			Order: table.By(func(t *task) int { return t.NumNodes }), Give: table.Give{Rank: 1}},
		{Name: "Age", Text: func(t *task) string { return o.Age(t.CreationTimestamp) },
			Order: table.ByAge(func(t *task) *metav1.Time { return &t.CreationTimestamp }), Give: table.Give{Rank: 2}},
		{Name: "Duration", Wide: true, Text: func(t *task) string { return o.Lasted(t.StartTime, t.EndTime) },
			Order: table.By(func(t *task) int64 { return int64(o.LastedFor(t.StartTime, t.EndTime)) })},
		{Name: "Progress", Wide: true, Text: func(t *task) string { return cli.ProgressWords(t.Progress) }},
		{Name: "User", Wide: !o.query.AllUsers, Text: func(t *task) string { return t.User }, Give: table.Give{Rank: 4, Least: 8, Middle: true}},
		{Name: "Queue", Wide: true, Text: func(t *task) string { return t.Queue }},
		{Name: "Image", Wide: true, Text: func(t *task) string { return t.Image }},
		{Name: "Job", Wide: true, Text: func(t *task) string { return t.Name }},
		{Name: "Reason", Text: shortReason, Give: table.Give{Rank: 3, Least: 16}},
	}
	if o.query.AllNamespaces {
		columns = slices.Insert(columns, 0, table.Column[task]{Name: "Namespace",
			Text: func(t *task) string { return t.Namespace }, Give: table.Give{Rank: 6, Least: 12, Middle: true}})
	}
	return columns
}

func stateOrder(t *api.TaskStatus) int { return slices.Index(api.States, t.State) }

// shownState is the state, or that the task is being removed.
func shownState(t *api.TaskStatus) string {
	if !t.DeletionTimestamp.IsZero() {
		return "Deleting"
	}
	return string(t.State)
}

// shortReason is a reason where something is not normal.
func shortReason(t *api.TaskStatus) string {
	if t.State == api.Succeeded {
		return ""
	}
	return t.Reason
}
