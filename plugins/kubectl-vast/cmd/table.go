package cmd

import (
	"slices"
	"strconv"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/sdk/api"
)

func (o *listOptions) table(tasks []api.TaskStatus) *cli.Table {
	columns := o.columns()
	t := columns.Table()
	for i := range tasks {
		columns.Add(t, &tasks[i], &tasks[i])
	}
	return t
}

func (o *listOptions) columns() cli.Columns[api.TaskStatus] {
	type task = api.TaskStatus
	columns := cli.Columns[task]{
		{Name: "ID", Text: func(t *task) string { return t.ID }, Give: cli.ID},
		{Name: "Name", Text: func(t *task) string { return t.TaskName }, Give: cli.Give{Rank: 5, Least: 16, Middle: true}},
		{Name: "State", Text: shownState, Order: cli.By(stateOrder), Give: cli.State},
		{Name: "Nodes", Text: func(t *task) string { return strconv.Itoa(t.NumNodes) },
			Order: cli.By(func(t *task) int { return t.NumNodes }), Give: cli.Give{Rank: 1}},
		{Name: "Age", Text: func(t *task) string { return o.Age(t.CreationTimestamp) },
			Order: cli.ByAge(func(t *task) *metav1.Time { return &t.CreationTimestamp }), Give: cli.Give{Rank: 2}},
		{Name: "Duration", Wide: true, Text: func(t *task) string { return o.Lasted(t.StartTime, t.EndTime) },
			Order: cli.By(func(t *task) int64 { return int64(o.LastedFor(t.StartTime, t.EndTime)) })},
		{Name: "Progress", Wide: true, Text: func(t *task) string { return progressWords(t.Progress) }},
		{Name: "User", Wide: !o.query.AllUsers, Text: func(t *task) string { return t.User }, Give: cli.Give{Rank: 4, Least: 8, Middle: true}},
		{Name: "Queue", Wide: true, Text: func(t *task) string { return t.Queue }},
		{Name: "Image", Wide: true, Text: func(t *task) string { return t.Image }},
		{Name: "Job", Wide: true, Text: func(t *task) string { return t.Name }},
		{Name: "Reason", Text: shortReason, Give: cli.Give{Rank: 3, Least: 16}},
	}
	if o.query.AllNamespaces {
		columns = slices.Insert(columns, 0, cli.Column[task]{Name: "Namespace",
			Text: func(t *task) string { return t.Namespace }, Give: cli.Give{Rank: 6, Least: 12, Middle: true}})
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

// shortReason is a reason where something is not as one would wish.
func shortReason(t *api.TaskStatus) string {
	if t.State == api.Succeeded {
		return ""
	}
	return t.Reason
}
