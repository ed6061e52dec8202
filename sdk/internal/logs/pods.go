package logs

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
)

const (
	labelJob       = "batch.kubernetes.io/job-name"
	annotationRank = "batch.kubernetes.io/job-completion-index"

	pageSize = 500
	// requestTimeout bounds a request that is no stream.
	requestTimeout = 30 * time.Second
	// watchTimeout ends a watch on the server's side now and then.
	watchTimeout = int64(10 * 60)
)

// podState is what matters here of a pod.
type podState struct {
	uid  types.UID
	name string
	rank int
	// created orders the pods of one rank.
	created time.Time
	// started: the container runs or ran. ended: it will never run (again).
	started, ended bool
	// gone: the pod was deleted.
	gone bool
	// absent: the pod has no container of that name.
	absent bool
	// waiting is why the container has not started.
	waiting string
}

func stateOf(pod *corev1.Pod, container string) (podState, bool) {
	value, ok := pod.Annotations[annotationRank]
	if !ok {
		value = pod.Labels[annotationRank]
	}
	rank, err := strconv.Atoi(value)
	if err != nil {
		return podState{}, false
	}
	st := podState{uid: pod.UID, name: pod.Name, rank: rank, created: pod.CreationTimestamp.Time,
		ended: pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed}
	st.absent = len(pod.Spec.Containers) > 0 && !hasContainer(&pod.Spec, container)
	for _, list := range [][]corev1.ContainerStatus{pod.Status.ContainerStatuses, pod.Status.InitContainerStatuses} {
		for i := range list {
			c := &list[i]
			if c.Name != container {
				continue
			}
			st.started = c.State.Running != nil || c.State.Terminated != nil || c.LastTerminationState.Terminated != nil
			if c.State.Terminated != nil {
				st.ended = true
			}
			if c.State.Waiting != nil {
				st.waiting = c.State.Waiting.Reason
			}
		}
	}
	return st, true
}

func hasContainer(pod *corev1.PodSpec, name string) bool {
	named := func(c corev1.Container) bool { return c.Name == name }
	return slices.ContainsFunc(pod.Containers, named) || slices.ContainsFunc(pod.InitContainers, named) ||
		slices.ContainsFunc(pod.EphemeralContainers, func(c corev1.EphemeralContainer) bool { return c.Name == name })
}

// tracker has the state of the Job's pods, by one list and one watch for all of them.
type tracker struct {
	s *session

	mu   sync.Mutex
	pods map[types.UID]podState
	// changed is called with each new state, in order, under mu.
	changed func(podState)
}

func newTracker(s *session) *tracker {
	return &tracker{s: s, pods: map[types.UID]podState{}, changed: func(podState) {}}
}

// list reads all pods of the Job and returns the resource version.
func (t *tracker) list(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	o := metav1.ListOptions{LabelSelector: labelJob + "=" + t.s.src.Job, Limit: pageSize}
	present := map[types.UID]bool{}
	var found []podState
	for {
		page, err := t.s.src.Conn.Kube.CoreV1().Pods(t.s.src.Namespace).List(ctx, o)
		if apierrors.IsResourceExpired(err) && o.Continue != "" {
			o.Continue, found, present = "", nil, map[types.UID]bool{}
			continue
		}
		if err != nil {
			return "", err
		}
		for i := range page.Items {
			if st, ok := stateOf(&page.Items[i], t.s.src.Container); ok {
				found, present[st.uid] = append(found, st), true
			}
		}
		if o.Continue = page.Continue; o.Continue == "" {
			t.replace(found, present)
			return page.ResourceVersion, nil
		}
	}
}

func (t *tracker) replace(found []podState, present map[types.UID]bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for uid, st := range t.pods {
		if !present[uid] && !st.gone {
			st.gone = true
			t.set(st)
		}
	}
	for _, st := range found {
		t.set(st)
	}
}

// set stores a state and notifies its readers; mu is held.
func (t *tracker) set(st podState) {
	if old, ok := t.pods[st.uid]; ok {
		// A list that was answered late must not turn time back.
		st.gone, st.ended, st.started = st.gone || old.gone, st.ended || old.ended, st.started || old.started
		if st == old {
			return
		}
	}
	t.pods[st.uid] = st
	t.changed(st)
}

func (t *tracker) update(pod *corev1.Pod, gone bool) {
	st, ok := stateOf(pod, t.s.src.Container)
	if !ok {
		return
	}
	st.gone = gone
	t.mu.Lock()
	defer t.mu.Unlock()
	t.set(st)
}

// run watches from a resource version on until ctx ends. It retries after every
// failure but a lasting refusal, which it returns.
func (t *tracker) run(ctx context.Context, version string) error {
	wait := backoff{min: t.s.pace.retryMin, max: t.s.pace.retryMax}
	var refused time.Time
	for ctx.Err() == nil {
		var err error
		if version == "" {
			version, err = t.list(ctx)
		}
		if err == nil {
			var heard bool
			version, heard, err = t.watch(ctx, version)
			if heard {
				wait.reset()
				refused = time.Time{}
			}
		}
		switch {
		case ctx.Err() != nil:
			return nil
		case err == nil:
			continue // the server ends a watch now and then
		case apierrors.IsResourceExpired(err) || apierrors.IsGone(err):
			version = ""
			continue
		case isRefusal(err):
			if refused.IsZero() {
				refused = time.Now()
			} else if time.Since(refused) > t.s.pace.patience {
				return t.s.src.Conn.Classify(err, "watch", "pods")
			}
		case errors.Is(err, errDropped):
			// Only when it cannot be opened again the cluster is away.
		default:
			refused = time.Time{}
			t.s.lost()
		}
		sleep(ctx, wait.step(), nil)
	}
	return nil
}

var errDropped = errors.New("the watch was dropped")

// watch returns where the next one has to begin, and whether the server had
// anything to say.
func (t *tracker) watch(ctx context.Context, version string) (next string, heard bool, err error) {
	timeout := watchTimeout
	w, err := t.s.src.Conn.Kube.CoreV1().Pods(t.s.src.Namespace).Watch(ctx, metav1.ListOptions{
		LabelSelector: labelJob + "=" + t.s.src.Job, ResourceVersion: version,
		AllowWatchBookmarks: true, TimeoutSeconds: &timeout,
	})
	if err != nil {
		return version, false, err
	}
	defer w.Stop()
	t.s.back()
	opened := time.Now()
	for event := range w.ResultChan() {
		switch event.Type {
		case watch.Error:
			return version, heard, apierrors.FromObject(event.Object)
		case watch.Bookmark:
			version = resourceVersion(event.Object, version)
		case watch.Added, watch.Modified, watch.Deleted:
			if pod, ok := event.Object.(*corev1.Pod); ok {
				t.update(pod, event.Type == watch.Deleted)
				version = pod.ResourceVersion
			}
		}
		heard = true
	}
	if time.Since(opened) < time.Duration(watchTimeout/2)*time.Second {
		return version, heard, errDropped
	}
	return version, true, nil
}

func resourceVersion(obj any, fallback string) string {
	if o, ok := obj.(metav1.Object); ok && o.GetResourceVersion() != "" {
		return o.GetResourceVersion()
	}
	return fallback
}

// isRefusal reports an answer that trying again will not change, as a rule.
func isRefusal(err error) bool {
	var status apierrors.APIStatus
	if !errors.As(err, &status) {
		return false
	}
	code := status.Status().Code
	return code >= 400 && code < 500 && code != http.StatusTooManyRequests && code != http.StatusRequestTimeout &&
		!apierrors.IsTimeout(err) && !apierrors.IsServerTimeout(err)
}

// describe names pods in a message.
func (st podState) describe() string { return fmt.Sprintf("node %d", st.rank) }
