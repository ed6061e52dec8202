package keeper

import (
	"context"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubevast/vast/agent/apiserver"
	"github.com/kubevast/vast/internal/kube"
)

const (
	askFirst = 500 * time.Millisecond
	askMost  = 5 * time.Second
	// endSlack is how long Kubernetes may take to report a container that was
	// killed at the end of its time.
	endSlack = 30 * time.Second
)

// watchContainers follows the logs of the pod's containers. The channel that it
// returns is closed when the pod is being terminated and all of them have
// ended.
func (k *Keeper) watchContainers(ctx context.Context) <-chan struct{} {
	var group sync.WaitGroup
	over, mainOver := map[string]chan struct{}{}, make(chan struct{})
	for _, name := range k.orders.Containers {
		over[name] = make(chan struct{})
		f := &follower{container: name, open: k.openLog, file: logFile(k.logs.dirs[0].Path, name),
			terminating: k.terminating, over: over[name], say: k.say}
		group.Go(func() {
			if err := f.run(ctx); err != nil && ctx.Err() == nil {
				k.say("the log of %s is not complete: %v", name, err)
			}
			if name == k.orders.Main {
				close(mainOver)
			}
		})
	}
	// Without a status from Kubernetes, the end of the log is the container's end.
	asking, stop := context.WithCancel(ctx)
	go k.awaitEnds(asking, over, mainOver)
	ended := make(chan struct{})
	go func() {
		group.Wait()
		stop()
		close(ended)
	}()
	return ended
}

func (k *Keeper) openLog(ctx context.Context, o apiserver.LogOptions) (io.ReadCloser, error) {
	return k.api.Logs(ctx, k.where.Namespace, k.where.Pod, o)
}

// awaitEnds polls the state of the containers from when the pod is being
// terminated. It closes the channel of each that has ended by its status; while
// a pod is being deleted the status does not change, and only the logs end.
//
// When the API server does not answer for too long, all count as ended. So they
// do when the sidecar lacks the right to read the pod and their grace period is
// over: the launcher kills them by then. The others are not waited for beyond
// their time after the main one's end, when mainOver is closed: a sidecar that
// ignores SIGTERM would use up the time for saving.
func (k *Keeper) awaitEnds(ctx context.Context, over map[string]chan struct{}, mainOver <-chan struct{}) {
	select {
	case <-k.terminating:
	case <-ctx.Done():
		return
	}
	since := time.Now()
	answered, alone := since, time.Time{}
	for pause := askFirst; len(over) > 0; pause = min(2*pause, askMost) {
		if alone.IsZero() && closed(mainOver) {
			alone = time.Now()
		}
		pod, err := k.pod(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case !alone.IsZero() && time.Since(alone) > k.sideTime:
			k.say("not waited for any longer, so that there is time to save: %s", strings.Join(slices.Sorted(maps.Keys(over)), ", "))
			for _, c := range over {
				close(c)
			}
			return
		case err == nil:
			answered = time.Now()
			for name, c := range over {
				if hasEnded(pod, name) {
					close(c)
					delete(over, name)
				}
			}
		case refused(err) && time.Since(since) > k.grace, time.Since(answered) > max(k.silence, k.grace):
			k.say("it cannot be known how the containers are, and they are taken for ended: %v", err)
			for _, c := range over {
				close(c)
			}
			return
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return
		}
	}
}

// hasEnded reports whether a container of a pod has ended, or never will start.
// A pod that is gone is nil.
func hasEnded(pod *corev1.Pod, name string) bool {
	if pod == nil {
		return true
	}
	for _, s := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses) {
		if s.Name == name {
			return s.State.Terminated != nil
		}
	}
	return false
}

// initLogs saves the logs of the init containers that have ended: they are
// not waited for, since none runs beside the work.
func (k *Keeper) initLogs(ctx context.Context, pod *corev1.Pod) {
	for _, s := range pod.Status.InitContainerStatuses {
		if s.Name == kube.ContainerKeep || slices.Contains(k.orders.Containers, s.Name) || s.State.Terminated == nil {
			continue
		}
		f := &follower{container: s.Name, open: k.openLog, file: logFile(k.logs.dirs[0].Path, s.Name), say: k.say}
		if err := f.once(ctx); err != nil {
			k.say("the log of %s is not complete: %v", s.Name, err)
		}
	}
}
