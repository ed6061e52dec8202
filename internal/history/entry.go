package history

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/text"
	"github.com/kubevast/vast/internal/workflow/record"
)

// Entry is what the index has of a run: what a list shows. Times are Unix times in seconds,
// 0 if there was none.
type Entry struct {
	ID       string `json:"i"`
	Created  int64  `json:"c"`
	Workflow string `json:"w"`
	User     string `json:"u"`
	Phase    string `json:"p"`
	Result   string `json:"r"`
	Reason   string `json:"m,omitempty"`
	RerunOf  string `json:"x,omitempty"`
	StopBy   string `json:"y,omitempty"`
	Group    string `json:"g,omitempty"`
	// Schedule is the value of the label of runs that a schedule has submitted.
	Schedule string `json:"h,omitempty"`
	record.Summary
}

// maxReason limits the Reason of an Entry, in bytes.
const maxReason = 200

// EntryOf returns the entry of a run that has ended.
func EntryOf(r *record.Run) Entry {
	a := r.Object.Annotations
	return Entry{ID: r.ID, Created: r.Object.CreationTimestamp.Unix(), Workflow: r.Workflow, User: r.User,
		Phase: r.Object.Labels[kube.LabelPhase], Result: r.Object.Labels[kube.LabelResult],
		Reason: text.Short(a[kube.AnnotationReason], maxReason), RerunOf: a[kube.AnnotationRerunOf], StopBy: r.StopBy, Group: r.Group,
		Schedule: r.Object.Labels[kube.LabelSchedule],
		Summary:  record.SummaryOf(r.Object)}
}

// Labels are those of the run's ConfigMap.
func (e *Entry) Labels() labels.Set {
	set := labels.Set{kube.LabelKind: kube.KindWorkflow, kube.LabelWorkflow: e.ID, kube.LabelWorkflowName: kube.LabelValue(e.Workflow),
		kube.LabelUser: kube.LabelValue(e.User), kube.LabelManagedBy: kube.ManagedBy, kube.LabelPhase: e.Phase, kube.LabelResult: e.Result}
	if e.Group != "" {
		set[kube.LabelGroup] = kube.LabelValue(e.Group)
	}
	if e.Schedule != "" {
		set[kube.LabelSchedule] = e.Schedule
	}
	return set
}

// lastSecond is the latest time that a position can have.
const lastSecond = 9_999_999_999

// position sorts entries from the newest to the oldest.
func (e *Entry) position() string { return positionAt(e.Created) + "-" + e.ID }

func positionAt(created int64) string { return fmt.Sprintf("%010d", inverted(created)) }

func inverted(created int64) int64 { return min(max(lastSecond-created, 0), lastSecond) }

// compare compares positions.
func (e *Entry) compare(other *Entry) int {
	return cmp.Or(cmp.Compare(inverted(e.Created), inverted(other.Created)), cmp.Compare(e.ID, other.ID))
}

const (
	deltaPrefix = "delta-"
	listPrefix  = "list-"
	goneSuffix  = "-gone"
)

func deltaKey(position string) string { return headDir + deltaPrefix + position }

// isPosition reports whether a text is a position.
func isPosition(s string) bool {
	at, id, ok := strings.Cut(s, "-")
	_, err := strconv.ParseInt(at, 10, 64)
	return ok && err == nil && len(at) == 10 && kube.IsTaskID(id)
}
