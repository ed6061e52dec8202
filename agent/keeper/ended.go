package keeper

import (
	"context"
	"errors"
	"net/http"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/agent/apiserver"
)

const (
	// askTime is how long the API server is asked how the work has ended.
	askTime = 5 * time.Minute
	// endShown is how long we wait for Kubernetes to say how the main
	// container has ended when its log has; a busy machine takes its time.
	endShown = 4 * time.Minute
	// startShown is the same for one that has not started, and never may.
	startShown = 15 * time.Second
)

// howItEnded reads the pod and its Job.
func (k *Keeper) howItEnded(ctx context.Context) end {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	e := end{main: k.orders.Main, deadline: time.Duration(k.orders.DeadlineSeconds) * time.Second, at: time.Now()}
	podErr := retry(ctx, 3*time.Second, func() error {
		pod, err := k.api.Pod(ctx, k.where.Namespace, k.where.Pod)
		switch {
		case apiserver.Is(err, http.StatusNotFound), err == nil && pod.UID != k.where.PodUID:
			return nil
		case err != nil:
			return err
		}
		e.pod = pod
		if wait := e.waitForEnd(); time.Since(e.at) < wait {
			return errNotShown
		}
		return nil
	})
	jobErr := retry(ctx, 3*time.Second, func() error {
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
	e.unknown = errors.Join(podErr, jobErr)
	return e
}

// waitForEnd is how long Kubernetes is given to say more.
func (e end) waitForEnd() time.Duration {
	switch {
	case e.mainEnd() != nil, e.pod.DeletionTimestamp != nil, e.pod.Status.Phase == corev1.PodFailed:
		return 0
	case e.neverStarted():
		return startShown
	}
	return endShown
}

var errNotShown = errors.New("it is not known yet how the main container has ended")
