package queue

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/duration"

	"github.com/kubevast/vast/internal/cli/table"
	"github.com/kubevast/vast/sdk/api"
)

func (o *listOptions) table(tasks []api.QueuedTask) *table.Table {
	return table.Of(o.columns(tasks), tasks)
}

// columns are those of a table of these tasks: what is the same for all is in the
// wide one only.
func (o *listOptions) columns(tasks []api.QueuedTask) table.Columns[api.QueuedTask] {
	type task = api.QueuedTask
	request := func(name string) func(*task) string {
		return func(t *task) string { return t.Requests[name] }
	}
	columns := table.Columns[task]{
		{Name: "Position", Text: func(t *task) string { return position(t.Position) },
			Order: func(a, b *task) int { return cmp.Compare(placed(a), placed(b)) }},
		{Name: "ID", Text: func(t *task) string { return dash(t.ID) }, Give: table.ID},
		{Name: "Name", Text: shownName, Give: table.Give{Rank: 9, Least: 16, Middle: true}},
		{Name: "User", Wide: !o.query.AllUsers, Text: func(t *task) string { return t.User }, Give: table.Give{Rank: 5, Least: 8, Middle: true}},
		{Name: "Queue", Wide: !several(tasks), Text: func(t *task) string { return t.Queue }, Give: table.Give{Rank: 6, Least: 10, Middle: true}},
		{Name: "Priority", Wide: !o.query.AllUsers, Text: func(t *task) string { return strconv.Itoa(int(t.Priority)) },
			Order: table.By(func(t *task) int32 { return t.Priority }), Give: table.Give{Rank: 1}},
		{Name: "CPU", Text: request("cpu"), Order: table.ByQuantity(request("cpu")), Give: table.Give{Rank: 3}},
		{Name: "Memory", Text: request("memory"), Order: table.ByQuantity(request("memory")), Give: table.Give{Rank: 2}},
		{Name: "GPU", Wide: !slices.ContainsFunc(tasks, func(t task) bool { return gpus(&t) != "" }), Text: gpus, Give: table.Give{Rank: 4, Least: 12}},
		{Name: "Waiting", Text: func(t *task) string { return o.Age(t.Since) },
			Order: table.ByAge(func(t *task) *metav1.Time { return &t.Since }), Give: table.Give{Rank: 7}},
		{Name: "Starts (est.)", Text: o.starts,
			Order: table.ByTime(func(t *task) *metav1.Time { return t.EstimatedStart }), Give: table.Give{Rank: 2}},
		{Name: "Reason", Text: wholeReason, Give: table.Give{Rank: 8, Least: 16}},
	}
	if o.query.AllNamespaces {
		columns = slices.Insert(columns, 0, table.Column[task]{Name: "Namespace",
			Text: func(t *task) string { return t.Namespace }, Give: table.Give{Rank: 10, Least: 12, Middle: true}})
	}
	return columns
}

// placed is the position; what has none comes last.
func placed(t *api.QueuedTask) int {
	if t.Position == 0 {
		return math.MaxInt
	}
	return t.Position
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
func (o *listOptions) starts(t *api.QueuedTask) string { return startsIn(t, o.Now()) }

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
