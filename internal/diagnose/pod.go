package diagnose

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
)

// Rank returns the rank of a pod in its task, -1 if it has none.
func Rank(pod *corev1.Pod) int {
	rank, err := strconv.Atoi(pod.Annotations[batchv1.JobCompletionIndexAnnotation])
	if err != nil {
		return -1
	}
	return rank
}

// rankOfName parses the rank from a pod's name, <job>-<rank>-<random>, for pods that
// only events mention.
func rankOfName(job, pod string) *int {
	rest, ok := strings.CutPrefix(pod, job+"-")
	if !ok {
		return nil
	}
	number, _, _ := strings.Cut(rest, "-")
	if rank, err := strconv.Atoi(number); err == nil {
		return &rank
	}
	return nil
}

// nodePrefix returns the beginning of a message about the pod of this rank.
func nodePrefix(job *batchv1.Job, rank *int) string {
	switch {
	case ofRun(job):
		return ""
	case rank == nil:
		return "a node "
	}
	return fmt.Sprintf("node %d ", *rank)
}

// OfThisStart returns the pods without those that Kubernetes deleted when it
// suspended the Job: they are of an earlier start, even if their grace period has
// not ended. The Job controller removes its
// finalizer from such a pod before it deletes it, so that its end is not counted
// (https://kubernetes.io/docs/concepts/workloads/controllers/job/#job-tracking-with-finalizers).
func OfThisStart(job *batchv1.Job, pods []corev1.Pod) []corev1.Pod {
	if failed, _ := Failed(job); failed || Over(job) {
		return pods // those that were counted have lost the finalizer as well
	}
	return slices.DeleteFunc(slices.Clone(pods), func(p corev1.Pod) bool {
		return p.DeletionTimestamp != nil && !slices.Contains(p.Finalizers, batchv1.JobTrackingFinalizer)
	})
}

// firstFailedPod explains the pod that failed first by itself. Pods that were deleted
// because the task had already failed come last.
func firstFailedPod(pods []corev1.Pod) *api.Diagnosis {
	var failed []*corev1.Pod
	for i := range pods {
		if pods[i].Status.Phase == corev1.PodFailed {
			failed = append(failed, &pods[i])
		}
	}
	if len(failed) == 0 {
		return nil
	}
	slices.SortStableFunc(failed, func(a, b *corev1.Pod) int {
		return cmp.Or(boolCompare(WasDeleted(a), WasDeleted(b)), failedAt(a).Compare(failedAt(b)), cmp.Compare(Rank(a), Rank(b)))
	})
	if WasDeleted(failed[0]) {
		// Kubernetes deletes a task's pods only after one has failed by
		// itself, and that one stays.
		return ofNode(failed[0], " ", podDeleted())
	}
	return ofNode(failed[0], " ", Pod(failed[0]))
}

// Deleted explains a pod that was deleted while it ran. The message has no subject.
func Deleted(pod *corev1.Pod) *api.Diagnosis {
	if d := evicted(pod); d != nil {
		return d
	}
	return podDeleted()
}

func podDeleted() *api.Diagnosis {
	return &api.Diagnosis{Cause: api.CauseDeleted, Message: "had its pod deleted by someone",
		Hint: "a node drain or a deletion of its pod does that; submit the task again"}
}

// WasDeleted reports a pod that failed because it was being deleted, unless a
// disruption is the reason.
//
// With the kubelet's last word the API server sets the grace period to 0 and
// the time of deletion to now, and when the deletion was asked for is lost. A
// pod that a signal had ended within its own grace period before is then taken
// for one that was ended by the deletion.
func WasDeleted(pod *corev1.Pod) bool {
	if pod.DeletionTimestamp == nil || disruption(pod) != nil {
		return false
	}
	grace := time.Duration(ptr.Deref(pod.DeletionGracePeriodSeconds, 0)) * time.Second
	if grace == 0 {
		if !endedBySignal(pod) {
			return false
		}
		grace = time.Duration(ptr.Deref(pod.Spec.TerminationGracePeriodSeconds, corev1.DefaultTerminationGracePeriodSeconds)) * time.Second
	}
	return !failedAt(pod).Before(pod.DeletionTimestamp.Add(-grace))
}

// endedBySignal reports whether the pod was terminated by SIGTERM or SIGKILL, and not
// for a lack of memory.
func endedBySignal(pod *corev1.Pod) bool {
	return slices.ContainsFunc(decisive(pod), func(s corev1.ContainerStatus) bool {
		t := s.State.Terminated
		return t != nil && (t.ExitCode == 143 || t.ExitCode == 137) && !ranOutOfMemory(s, t)
	})
}

func ranOutOfMemory(s corev1.ContainerStatus, t *corev1.ContainerStateTerminated) bool {
	return t.Reason == "OOMKilled" || marked(s, t, kube.OOMMark)
}

func boolCompare(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

func failedAt(pod *corev1.Pod) time.Time {
	at := time.Time{}
	for _, s := range decisive(pod) {
		if t := s.State.Terminated; t != nil && t.ExitCode != 0 && t.FinishedAt.After(at) {
			at = t.FinishedAt.Time
		}
	}
	return at
}

func statuses(pod *corev1.Pod) []corev1.ContainerStatus {
	return slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses)
}

// ends returns the containers whose exit codes matter: all but the sidecar that
// uploads results.
func ends(pod *corev1.Pod) []corev1.ContainerStatus {
	return slices.DeleteFunc(statuses(pod), func(s corev1.ContainerStatus) bool { return s.Name == kube.ContainerKeep })
}

// decisive returns the containers whose end is the end of the pod. Sidecars
// terminate after them, many of them by SIGKILL.
func decisive(pod *corev1.Pod) []corev1.ContainerStatus {
	return slices.DeleteFunc(ends(pod), func(s corev1.ContainerStatus) bool { return isSidecar(pod, s.Name) })
}

// ofNode turns the diagnosis of one pod into that of its task. A campaign's run has
// only one pod, so its message names no node.
func ofNode(pod *corev1.Pod, separator string, d *api.Diagnosis) *api.Diagnosis {
	rank := Rank(pod)
	if d == nil || rank < 0 {
		return d
	}
	d.Rank = &rank
	if !ofRun(pod) {
		d.Message = fmt.Sprintf("node %d%s%s", rank, separator, d.Message)
	}
	return d
}

// ofRun reports whether a Job or pod belongs to a run of a campaign.
func ofRun(o metav1.Object) bool { return o.GetLabels()[kube.LabelKind] == kube.KindRun }

// Pod explains one pod that has failed. The message has no subject: "ended with exit
// code 3".
func Pod(pod *corev1.Pod) *api.Diagnosis {
	// The user's container first: another container's end is usually its
	// consequence.
	all := ends(pod)
	slices.SortStableFunc(all, func(a, b corev1.ContainerStatus) int {
		return boolCompare(a.Name != kube.ContainerTask, b.Name != kube.ContainerTask)
	})
	for _, s := range all {
		if t := s.State.Terminated; t != nil && ranOutOfMemory(s, t) {
			return outOfMemory(pod, s, t)
		}
	}
	if d := evicted(pod); d != nil {
		return d
	}
	if pod.Status.Reason == "DeadlineExceeded" {
		return &api.Diagnosis{Cause: api.CauseDeadline, Message: "ran longer than its pod's deadline"}
	}
	for _, s := range all {
		switch t := s.State.Terminated; {
		case t == nil || t.ExitCode == 0:
		case s.Name == kube.ContainerFetch:
			return withoutInputs(t)
		default:
			return exited(pod, s, t)
		}
	}
	if pod.DeletionTimestamp != nil {
		return podDeleted()
	}
	return &api.Diagnosis{Cause: api.CauseUnknown, Message: strings.TrimSpace("failed " + oneLine(pod.Status.Message))}
}

// withoutInputs explains an init container that could not fetch the task's files, by
// its termination message.
func withoutInputs(t *corev1.ContainerStateTerminated) *api.Diagnosis {
	why := strings.TrimPrefix(oneLine(t.Message), "error: ")
	if why == "" || t.Reason == "StartError" || t.Reason == "ContainerCannotRun" {
		why = strings.TrimSpace(t.Reason + " " + startError(t.Message))
	}
	return &api.Diagnosis{Cause: api.CauseInputs, Message: "could not bring its files: " + why}
}

func outOfMemory(pod *corev1.Pod, s corev1.ContainerStatus, t *corev1.ContainerStateTerminated) *api.Diagnosis {
	d := &api.Diagnosis{Cause: api.CauseOutOfMemory, ExitCode: &t.ExitCode,
		Message: "out of memory", Hint: "set more in resources.memory"}
	if limit, ok := memoryLimit(pod, s.Name); ok {
		d.Message += " (limit " + limit + ")"
	} else {
		d.Message += " (it has no limit; its node ran out of memory)"
	}
	if s.Name != kube.ContainerTask {
		d.Message += " in container " + s.Name
	}
	if marked(s, t, kube.SetupMark) {
		d.Message += " during setup"
	}
	return d
}

// marked reports whether the launcher wrote mark to the termination message.
func marked(s corev1.ContainerStatus, t *corev1.ContainerStateTerminated, mark string) bool {
	return s.Name == kube.ContainerTask && slices.Contains(strings.Fields(t.Message), mark)
}

func memoryLimit(pod *corev1.Pod, container string) (string, bool) {
	for _, c := range slices.Concat(pod.Spec.InitContainers, pod.Spec.Containers) {
		if c.Name == container {
			limit, ok := c.Resources.Limits[corev1.ResourceMemory]
			return limit.String(), ok
		}
	}
	return "", false
}

// exited explains an exit code. 137 alone does not mean out of memory, because anything
// may send SIGKILL; the container runtime or the launcher reports an OOM kill.
func exited(pod *corev1.Pod, s corev1.ContainerStatus, t *corev1.ContainerStateTerminated) *api.Diagnosis {
	code := t.ExitCode
	d := &api.Diagnosis{Cause: api.CauseExit, ExitCode: &code}
	where := ""
	if s.Name != kube.ContainerTask {
		where = " in container " + s.Name
	}
	switch {
	case t.Reason == "StartError" || t.Reason == "ContainerCannotRun":
		d.Cause, d.Message = api.CauseContainerConfig, "could not start: "+startError(t.Message)
		d.Hint = cannotStart(pod, s, t)
	case marked(s, t, kube.SetupMark):
		d.Cause, d.Message = api.CauseSetupFailed, "failed in setup with "+codeWords(code)
		d.Hint = "the end of its log says why"
	case missing(s, t) != "":
		d.Cause, d.Message = api.CauseNodesMissing, "gave up waiting for "+missing(s, t)
		d.Hint = "the ends of their logs show what those nodes do; barrier_timeout in the file sets how many seconds they may take"
	case outputs(s, t) != "":
		d.Message = "wrote variables that cannot be passed on: " + outputs(s, t)
		d.Hint = "write lines NAME=VALUE to $VAST_OUTPUTS"
	case signalName(code) != "":
		d.Cause, d.Message = api.CauseSignal, "was ended by "+codeWords(code)+where
		if code == 137 {
			d.Hint = "sender unknown; Kubernetes reported no OOM kill"
		}
	default:
		d.Message = "ended with " + codeWords(code) + where
		switch code {
		case 126:
			d.Hint = "a command exists but cannot be executed; is it executable, and built for this platform?"
		case 127:
			d.Hint = notFoundHint(pod, s.Name, "a command was not found; is it in the image?")
		}
	}
	return d
}

// missingNodes matches what the launcher writes after kube.MissingMark. Any process
// in the container may write there, too.
var missingNodes = regexp.MustCompile(`^(dns|[0-9]{1,5}(,[0-9]{1,5}){0,99}(,\.\.\.)?)$`)

// missing returns which nodes a node has waited for too long, or "".
func missing(s corev1.ContainerStatus, t *corev1.ContainerStateTerminated) string {
	for _, word := range strings.Fields(t.Message) {
		list, ok := strings.CutPrefix(word, kube.MissingMark)
		switch nodes := strings.Split(list, ","); {
		case !ok || s.Name != kube.ContainerTask || !missingNodes.MatchString(list):
		case list == "dns":
			return "its own name in the cluster's DNS"
		case len(nodes) == 1:
			return "node " + list
		case nodes[len(nodes)-1] == "...":
			return "nodes " + strings.Join(nodes[:len(nodes)-1], ", ") + " and more"
		default:
			return "nodes " + strings.Join(nodes, ", ")
		}
	}
	return ""
}

// outputs returns what is wrong with the variables that a task wrote for others, as the
// launcher reports it; empty for nothing.
func outputs(s corev1.ContainerStatus, t *corev1.ContainerStateTerminated) string {
	for _, word := range strings.Fields(t.Message) {
		rest, ok := strings.CutPrefix(word, kube.OutputsMark)
		line, what, _ := strings.Cut(rest, ":")
		if !ok || s.Name != kube.ContainerTask || line == "" || strings.Trim(line, "0123456789") != "" || len(line) > 5 {
			continue
		}
		switch what {
		case "form":
			return "line " + line + " of the file is not NAME=VALUE"
		case "name":
			return "line " + line + " of the file sets a reserved name"
		case "size":
			return "the file has more than 64 KiB"
		case "file":
			return "it is not a regular file"
		}
	}
	return ""
}

func startError(message string) string {
	message = oneLine(message)
	if i := strings.LastIndex(message, "exec: "); i >= 0 {
		message = message[i+len("exec: "):]
	}
	return strings.TrimSuffix(message, ": unknown")
}

func codeWords(code int32) string {
	if name := signalName(code); name != "" {
		return fmt.Sprintf("%s (exit code %d)", name, code)
	}
	return fmt.Sprintf("exit code %d", code)
}

// signalName returns the name of the signal that a shell reports as 128 + its number.
func signalName(code int32) string {
	names := map[int32]string{1: "SIGHUP", 2: "SIGINT", 3: "SIGQUIT", 4: "SIGILL", 6: "SIGABRT", 7: "SIGBUS",
		8: "SIGFPE", 9: "SIGKILL", 11: "SIGSEGV", 13: "SIGPIPE", 14: "SIGALRM", 15: "SIGTERM", 24: "SIGXCPU", 31: "SIGSYS"}
	return names[code-128]
}
