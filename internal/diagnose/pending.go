package diagnose

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
)

// firstPendingPod explains the pod of the lowest rank that is not started for a
// known reason, or returns nil.
func firstPendingPod(pods []corev1.Pod, events []corev1.Event) *api.Diagnosis {
	byRank := slices.Clone(pods)
	slices.SortFunc(byRank, func(a, b corev1.Pod) int { return Rank(&a) - Rank(&b) })
	for i := range byRank {
		if d := ofNode(&byRank[i], ": ", Pending(&byRank[i], events)); d != nil {
			return d
		}
	}
	return nil
}

// Pending explains why a pod has not started. It returns nil if it has, and if
// nothing is wrong so far.
func Pending(pod *corev1.Pod, events []corev1.Event) *api.Diagnosis {
	if pod.Status.Phase != corev1.PodPending && pod.Status.Phase != "" {
		return nil
	}
	d := gated(pod)
	if d == nil {
		d = unschedulable(pod, events)
	}
	for _, s := range statuses(pod) {
		if w := s.State.Waiting; d == nil && w != nil {
			d = waiting(pod, s, w)
		}
	}
	if d == nil {
		d = unmountable(pod, events)
	}
	return d
}

// gated explains a pod with scheduling gates. Kueue sets gates, and so may others;
// each gate is removed by its owner.
func gated(pod *corev1.Pod) *api.Diagnosis {
	if len(pod.Spec.SchedulingGates) == 0 || pod.Spec.NodeName != "" {
		return nil
	}
	names := make([]string, 0, len(pod.Spec.SchedulingGates))
	for _, g := range pod.Spec.SchedulingGates {
		names = append(names, g.Name)
	}
	d := &api.Diagnosis{Cause: api.CauseSchedulingGated, Hint: "the pod is scheduled when its scheduling gate has been removed"}
	const most = 5
	word := "gate "
	if len(names) > 1 {
		word = "gates "
	}
	if len(names) > most {
		names = append(names[:most], fmt.Sprintf("%d more", len(names)-most))
	}
	d.Message = "waits for scheduling " + word + strings.Join(names, ", ")
	return d
}

func unschedulable(pod *corev1.Pod, events []corev1.Event) *api.Diagnosis {
	for _, c := range pod.Status.Conditions {
		if c.Type != corev1.PodScheduled || c.Status != corev1.ConditionFalse || c.Reason != corev1.PodReasonUnschedulable {
			continue
		}
		message := ShortenScheduler(c.Message)
		if d := unprovisioned(pod, message, events); d != nil {
			return d
		}
		d := &api.Diagnosis{Cause: api.CauseUnschedulable, Message: "no machine can take it: " + message}
		switch {
		case strings.Contains(message, "persistentvolumeclaim") && strings.Contains(message, "not found"):
			d.Cause, d.Message = api.CauseVolumeMissing, "volume missing: "+message
			d.Remedies = []api.Remedy{{Action: api.VolumesList, Namespace: pod.Namespace}}
		case strings.Contains(message, "Insufficient"):
			d.Hint = "request less, or wait until other pods end"
		case strings.Contains(message, "node affinity"), strings.Contains(message, "node selector"):
			d.Hint = "no node has the accelerator or the labels that the task requests"
		}
		return d
	}
	return nil
}

// ShortenScheduler returns the scheduler's message without the part about preemption:
// "0/2 nodes are available: 2 Insufficient cpu".
func ShortenScheduler(message string) string {
	message = oneLine(message)
	for _, tail := range []string{" preemption: ", " no new claims to deallocate", " no new claims to allocate"} {
		if i := strings.Index(message, tail); i >= 0 {
			message = message[:i]
		}
	}
	return strings.TrimRight(message, "., ")
}

// waiting explains the kubelet's reasons why a container does not start. It returns
// nil for temporary ones such as ContainerCreating.
func waiting(pod *corev1.Pod, s corev1.ContainerStatus, w *corev1.ContainerStateWaiting) *api.Diagnosis {
	image, message := s.Image, oneLine(w.Message)
	switch w.Reason {
	case "ErrImagePull", "ImagePullBackOff", "RegistryUnavailable":
		if imageMissing(message) {
			return &api.Diagnosis{Cause: api.CauseImageNotFound, Message: fmt.Sprintf("image %q not found", image),
				Hint: "check its name and tag; a private registry needs a login"}
		}
		return &api.Diagnosis{Cause: api.CauseImagePull, Message: fmt.Sprintf("image %q cannot be pulled: %s", image, pullReason(message)),
			Hint: "Kubernetes keeps trying; check the registry and the login for it"}
	case "ErrImageNeverPull":
		return &api.Diagnosis{Cause: api.CauseImagePull, Message: fmt.Sprintf("image %q is not on the node, and imagePullPolicy is Never", image)}
	case "InvalidImageName":
		return &api.Diagnosis{Cause: api.CauseInvalidImage, Message: fmt.Sprintf("image %q is not a valid name", image),
			Hint: "names are lower case, as in registry.example.com/team/image:tag"}
	case "CreateContainerConfigError":
		return configError(message)
	case "CrashLoopBackOff":
		if t := s.LastTerminationState.Terminated; t != nil {
			return &api.Diagnosis{Cause: api.CauseContainerConfig, Message: fmt.Sprintf("container %s keeps terminating with %s", s.Name, codeWords(t.ExitCode)),
				Hint: "the task starts when this container runs; see its log", Remedies: []api.Remedy{logsOf(pod, s.Name)}}
		}
		fallthrough
	case "CreateContainerError", "RunContainerError":
		return &api.Diagnosis{Cause: api.CauseContainerConfig, Message: "the container cannot be started: " + startError(message)}
	}
	return nil
}

// logsOf returns the remedy that reads the log of a pod's container.
func logsOf(pod *corev1.Pod, container string) api.Remedy {
	if ref := cmp.Or(pod.Labels[kube.LabelTaskID], pod.Labels[batchv1.JobNameLabel]); ref != "" {
		return api.Remedy{Action: api.TasksLogs, Ref: ref, Namespace: pod.Namespace, Options: []string{"Container=" + container}}
	}
	return api.Remedy{Action: api.KubectlAction("logs"), Ref: pod.Name, Namespace: pod.Namespace, Options: []string{"container=" + container}}
}

func configError(message string) *api.Diagnosis {
	d := &api.Diagnosis{Cause: api.CauseContainerConfig, Message: "the container cannot be created: " + message}
	switch {
	case strings.HasPrefix(message, "secret "), strings.Contains(message, "in Secret"):
		d.Cause, d.Message = api.CauseSecretMissing, message
		d.Hint = "create it in the task's namespace, or remove what refers to it from pod_config"
	case strings.Contains(message, "non-root"), strings.Contains(message, "runAsNonRoot"):
		d.Hint = "the image runs as root; choose another image, or the security profile baseline"
	}
	return d
}

// imageMissing reports whether a pull failed because the image does not exist, by
// the messages of containerd, CRI-O and registries.
func imageMissing(message string) bool {
	lower := strings.ToLower(message)
	for _, sign := range []string{"not found", "manifest unknown", "name unknown", "does not exist"} {
		if strings.Contains(lower, sign) && !strings.Contains(lower, "no such host") {
			return true
		}
	}
	return false
}

// pullReason returns the end of the chain of wrapped errors, which has the reason.
func pullReason(message string) string {
	message = strings.TrimPrefix(message, "Back-off pulling image ")
	if i := strings.LastIndex(message, "failed to do request: "); i >= 0 {
		message = message[i+len("failed to do request: "):]
	}
	const longest = 200
	if len(message) > longest {
		message = "..." + message[len(message)-longest:]
	}
	return message
}

// unmountable explains volumes that cannot be mounted, which the kubelet reports only
// by events.
func unmountable(pod *corev1.Pod, events []corev1.Event) *api.Diagnosis {
	for i := len(events) - 1; i >= 0; i-- {
		e := events[i]
		if e.InvolvedObject.UID != pod.UID || (e.Reason != "FailedMount" && e.Reason != "FailedAttachVolume") || passesByItself(e.Message) {
			continue
		}
		message := oneLine(e.Message)
		d := &api.Diagnosis{Cause: api.CauseVolumeMissing, Message: "a volume cannot be mounted: " + message}
		if _, name, ok := strings.Cut(message, `secret "`); ok && strings.Contains(message, "not found") {
			name, _, _ = strings.Cut(name, `"`)
			d.Cause, d.Message = api.CauseSecretMissing, fmt.Sprintf("secret %q not found", name)
			d.Hint = "create it in the task's namespace, or remove what refers to it from pod_config"
		}
		return d
	}
	return nil
}
