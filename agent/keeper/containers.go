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
	// endSlack is how long Kubernetes may take to tell of a container that was
	// killed when its time was over.
	endSlack = 30 * time.Second
)

// watchContainers follows the logs of the pod's containers. The channel that it
// returns is closed when the pod was told to end and all of them have.
func (k *Keeper) watchContainers(ctx context.Context) <-chan struct{} {
	var group sync.WaitGroup
	over, mainOver := map[string]chan struct{}{}, make(chan struct{})
	for _, name := range k.orders.Containers {
		over[name] = make(chan struct{})
		f := &follower{container: name, open: k.openLog, file: logFile(k.logs.dirs[0].Path, name),
			told: k.told, over: over[name], say: k.say}
		group.Go(func() {
			if err := f.run(ctx); err != nil && ctx.Err() == nil {
				k.say("the log of %s is not complete: %v", name, err)
			}
			if name == k.orders.Main {
				close(mainOver)
			}
		})
	}
	// Those that Kubernetes does not tell of are known by their logs alone.
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

// awaitEnds asks how the containers are from when the pod is told to end. It
// closes the channel of each that Kubernetes says has ended; of a pod that is
// being deleted it says nothing, and the logs tell.
//
// When the API server does not answer for too long nobody can tell any more, and
// all are taken for ended. So they are when we may not ask and their grace is
// over: the launcher ends them by then. The others are not waited for beyond their
// time after the main one's end, when mainOver is closed: a sidecar that does not
// hear SIGTERM would take the time for saving with it.
func (k *Keeper) awaitEnds(ctx context.Context, over map[string]chan struct{}, mainOver <-chan struct{}) {
	select {
	case <-k.told:
	case <-ctx.Done():
		return
	}
	told := time.Now()
	heard, alone := told, time.Time{}
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
			heard = time.Now()
			for name, c := range over {
				if hasEnded(pod, name) {
					close(c)
					delete(over, name)
				}
			}
		case refused(err) && time.Since(told) > k.grace, time.Since(heard) > max(k.silence, k.grace):
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
