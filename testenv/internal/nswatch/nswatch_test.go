package nswatch

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/cache"
)

func pod(namespace string) *corev1.Pod {
	return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "a", UID: "1", ResourceVersion: "7"}}
}

func TestNextIsClosedByAChangeInItsNamespaceOnly(t *testing.T) {
	for name, c := range map[string]struct {
		object any
		closed bool
	}{
		"an object of the namespace":        {pod("mine"), true},
		"an object of another namespace":    {pod("other"), false},
		"a deletion that the watch missed":  {cache.DeletedFinalStateUnknown{Key: "mine/a", Obj: pod("mine")}, true},
		"something without object metadata": {"text", false},
	} {
		t.Run(name, func(t *testing.T) {
			w := &Watcher{of: map[string]chan struct{}{}}
			next := w.Next("mine")
			w.changed(c.object)
			select {
			case <-next:
				if !c.closed {
					t.Error("it is closed")
				}
			default:
				if c.closed {
					t.Error("it is not closed")
				}
			}
		})
	}
}

func TestUntilCallsLookAgainAfterAChange(t *testing.T) {
	w, calls := &Watcher{of: map[string]chan struct{}{}}, 0
	done := w.Until("mine", time.Hour, func() bool {
		calls++
		w.changed(pod("mine"))
		return calls == 3
	})
	if !done || calls != 3 {
		t.Errorf("%v after %d calls", done, calls)
	}
	if w.Until("mine", -1, func() bool { return false }) {
		t.Error("it returns true after its limit")
	}
}

func TestKeepNameKeepsWhatIdentifiesTheObject(t *testing.T) {
	full := pod("mine")
	full.Labels, full.Spec.NodeName = map[string]string{"a": "b"}, "node"
	kept, err := keepName(full)
	m, ok := kept.(*metav1.PartialObjectMetadata)
	if err != nil || !ok || m.Namespace != "mine" || m.Name != "a" || m.UID != "1" || m.ResourceVersion != "7" || m.Labels != nil {
		t.Errorf("%+v, %v", kept, err)
	}
}
