package driver

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/internal/apiserver"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/workflow/record"
)

const (
	// renewEvery is how often a driver renews its Lease, staleAfter the time after which
	// another one may take it over, and stopAfter the time after which a driver that could
	// not renew it no longer acts.
	renewEvery = 10 * time.Second
	staleAfter = 30 * time.Second
	stopAfter  = 20 * time.Second
	renewRetry = 2 * time.Second
)

// HeldError is returned while another driver has the Lease of a run.
type HeldError struct {
	Holder string
	// Until is when it is stale if it is not renewed, by the clock of the API server.
	Until time.Time
	// In is how long that is from now.
	In time.Duration
}

func (e *HeldError) Error() string { return fmt.Sprintf("the run is driven by %s", e.Holder) }

// errLost is the cause of the end of a driver that has lost its Lease.
var errLost = errors.New("the Lease of the run was lost")

// PodHolder is the holder of a driver in a pod. When the pod is gone the Lease is stale.
func PodHolder(pod string) string { return podHolder + pod }

const podHolder = "pod/"

// lease is the Lease of a run, named as the run.
type lease struct {
	*cluster
	run    *record.Run
	holder string
	object *coordinationv1.Lease
}

func (l *lease) path() string {
	return "/apis/coordination.k8s.io/v1/namespaces/" + l.namespace + "/leases"
}

// acquire takes the Lease. It returns a *HeldError if another driver has it.
func (l *lease) acquire(ctx context.Context) error {
	there := &coordinationv1.Lease{}
	err := l.api.Send(ctx, http.MethodGet, l.path()+"/"+l.run.Name, nil, there)
	switch {
	case apiserver.Is(err, http.StatusNotFound):
		l.object = &coordinationv1.Lease{
			TypeMeta: metav1.TypeMeta{APIVersion: "coordination.k8s.io/v1", Kind: "Lease"},
			ObjectMeta: metav1.ObjectMeta{Name: l.run.Name, Namespace: l.namespace,
				Labels:          map[string]string{kube.LabelKind: kube.KindDriver, kube.LabelWorkflow: l.run.ID, kube.LabelManagedBy: kube.ManagedBy},
				OwnerReferences: []metav1.OwnerReference{record.OwnerOf(l.run.Name, l.run.UID)}},
		}
		l.set()
		err = l.api.Send(ctx, http.MethodPost, l.path(), l.object, l.object)
		if apiserver.IsExisting(err) {
			return &HeldError{Holder: "another driver, which has just begun", In: renewRetry, Until: l.api.Now().Add(renewRetry)}
		}
		return err
	case err != nil:
		return err
	case !l.run.IsOwned(there):
		return fmt.Errorf("lease %q does not belong to the run", there.Name)
	}
	if held := l.heldBy(ctx, there); held != nil {
		return held
	}
	l.object = there
	if ptr.Deref(there.Spec.HolderIdentity, "") != l.holder {
		l.object.Spec.LeaseTransitions = ptr.To(ptr.Deref(there.Spec.LeaseTransitions, 0) + 1)
		l.object.Spec.AcquireTime = nil
	}
	l.set()
	err = l.put(ctx)
	if apiserver.Is(err, http.StatusConflict) {
		return &HeldError{Holder: "another driver, which was quicker", In: renewRetry, Until: l.api.Now().Add(renewRetry)}
	}
	return err
}

// heldBy returns a HeldError if another driver has a Lease that is not stale.
func (l *lease) heldBy(ctx context.Context, there *coordinationv1.Lease) *HeldError {
	holder := ptr.Deref(there.Spec.HolderIdentity, "")
	if holder == "" || holder == l.holder || there.Spec.RenewTime == nil {
		return nil
	}
	now, until := l.api.Now(), there.Spec.RenewTime.Add(staleAfter)
	if !now.Before(until) {
		return nil
	}
	if name, ok := strings.CutPrefix(holder, podHolder); ok {
		pod, err := l.pod(ctx, name)
		if apiserver.Is(err, http.StatusNotFound) || err == nil && (pod.Status.Phase == corev1.PodFailed || pod.Status.Phase == corev1.PodSucceeded) {
			return nil
		}
	}
	return &HeldError{Holder: holder, Until: until, In: until.Sub(now)}
}

func (l *lease) set() {
	now := metav1.NewMicroTime(l.api.Now())
	l.object.Spec.HolderIdentity, l.object.Spec.RenewTime = &l.holder, &now
	l.object.Spec.LeaseDurationSeconds = ptr.To(int32(staleAfter.Seconds()))
	if l.object.Spec.AcquireTime == nil {
		l.object.Spec.AcquireTime = &now
	}
}

// put replaces the Lease at the resourceVersion that is known.
func (l *lease) put(ctx context.Context) error {
	return l.api.Send(ctx, http.MethodPut, l.path()+"/"+l.object.Name, l.object, l.object)
}

// keep renews the Lease until ctx ends. It calls lost when another driver has it, or when it
// could not be renewed for stopAfter.
func (l *lease) keep(ctx context.Context, lost func()) {
	renewed := time.Now()
	for wait := renewEvery; ; {
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		l.set()
		asked, cancel := context.WithTimeout(ctx, renewEvery)
		err := l.put(asked)
		cancel()
		switch {
		case err == nil:
			renewed, wait = time.Now(), renewEvery
		case ctx.Err() != nil:
			return
		case apiserver.Is(err, http.StatusConflict) && l.again(ctx):
			wait = 0 // our own request, whose answer was lost
		case apiserver.Is(err, http.StatusConflict), apiserver.Is(err, http.StatusNotFound), time.Since(renewed) > stopAfter-renewRetry:
			lost()
			return
		default:
			wait = renewRetry
		}
	}
}

// again reads the Lease after a conflict and reports whether it is still ours.
func (l *lease) again(ctx context.Context) bool {
	there := &coordinationv1.Lease{}
	err := l.api.Send(ctx, http.MethodGet, l.path()+"/"+l.object.Name, nil, there)
	if err != nil || ptr.Deref(there.Spec.HolderIdentity, "") != l.holder {
		return false
	}
	l.object = there
	return true
}

// release gives the Lease up, so that another driver need not wait. After an error it
// becomes stale.
func (l *lease) release(ctx context.Context) {
	l.object.Spec.HolderIdentity = ptr.To("")
	_ = l.put(ctx) // it becomes stale otherwise
}
