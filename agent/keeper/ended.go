package keeper

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/agent/apiserver"
	"github.com/kubevast/vast/internal/agentspec"
)

const (
	// silence is how long the API server may not answer in the end, before it
	// is given up: once when the containers end, and once when it is asked
	// how. Half of the pod's time is left to the store.
	silence = agentspec.SaveTime / 5
	// oneAnswer is how long one answer is waited for.
	oneAnswer = 10 * time.Second
	// endShown is how long to wait until Kubernetes reports how the main
	// container has ended when its log has, and that it has started at all; a
	// busy node needs time.
	endShown = 4 * time.Minute
)

// howItEnded reads the pod and its Job.
func (k *Keeper) howItEnded(ctx context.Context) end {
	e := end{main: k.orders.Main, deadline: time.Duration(k.orders.DeadlineSeconds) * time.Second, at: time.Now()}
	heard := e.at
	podErr := k.ask(ctx, &heard, func(ctx context.Context) error {
		pod, err := k.pod(ctx)
		if pod == nil {
			return err
		}
		e.pod = pod
		if time.Since(e.at) < e.waitForEnd() {
			return errNotShown
		}
		return nil
	})
	jobErr := k.ask(ctx, &heard, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, oneAnswer)
		defer cancel()
		job, err := k.api.Job(ctx, k.where.Namespace, k.results[0].Identity.Job)
		switch {
		case apiserver.Is(err, http.StatusNotFound), err == nil && k.where.JobUID != "" && job.UID != k.where.JobUID:
			return nil
		case err != nil:
			return err
		}
		e.job = job
		return nil
	})
	if failed, _ := e.jobFailed(); failed && ptr.Deref(e.job.Spec.Completions, 1) > 1 {
		e.others, _ = k.api.PodsOf(ctx, k.where.Namespace, e.job.Name) // without them it is not known who failed first
	}
	e.unknown = cmp.Or(podErr, jobErr)
	return e
}

// ask repeats a request until the API server answers it, has not answered since
// heard for too long, or refuses it for a while: a server that has just been
// started also refuses requests that are allowed.
func (k *Keeper) ask(ctx context.Context, heard *time.Time, question func(context.Context) error) error {
	var final error
	var refusedSince time.Time
	ended := retry(ctx, 3*time.Second, func() error {
		err := question(ctx)
		if !refused(err) {
			refusedSince = time.Time{}
		} else if refusedSince.IsZero() {
			refusedSince = time.Now()
		}
		switch {
		case err == nil, errors.Is(err, errNotShown):
			*heard = time.Now()
			return err
		case refused(err) && time.Since(refusedSince) > k.silence/5, !refused(err) && time.Since(*heard) > k.silence:
			final = err
			return nil
		}
		return err
	})
	return cmp.Or(final, ended)
}

// pod reads our own pod; nil when it is gone, by force.
func (k *Keeper) pod(ctx context.Context) (*corev1.Pod, error) {
	ctx, cancel := context.WithTimeout(ctx, oneAnswer)
	defer cancel()
	pod, err := k.api.Pod(ctx, k.where.Namespace, k.where.Pod)
	if apiserver.Is(err, http.StatusNotFound) || err == nil && pod.UID != k.where.PodUID {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return pod, nil
}

// refused reports that the API server answers, and refuses the request.
func refused(err error) bool {
	return apiserver.Is(err, http.StatusForbidden) || apiserver.Is(err, http.StatusUnauthorized)
}

// waitForEnd is how long to wait for a more complete status. The sidecar is
// terminated when the main container has ended, or its pod is being deleted: a
// container that by its status waits for its start has ended, too, and a busy
// kubelet has not reported it yet.
func (e end) waitForEnd() time.Duration {
	if e.mainEnd() != nil || e.pod.DeletionTimestamp != nil || e.pod.Status.Phase == corev1.PodFailed {
		return 0
	}
	return endShown
}

var errNotShown = errors.New("it is not known yet how the main container has ended")
