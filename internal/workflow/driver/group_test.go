package driver

import (
	"encoding/json"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/workflow/record"
)

// member puts a run of the group "deploy" into the cluster that was created some time ago.
func (s *server) member(id string, ago time.Duration, change func(*corev1.ConfigMap)) *record.Run {
	s.t.Helper()
	n := record.New{ID: id, Namespace: "lab", Workflow: "w", User: "alice", Group: "deploy", Policy: record.PolicyQueue, Tasks: 1}
	cm, err := n.Object()
	if err != nil {
		s.t.Fatal(err)
	}
	cm.CreationTimestamp, cm.Annotations[kube.AnnotationParts] = metav1.NewTime(time.Now().Add(-ago)), "1"
	cm.Annotations[kube.AnnotationDriver] = "pod/" + id + " 1"
	if change != nil {
		change(cm)
	}
	at := "/api/v1/namespaces/lab/configmaps/" + cm.Name
	cm.UID = types.UID(at)
	data, err := json.Marshal(cm)
	if err != nil {
		s.t.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keep(at, "ADDED", data)
	run, err := record.FromObject(cm)
	if err != nil {
		s.t.Fatal(err)
	}
	return run
}

func TestTheOldestRunOfAGroupThatCanRunHasItsTurn(t *testing.T) {
	phase := func(label string) func(*corev1.ConfigMap) {
		return func(cm *corev1.ConfigMap) { cm.Labels[kube.LabelPhase] = label }
	}
	for name, tt := range map[string]struct {
		// ago is how long ago the other run was created; that of the test a minute ago.
		ago     time.Duration
		other   func(*corev1.ConfigMap)
		entered bool
	}{
		"an older run that is queued":              {time.Minute * 3 / 2, nil, false},
		"a newer run that is queued":               {time.Second, nil, true},
		"a newer run that runs":                    {time.Second, phase("running"), false},
		"an older run that has ended":              {time.Hour, phase("finished"), true},
		"an older run that was cancelled":          {time.Hour, phase("cancelled"), true},
		"an older run that is being stopped":       {time.Hour, func(cm *corev1.ConfigMap) { cm.Annotations[kube.AnnotationStop] = "alice" }, true},
		"an older run that is being submitted":     {time.Minute * 3 / 2, func(cm *corev1.ConfigMap) { delete(cm.Annotations, kube.AnnotationParts) }, true},
		"one that no driver has begun, and is new": {time.Minute * 3 / 2, func(cm *corev1.ConfigMap) { delete(cm.Annotations, kube.AnnotationDriver) }, false},
		"one that no driver has begun for long":    {time.Hour, func(cm *corev1.ConfigMap) { delete(cm.Annotations, kube.AnnotationDriver) }, true},
		"an older run of another group": {time.Hour, func(cm *corev1.ConfigMap) {
			cm.Labels[kube.LabelGroup], cm.Annotations[kube.AnnotationGroup] = "other", "other"
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			s, api := newServer(t, 1)
			run := s.member("bbbbbbbb", time.Minute, nil)
			s.member("aaaaaaaa", tt.ago, tt.other)
			for range 2 { // it is idempotent
				e, err := Enter(t.Context(), api, run)
				if err != nil || e.Entered != tt.entered {
					t.Fatalf("%+v, %v", e, err)
				}
			}
		})
	}
}

func TestTheHolderOfAGroupKeepsItsTurnUntilItHasEnded(t *testing.T) {
	s, api := newServer(t, 1)
	first := s.member("bbbbbbbb", time.Minute, nil)
	if e, err := Enter(t.Context(), api, first); err != nil || !e.Entered {
		t.Fatalf("%+v, %v", e, err)
	}
	older := s.member("aaaaaaaa", time.Hour, nil)
	if e, err := Enter(t.Context(), api, older); err != nil || e.Entered || len(e.Unfinished) != 1 {
		t.Fatalf("an older run, while the first one has its turn: %+v, %v", e, err)
	}
	s.member("bbbbbbbb", time.Minute, func(cm *corev1.ConfigMap) { cm.Labels[kube.LabelPhase] = "finished" })
	if e, err := Enter(t.Context(), api, older); err != nil || !e.Entered {
		t.Fatalf("when the first one has ended: %+v, %v", e, err)
	}
	if e, err := Enter(t.Context(), api, s.member("cccccccc", time.Second, nil)); err != nil || e.Entered {
		t.Fatalf("the next one: %+v, %v", e, err)
	}
}
