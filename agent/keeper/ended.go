package keeper

import (
	"context"
	"errors"
	"net/http"
	"time"

	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/agent/apiserver"
)

// endsShown is how long we wait for Kubernetes to say how the main container
// has ended, when its log has and the pod is not being deleted.
const endsShown = 15 * time.Second

// askTime is how long the API server is asked how the work has ended.
const askTime = 2 * time.Minute

// howItEnded reads the pod and its Job.
func (k *Keeper) howItEnded(ctx context.Context) end {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	e := end{main: k.orders.Main, deadline: time.Duration(k.orders.DeadlineSeconds) * time.Second, at: time.Now()}
	podErr := retry(ctx, func() error {
		pod, err := k.api.Pod(ctx, k.where.Namespace, k.where.Pod)
		switch {
		case apiserver.Is(err, http.StatusNotFound), err == nil && pod.UID != k.where.PodUID:
			return nil
		case err != nil:
			return err
		}
		e.pod = pod
		if e.mainEnd() == nil && pod.DeletionTimestamp == nil && time.Since(e.at) < endsShown {
			return errNotShown
		}
		return nil
	})
	jobErr := retry(ctx, func() error {
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

var errNotShown = errors.New("Kubernetes does not say yet how the main container ended")
