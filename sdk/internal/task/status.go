package task

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/internal/diagnose"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/manifest"
)

// fromJob returns the status of a task that its Job alone reports.
func fromJob(job *batchv1.Job) api.TaskStatus {
	s := api.TaskStatus{
		TypeMeta:   api.TypeMeta[api.TaskStatus](),
		ObjectMeta: publicMeta(job),
		ID:         job.Labels[kube.LabelTaskID],
		TaskName:   job.Annotations[kube.AnnotationTaskName],
		User:       job.Annotations[kube.AnnotationUser],
		NumNodes:   kube.NumNodes(job),
		Queue:      job.Labels[kube.LabelQueue],
		StartTime:  job.Status.StartTime,
		StoppedBy:  job.Annotations[kube.AnnotationStoppedBy],
		Kept:       job.Annotations[kube.AnnotationKept],
	}
	if c := taskContainer(&job.Spec.Template.Spec); c != nil {
		s.Image, s.Resources = c.Image, nodeResources(c)
	}
	s.State = diagnose.State(job)
	if !s.State.Ended() && s.State != api.Running || diagnose.Withdrawn(job) {
		s.StartTime = nil // it is when Kubernetes started the Job, not the pods
	}
	s.EndTime = endOf(job, s.State)
	s.Saving = saving(job, &s)
	s.Reason = reasonOf(job, s.State)
	return s
}

// savingSlack is what Kubernetes may need beyond a pod's grace period to report that the
// pod is gone.
const savingSlack = 30 * time.Second

// saving reports whether the pods of a failed or stopped task may still upload results.
// That is limited to their grace period, since pods on a node that does not respond
// are never reported as gone.
func saving(job *batchv1.Job, s *api.TaskStatus) bool {
	if s.Kept == "" || s.State != api.Failed && s.State != api.Stopped || diagnose.Over(job) {
		return false
	}
	grace := time.Duration(ptr.Deref(job.Spec.Template.Spec.TerminationGracePeriodSeconds, corev1.DefaultTerminationGracePeriodSeconds)) * time.Second
	return s.EndTime == nil || time.Since(s.EndTime.Time) < grace+savingSlack
}

// publicMeta returns the Job's metadata without managed fields.
func publicMeta(job *batchv1.Job) metav1.ObjectMeta {
	m := job.ObjectMeta
	m.ManagedFields = nil
	return m
}

func taskContainer(pod *corev1.PodSpec) *corev1.Container {
	for i := range pod.Containers {
		if pod.Containers[i].Name == manifest.Container {
			return &pod.Containers[i]
		}
	}
	return nil
}

func nodeResources(c *corev1.Container) api.NodeResources {
	var r api.NodeResources
	if q, ok := c.Resources.Requests[corev1.ResourceCPU]; ok {
		r.CPU = q.String()
	}
	if q, ok := c.Resources.Requests[corev1.ResourceMemory]; ok {
		r.Memory = q.String()
	}
	for name, q := range c.Resources.Limits {
		switch name {
		case corev1.ResourceCPU, corev1.ResourceMemory, corev1.ResourceEphemeralStorage:
		default:
			r.GPU = q.String() + " " + string(name)
		}
	}
	return r
}

func endOf(job *batchv1.Job, state api.State) *metav1.Time {
	if !state.Ended() {
		return nil
	}
	if job.Status.CompletionTime != nil {
		return job.Status.CompletionTime
	}
	if failed, c := diagnose.Failed(job); failed {
		return &c.LastTransitionTime
	}
	return nil
}

// submissionTime is after how long a submission counts as interrupted. A running client
// needs much less.
const submissionTime = time.Minute

// reasonOf returns the reason of a state that the Job itself reports.
func reasonOf(job *batchv1.Job, state api.State) string {
	switch state {
	case api.Stopped:
		return "stopped by " + job.Annotations[kube.AnnotationStoppedBy]
	case api.Queued:
		if queue := job.Labels[kube.LabelQueue]; queue != "" {
			return "waits in queue " + queue
		}
		return "suspended by someone; it starts when spec.suspend of its Job is set to false"
	case api.Pending:
		if diagnose.Submitting(job) {
			if time.Since(job.CreationTimestamp.Time) < submissionTime {
				return "is being submitted"
			}
			return "its submission was not finished; submit it again with the same request id, or delete it"
		}
	case api.Failed:
		if d := diagnose.Task(diagnose.Facts{Job: job}); d.Cause == api.CauseDeadline {
			return d.Message
		}
	}
	return ""
}

// build returns the whole status of a task from its objects.
func build(job *batchv1.Job, pods []corev1.Pod, events []corev1.Event) api.TaskStatus {
	s := fromJob(job)
	pods = diagnose.OfThisStart(job, pods)
	s.Nodes = nodes(&s, job, pods, events)
	if s.State == api.Pending && allStarted(s.Nodes) {
		// The pods report it earlier than the Job's counters, which do not count
		// pods that still upload results.
		s.State, s.StartTime = api.Running, job.Status.StartTime
	}
	ran := spans{}
	for _, pod := range newestByRank(pods, s.NumNodes) {
		ran.add(job.UID, pod)
	}
	if s.State == api.Running && ran[job.UID].saving(s.NumNodes) {
		s.Saving, s.Reason = true, savingReason
	}
	ran.fill(&s)
	if s.State == api.Queued {
		// Remaining pods are terminating.
		s.Events = publicEvents(events)
		return s
	}
	s.Diagnosis = diagnose.Task(diagnose.Facts{Job: job, Pods: pods, Events: events})
	if s.State == api.Pending && s.Diagnosis != nil && isFailure(s.Diagnosis, pods) {
		// Kubernetes is about to mark the Job as failed.
		s.State = api.Failed
		s.Saving = saving(job, &s)
	}
	if s.Diagnosis != nil {
		s.Reason = s.Diagnosis.Message
	}
	s.Events = publicEvents(events)
	return s
}

// savingReason is the reason of a task that is running after its process has ended.
const savingReason = "its results are being saved"

// isFailure reports whether a diagnosis is about a failed pod.
func isFailure(d *api.Diagnosis, pods []corev1.Pod) bool {
	return d.Rank != nil && slices.ContainsFunc(pods, func(p corev1.Pod) bool {
		return p.Status.Phase == corev1.PodFailed && diagnose.Rank(&p) == *d.Rank
	})
}

func allStarted(nodes []api.NodeStatus) bool {
	return !slices.ContainsFunc(nodes, func(n api.NodeStatus) bool {
		return n.State != api.NodeRunning && n.State != api.NodeSucceeded && n.State != api.NodeLost
	})
}

// nodes returns the status of every node in rank order, even of those without a pod.
func nodes(s *api.TaskStatus, job *batchv1.Job, pods []corev1.Pod, events []corev1.Event) []api.NodeStatus {
	out := make([]api.NodeStatus, s.NumNodes)
	gone := "its pod is gone"
	if s.StartTime == nil {
		gone = "it never started"
	}
	for i := range out {
		out[i] = api.NodeStatus{Rank: i, State: api.NodeWaiting}
		if s.State.Ended() {
			out[i] = api.NodeStatus{Rank: i, State: api.NodeEnded, Reason: gone}
		}
	}
	for _, pod := range newestByRank(pods, s.NumNodes) {
		n := node(pod, events)
		n.ByOthers = diagnose.ByOthers(job, pod)
		out[n.Rank] = n
	}
	return out
}

// newestByRank returns the newest pod of each rank.
func newestByRank(pods []corev1.Pod, n int) []*corev1.Pod {
	newest := map[int]*corev1.Pod{}
	for i := range pods {
		rank := diagnose.Rank(&pods[i])
		if rank < 0 || rank >= n {
			continue
		}
		if have := newest[rank]; have == nil || have.CreationTimestamp.Before(&pods[i].CreationTimestamp) {
			newest[rank] = &pods[i]
		}
	}
	out := make([]*corev1.Pod, 0, len(newest))
	for _, pod := range newest {
		out = append(out, pod)
	}
	return out
}

func node(pod *corev1.Pod, events []corev1.Event) api.NodeStatus {
	n := api.NodeStatus{Rank: diagnose.Rank(pod), Pod: pod.Name, KubernetesNode: pod.Spec.NodeName}
	n.StartTime, n.EndTime = diagnose.Ran(pod)
	for _, s := range pod.Status.ContainerStatuses {
		if t := s.State.Terminated; s.Name == manifest.Container && t != nil {
			n.ExitCode = ptr.To(t.ExitCode)
		}
	}
	switch {
	case diagnose.OnLostNode(pod):
		n.State, n.Reason = api.NodeLost, fmt.Sprintf("machine %s does not answer", pod.Spec.NodeName)
	case diagnose.Saving(pod):
		n.State, n.Reason = api.NodeRunning, savingReason
	case pod.Status.Phase == corev1.PodRunning:
		n.State, n.Reason = api.NodeRunning, diagnose.Sidecars(pod)
	case pod.Status.Phase == corev1.PodSucceeded:
		n.State, n.Reason = api.NodeSucceeded, diagnose.Sidecars(pod)
	case pod.Status.Phase == corev1.PodFailed:
		n.State, n.Reason = api.NodeFailed, diagnose.Pod(pod).Message
		if diagnose.WasDeleted(pod) {
			n.State, n.Reason = api.NodeEnded, "was ended with the task"
		}
	default:
		n.State = api.NodePending
		if d := diagnose.Pending(pod, events); d != nil {
			n.Reason = d.Message
		}
	}
	return n
}

// maxEvents is the number of events in a status.
const maxEvents = 10

func publicEvents(events []corev1.Event) []api.Event {
	if len(events) > maxEvents {
		events = events[len(events)-maxEvents:]
	}
	out := make([]api.Event, 0, len(events))
	for _, e := range events {
		out = append(out, api.Event{Time: metav1.NewTime(eventTime(e)), Type: e.Type, Reason: e.Reason,
			Object: e.InvolvedObject.Kind + "/" + e.InvolvedObject.Name, Message: e.Message, Count: max(e.Count, 1)})
	}
	return out
}

func compareEvents(a, b corev1.Event) int {
	return cmp.Or(eventTime(a).Compare(eventTime(b)), cmp.Compare(a.Name, b.Name))
}

// jobSet selects the pods of a Job.
func jobSet(job string) labels.Set { return labels.Set{batchv1.JobNameLabel: job} }

// span is when the user's containers of a Job ran.
type span struct {
	started, ended *metav1.Time
	// pods counts all pods; over those whose container has terminated, saved those
	// that have uploaded their results as well.
	pods, over, saved int
}

// spans are by the Job.
type spans map[types.UID]span

// add records a pod.
func (s spans) add(job types.UID, pod *corev1.Pod) {
	now := s[job]
	now.pods++
	started, ended := diagnose.Ran(pod)
	if started != nil && (now.started == nil || started.Before(now.started)) {
		now.started = started
	}
	if ended != nil {
		now.over++
		if now.ended == nil || now.ended.Before(ended) {
			now.ended = ended
		}
		if !diagnose.Saving(pod) {
			now.saved++
		}
	}
	s[job] = now
}

// saving reports whether the containers of all nodes have terminated while results of
// some are still being uploaded.
func (s span) saving(nodes int) bool { return s.over >= nodes && s.saved < s.over }

// fill sets the times of a task: from the start of the user's first container to the end
// of the last one. If its pods are gone, the times of its Job stay.
func (s spans) fill(t *api.TaskStatus) {
	of, ok := s[t.UID]
	if !ok || t.State != api.Running && !t.State.Ended() {
		return
	}
	if of.started != nil || of.pods >= t.NumNodes {
		t.StartTime = of.started
	}
	if of.ended != nil && (t.State.Ended() || of.over >= t.NumNodes) {
		t.EndTime = of.ended
	}
}
