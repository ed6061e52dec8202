package driver

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/apiserver"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/workflow/record"
	"github.com/kubevast/vast/sdk/api"
)

const (
	// emitBurst is how many Events about tasks are created at once, and emitEvery the time
	// after which there may be one more. The others are counted. Those of the run are not
	// limited: there are few.
	emitBurst = 50
	emitEvery = 10 * time.Second
)

// emitter creates Events of Kubernetes about the run's ConfigMap.
type emitter struct {
	cluster *cluster
	run     *record.Run
	tokens  float64
	filled  time.Time
	// omitted are the changes without an Event since the last one.
	omitted int
	// refused: the account of this driver may not create Events.
	refused atomic.Bool
}

// emit creates the Events of events that are within the rate. The name of each contains its
// sequence number, so that a repetition changes nothing.
func (m *emitter) emit(ctx context.Context, events []*api.WorkflowEvent) (int, error) {
	for i, e := range events {
		if m.refused.Load() {
			return len(events), nil
		}
		if e.Data.Task != "" && !m.take() {
			m.omitted++
			continue
		}
		kind, reason, message := words(e)
		if m.omitted > 0 {
			message += fmt.Sprintf(" (%d changes of tasks before have no Event)", m.omitted)
		}
		if err := m.create(ctx, "."+strconv.FormatInt(e.Data.Sequence, 10), kind, reason, message, e.Time); err != nil {
			return i, err
		}
		m.omitted = 0
	}
	return len(events), nil
}

// take reports whether an Event about a task may be created now.
func (m *emitter) take() bool {
	now := time.Now()
	if !m.filled.IsZero() {
		m.tokens = min(emitBurst, m.tokens+float64(now.Sub(m.filled))/float64(emitEvery))
	}
	m.filled = now
	if m.tokens < 1 {
		return false
	}
	m.tokens--
	return true
}

// warn creates an Event about the driver's own work. It is optional.
func (m *emitter) warn(ctx context.Context, reason, message string) {
	if !m.refused.Load() {
		_ = m.create(ctx, "."+kube.NewID(), corev1.EventTypeWarning, reason, message, m.cluster.api.Now()) // the log has it too
	}
}

func (m *emitter) create(ctx context.Context, suffix, kind, reason, message string, at time.Time) error {
	when := metav1.NewTime(at)
	err := m.cluster.create(ctx, m.cluster.core("events"), &corev1.Event{
		TypeMeta:       metav1.TypeMeta{APIVersion: "v1", Kind: "Event"},
		ObjectMeta:     metav1.ObjectMeta{Name: m.run.Name + suffix, Namespace: m.run.Namespace},
		InvolvedObject: corev1.ObjectReference{APIVersion: "v1", Kind: "ConfigMap", Name: m.run.Name, Namespace: m.run.Namespace, UID: m.run.UID},
		Type:           kind, Reason: reason, Message: message, FirstTimestamp: when, LastTimestamp: when, Count: 1,
		Source: corev1.EventSource{Component: kube.ManagedBy}, ReportingController: kube.Prefix + "driver",
	})
	if apiserver.Is(err, http.StatusForbidden) { // also while the namespace is being deleted
		m.refused.Store(true)
		return nil
	}
	return err
}

// words returns the type, the reason and the message of an Event.
func words(e *api.WorkflowEvent) (kind, reason, message string) {
	d := &e.Data
	kind = corev1.EventTypeNormal
	if d.Task == "" {
		reason, message = "Run"+title(d.Phase), "the run is "+d.Phase
		if d.Result != "unknown" {
			message += ", result " + d.Result
		}
		if d.Result == "failed" {
			kind = corev1.EventTypeWarning
		}
		return kind, reason, message
	}
	what := d.Status
	switch {
	case d.Status == "notstarted" && d.WaitingApproval:
		what = "waiting"
	case d.Status == "notstarted" && d.Scheduled:
		what = "starting"
	case d.Status == "notstarted" && d.Attempt > 1:
		what = "retrying"
	case d.Status == "notstarted":
		what = "approved"
	case d.Status == "failed":
		kind = corev1.EventTypeWarning
	}
	reason, message = "Task"+title(what), fmt.Sprintf("task %s: %s", d.Task, what)
	if what == "waiting" {
		message += " for approval"
	}
	if d.Attempt > 1 {
		message += fmt.Sprintf(", attempt %d", d.Attempt)
	}
	if d.Cause != "" {
		message += ": " + d.Cause
	}
	return kind, reason, message
}

func title(s string) string {
	if s == "" {
		return s
	}
	return string(s[0]-'a'+'A') + s[1:]
}
