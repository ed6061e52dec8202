package diagnose

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/kubevast/vast/internal/hint"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
)

// firstPendingPod explains the pod of lowest rank that does not get started
// and says why, or returns nil.
func firstPendingPod(say hint.Target, pods []corev1.Pod, events []corev1.Event) *api.Diagnosis {
	byRank := slices.Clone(pods)
	slices.SortFunc(byRank, func(a, b corev1.Pod) int { return Rank(&a) - Rank(&b) })
	for i := range byRank {
		if d := ofNode(&byRank[i], ": ", Pending(say, &byRank[i], events)); d != nil {
			return d
		}
	}
	return nil
}

// Pending explains why one pod has not started, or returns nil when it has, or
// when nothing is wrong yet.
func Pending(say hint.Target, pod *corev1.Pod, events []corev1.Event) *api.Diagnosis {
	if pod.Status.Phase != corev1.PodPending && pod.Status.Phase != "" {
		return nil
	}
	d := gated(pod)
	if d == nil {
		d = unschedulable(say, pod, events)
	}
	for _, s := range statuses(pod) {
		if w := s.State.Waiting; d == nil && w != nil {
			d = waiting(say, pod, s, w)
		}
	}
	if d == nil {
		d = unmountable(pod, events)
	}
	return d
}

// gated names the gates for which the scheduler leaves a pod alone. Kueue has its
// own, everybody may set more, and who has set one takes it away.
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

func unschedulable(say hint.Target, pod *corev1.Pod, events []corev1.Event) *api.Diagnosis {
	for _, c := range pod.Status.Conditions {
		if c.Type != corev1.PodScheduled || c.Status != corev1.ConditionFalse || c.Reason != corev1.PodReasonUnschedulable {
			continue
		}
		message := ShortenScheduler(c.Message)
		if d := unprovisioned(say, pod, message, events); d != nil {
			return d
		}
		d := &api.Diagnosis{Cause: api.CauseUnschedulable, Message: "no machine can take it: " + message}
		switch {
		case strings.Contains(message, "persistentvolumeclaim") && strings.Contains(message, "not found"):
			d.Cause, d.Message = api.CauseVolumeMissing, "volume missing: "+message
			d.Hint = "see the volumes with: " + say.In(pod.Namespace).Vastvol("list")
		case strings.Contains(message, "Insufficient"):
			d.Hint = "ask for less, or wait until other pods end"
		case strings.Contains(message, "node affinity"), strings.Contains(message, "node selector"):
			d.Hint = "no machine has the accelerator or labels that the task asks for"
		}
		return d
	}
	return nil
}

// ShortenScheduler keeps the scheduler's own words up to where it starts on
// what preemption could do: "0/2 nodes are available: 2 Insufficient cpu".
func ShortenScheduler(message string) string {
	message = oneLine(message)
	for _, tail := range []string{" preemption: ", " no new claims to deallocate", " no new claims to allocate"} {
		if i := strings.Index(message, tail); i >= 0 {
			message = message[:i]
		}
	}
	return strings.TrimRight(message, "., ")
}

// waiting words the reasons of the kubelet for which a container does not
// start. Those that pass by themselves (ContainerCreating) give nil.
func waiting(say hint.Target, pod *corev1.Pod, s corev1.ContainerStatus, w *corev1.ContainerStateWaiting) *api.Diagnosis {
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
		return &api.Diagnosis{Cause: api.CauseImagePull, Message: fmt.Sprintf("image %q is not on the machine, and imagePullPolicy Never forbids to pull it", image)}
	case "InvalidImageName":
		return &api.Diagnosis{Cause: api.CauseInvalidImage, Message: fmt.Sprintf("image %q is not a valid name", image),
			Hint: "a name is lower case, as in registry.example.com/team/image:tag"}
	case "CreateContainerConfigError":
		return configError(message)
	case "CrashLoopBackOff":
		if t := s.LastTerminationState.Terminated; t != nil {
			return &api.Diagnosis{Cause: api.CauseContainerConfig, Message: fmt.Sprintf("container %s ends again and again, with %s", s.Name, codeWords(t.ExitCode)),
				Hint: "the task starts when it runs; see what it says with: " + logsOf(say.In(pod.Namespace), pod, s.Name)}
		}
		fallthrough
	case "CreateContainerError", "RunContainerError":
		return &api.Diagnosis{Cause: api.CauseContainerConfig, Message: "the container cannot be started: " + startError(message)}
	}
	return nil
}

// logsOf is the command that prints the log of a pod's container.
func logsOf(say hint.Target, pod *corev1.Pod, container string) string {
	if ref := cmp.Or(pod.Labels[kube.LabelTaskID], pod.Labels[batchv1.JobNameLabel]); ref != "" {
		return say.Vast("logs", ref, "-c", container)
	}
	return say.Kubectl("logs", pod.Name, "-c", container)
}

func configError(message string) *api.Diagnosis {
	d := &api.Diagnosis{Cause: api.CauseContainerConfig, Message: "the container cannot be made: " + message}
	switch {
	case strings.HasPrefix(message, "secret "), strings.Contains(message, "in Secret"):
		d.Cause, d.Message = api.CauseSecretMissing, message
		d.Hint = "create it in the task's namespace, or remove what refers to it from pod_config"
	case strings.Contains(message, "non-root"), strings.Contains(message, "runAsNonRoot"):
		d.Hint = "the image runs as root; choose another image, or --security-profile baseline"
	}
	return d
}

// imageMissing tells an image that is not there from one that cannot be had
// for another reason, by the words of containerd, CRI-O and the registries.
func imageMissing(message string) bool {
	lower := strings.ToLower(message)
	for _, sign := range []string{"not found", "manifest unknown", "name unknown", "does not exist"} {
		if strings.Contains(lower, sign) && !strings.Contains(lower, "no such host") {
			return true
		}
	}
	return false
}

// pullReason cuts the chain of wrapped errors down to its end, which is where
// the reason stands.
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

// unmountable looks for what the kubelet tells only by events: volumes that
// cannot be mounted.
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
