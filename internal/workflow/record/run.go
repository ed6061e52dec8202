package record

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/internal/workflow"
	"github.com/kubevast/vast/sdk/api"
)

// The keys of the data of a run's ConfigMaps.
const (
	stateKey = "state"
	partKey  = "part"
	// eventsKey is that of the last events.
	eventsKey = "events"
	// problemsKey is that of the text data of a run whose setup failed.
	problemsKey = "problems"
)

// maxState bounds what the state is decompressed to.
const maxState = 256 << 20

// What happens to a run of a concurrency group if another one has not ended.
const (
	PolicyQueue  = "queue"
	PolicyCancel = "cancel-previous"
	PolicyReject = "reject"
)

// Run is a run as its ConfigMap has it.
type Run struct {
	// ID is the id of the run, Name that of the ConfigMap.
	ID, Name, Namespace string
	UID                 types.UID
	ResourceVersion     string
	// Workflow is the name of the workflow, User the exact name of who submitted it.
	Workflow, User string
	// Parts is the number of parts of the specification, 0 while it is being submitted.
	Parts int
	// Driver is the holder of the Lease that wrote last.
	Driver string
	// StopBy is the user who stopped the run, empty for none.
	StopBy string
	// StopAll: it was stopped again.
	StopAll bool
	State   workflow.State
	// Events are the last events, oldest first, up to State.Sequence.
	Events []workflow.Event
	// Delivery is which events were delivered, and Redeliver the last request to deliver some
	// again; see kube.AnnotationRedeliver.
	Delivery  Delivery
	Redeliver string
	// Submitter is the name of the user who submitted it at the API server.
	Submitter string
	// Group is the concurrency group, empty for none. Policy is what happens if another run
	// of it has not ended: one of the Policy constants.
	Group, Policy string
	// Schedule is the name of the schedule that made it, and Template the id of the template
	// that it was made from; empty for none.
	Schedule, Template string
	// Problems are why the phase is setuperror.
	Problems []api.Problem
	// Past: it was read from the history, and its objects are gone.
	Past bool
	// Object is the ConfigMap without its data.
	Object metav1.ObjectMeta
}

// Summary is what a list shows of a run besides its labels.
type Summary struct {
	// Tasks is the number of tasks; the others are how many of them are in a state.
	Tasks   int `json:"tasks"`
	Success int `json:"success,omitempty"`
	Failed  int `json:"failed,omitempty"`
	Running int `json:"running,omitempty"`
	Waiting int `json:"waiting,omitempty"` // for approval
	// Others are skipped, cancelled or stopped.
	Others int `json:"others,omitempty"`
	// Started and Ended are Unix times in seconds, 0 if not yet.
	Started int64 `json:"started,omitempty"`
	Ended   int64 `json:"ended,omitempty"`
}

// Summarize counts the tasks of a state. total is the number of tasks of the workflow.
func Summarize(s workflow.State, total int) Summary {
	out := Summary{Tasks: total, Started: s.Started, Ended: s.Ended}
	for _, t := range s.Tasks {
		switch t.Status {
		case workflow.StatusSuccess:
			out.Success++
		case workflow.StatusFailed:
			out.Failed++
		case workflow.StatusRunning:
			out.Running++
		case workflow.StatusSkipped, workflow.StatusCancelled, workflow.StatusStopped:
			out.Others++
		default:
			if t.WaitingApproval {
				out.Waiting++
			}
		}
	}
	return out
}

// FromObject reads a run's ConfigMap.
func FromObject(cm *corev1.ConfigMap) (*Run, error) {
	r, err := FromMeta(cm.ObjectMeta)
	if err != nil {
		return nil, err
	}
	if data := cm.BinaryData[stateKey]; len(data) > 0 {
		if err := Unpack(data, maxState, &r.State); err != nil {
			return nil, fmt.Errorf("the state of run %s: %w", r.ID, err)
		}
	}
	if data := cm.BinaryData[eventsKey]; len(data) > 0 {
		if err := Unpack(data, maxState, &r.Events); err != nil {
			return nil, fmt.Errorf("the events of run %s: %w", r.ID, err)
		}
	}
	if text := cm.Data[problemsKey]; text != "" {
		if err := json.Unmarshal([]byte(text), &r.Problems); err != nil {
			return nil, fmt.Errorf("the problems of run %s: %w", r.ID, err)
		}
	}
	return r, nil
}

// FromMeta reads what the metadata of a run's ConfigMap has.
func FromMeta(m metav1.ObjectMeta) (*Run, error) {
	id := m.Labels[kube.LabelWorkflow]
	if m.Labels[kube.LabelKind] != kube.KindWorkflow || id == "" || m.Name != kube.RunName(id) {
		return nil, fmt.Errorf("ConfigMap %q is not a run", m.Name)
	}
	r := &Run{ID: id, Name: m.Name, Namespace: m.Namespace, UID: m.UID, ResourceVersion: m.ResourceVersion,
		Workflow: m.Annotations[kube.AnnotationWorkflow], User: m.Annotations[kube.AnnotationUser],
		Driver: m.Annotations[kube.AnnotationDriver], StopBy: m.Annotations[kube.AnnotationStop], StopAll: m.Annotations[kube.AnnotationStopAll] != "", Object: m,
		Submitter: m.Annotations[kube.AnnotationSubmitter], Group: m.Annotations[kube.AnnotationGroup], Policy: m.Annotations[kube.AnnotationPolicy],
		Schedule: m.Annotations[kube.AnnotationSchedule], Template: m.Annotations[kube.AnnotationTemplate]}
	r.Object.ManagedFields = nil
	r.Redeliver = m.Annotations[kube.AnnotationRedeliver]
	_ = json.Unmarshal([]byte(m.Annotations[kube.AnnotationDelivery]), &r.Delivery) // one that was changed by hand: all are delivered again
	if text := m.Annotations[kube.AnnotationParts]; text != "" {
		var err error
		if r.Parts, err = strconv.Atoi(text); err != nil || r.Parts < 1 {
			return nil, fmt.Errorf("run %s has the annotation %s=%q, which is not a number of parts", id, kube.AnnotationParts, text)
		}
	}
	return r, nil
}

// SummaryOf reads the summary in the metadata of a run's ConfigMap. One that is missing or
// was changed by hand is empty.
func SummaryOf(m metav1.ObjectMeta) Summary {
	var s Summary
	_ = json.Unmarshal([]byte(m.Annotations[kube.AnnotationRunSummary]), &s)
	return s
}

// Fields returns what a state sets in a run's ConfigMap: a merge patch of it, which applies
// to the resourceVersion that was read. driver is the holder of the Lease.
func Fields(r *Run, s workflow.State, g *workflow.Workflow, driver string) (map[string]any, error) {
	data, err := Pack(s)
	if err != nil {
		return nil, err
	}
	if len(data) > PartSize {
		return nil, fmt.Errorf("the state of run %s has %d bytes, and %d are allowed", r.ID, len(data), PartSize)
	}
	summary, err := json.Marshal(Summarize(s, len(g.Tasks)))
	if err != nil {
		return nil, err
	}
	waiting, err := waitingIn(g, s)
	if err != nil {
		return nil, err
	}
	return map[string]any{
		"metadata": map[string]any{
			"uid": r.UID, "resourceVersion": r.ResourceVersion,
			"labels": map[string]any{kube.LabelPhase: s.Phase.String(), kube.LabelResult: s.Result.String()},
			"annotations": map[string]any{kube.AnnotationRunSummary: string(summary), kube.AnnotationDriver: driver,
				kube.AnnotationWaiting: waiting},
		},
		"binaryData": map[string]any{stateKey: data},
	}, nil
}

// New describes a run that is created.
type New struct {
	ID, Namespace, Workflow, User, Creator string
	// Identity is a hash of what the run does; see kube.AnnotationSpecHash.
	Identity string
	Tasks    int
	// RerunOf is the run that this one is a rerun of, and State what it keeps of that; empty
	// for none.
	RerunOf string
	State   workflow.State
	// Kept: results and logs of its tasks are stored.
	Kept bool
	// Submitter, Group and Policy are as in Run.
	Submitter, Group, Policy string
	// Schedule is the name of the schedule that made the run, and Template the id of the
	// template that it was made from; empty for none.
	Schedule, Template string
	// Submitted is when the submission began; zero if nothing of the run depends on it.
	Submitted time.Time
	// Webhooks are those whose Secrets the driver's pod has.
	Webhooks []Webhook
}

// Object returns the ConfigMap of a run whose submission has begun.
func (n New) Object() (*corev1.ConfigMap, error) {
	summary, err := json.Marshal(Summarize(n.State, n.Tasks))
	if err != nil {
		return nil, err
	}
	cm := &corev1.ConfigMap{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"},
		ObjectMeta: metav1.ObjectMeta{Name: kube.RunName(n.ID), Namespace: n.Namespace, Labels: n.labels(kube.KindWorkflow)},
	}
	cm.Labels[kube.LabelPhase], cm.Labels[kube.LabelResult] = workflow.PhaseQueued.String(), workflow.ResultUnknown.String()
	cm.Annotations = map[string]string{kube.AnnotationWorkflow: n.Workflow, kube.AnnotationUser: n.User,
		kube.AnnotationSpecHash: n.Identity, kube.AnnotationRunSummary: string(summary)}
	if !n.Submitted.IsZero() {
		cm.Annotations[kube.AnnotationSubmitted] = n.Submitted.UTC().Format(time.RFC3339)
	}
	if n.Creator != "" {
		cm.Annotations[kube.AnnotationCreator] = n.Creator
	}
	if n.Kept {
		cm.Annotations[kube.AnnotationKept] = layout.Tasks
	}
	if n.Submitter != "" {
		cm.Annotations[kube.AnnotationSubmitter] = n.Submitter
	}
	if n.Group != "" {
		cm.Labels[kube.LabelGroup] = kube.LabelValue(n.Group)
		cm.Annotations[kube.AnnotationGroup], cm.Annotations[kube.AnnotationPolicy] = n.Group, n.Policy
	}
	if n.Schedule != "" {
		cm.Annotations[kube.AnnotationSchedule], cm.Annotations[kube.AnnotationTemplate] = n.Schedule, n.Template
	}
	if n.RerunOf != "" {
		cm.Annotations[kube.AnnotationRerunOf] = n.RerunOf
		state, err := Pack(n.State)
		if err != nil {
			return nil, err
		}
		cm.BinaryData = map[string][]byte{stateKey: state}
	}
	return cm, nil
}

func (n New) labels(kind string) map[string]string {
	all := map[string]string{kube.LabelKind: kind, kube.LabelWorkflow: n.ID, kube.LabelWorkflowName: kube.LabelValue(n.Workflow),
		kube.LabelUser: kube.LabelValue(n.User), kube.LabelManagedBy: kube.ManagedBy}
	if n.Schedule != "" {
		all[kube.LabelSchedule] = kube.LabelValue(n.Schedule)
	}
	return all
}

// Meta returns the metadata of another object of the run, which the run owns.
func (n New) Meta(kind, name string, owner types.UID) metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: name, Namespace: n.Namespace, Labels: n.labels(kind),
		OwnerReferences: []metav1.OwnerReference{OwnerOf(kube.RunName(n.ID), owner)}}
}

// PartObjects returns the ConfigMaps of the parts of a specification.
func (n New) PartObjects(parts [][]byte, owner types.UID) []*corev1.ConfigMap {
	out := make([]*corev1.ConfigMap, len(parts))
	for i, part := range parts {
		out[i] = &corev1.ConfigMap{
			TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"},
			ObjectMeta: n.Meta(kube.KindWorkflowPart, kube.RunPart(n.ID, i), owner),
			Immutable:  ptr.To(true),
			BinaryData: map[string][]byte{partKey: part},
		}
	}
	return out
}

// PartOf returns the data of a part. It returns an error for a ConfigMap that is not a part
// of the run.
func (r *Run) PartOf(cm *corev1.ConfigMap) ([]byte, error) {
	if !r.IsOwned(cm) || len(cm.BinaryData[partKey]) == 0 {
		return nil, errors.New("ConfigMap " + strconv.Quote(cm.Name) + " is not a part of run " + r.ID)
	}
	return cm.BinaryData[partKey], nil
}
