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

	"github.com/kubevast/vast/internal/hint"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
)

// Rank returns which node of its task a pod is, -1 when it does not say.
func Rank(pod *corev1.Pod) int {
	rank, err := strconv.Atoi(pod.Annotations[batchv1.JobCompletionIndexAnnotation])
	if err != nil {
		return -1
	}
	return rank
}

// rankOfName reads the rank from a pod's name, <job>-<rank>-<random>, for pods
// that are known only from events.
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

// nodePrefix begins a message about the node of a Job that has this rank.
func nodePrefix(job *batchv1.Job, rank *int) string {
	switch {
	case ofRun(job):
		return ""
	case rank == nil:
		return "a node "
	}
	return fmt.Sprintf("node %d ", *rank)
}

// OfThisStart returns the pods without those that Kubernetes took away when it
// suspended the Job: they say nothing of how the task does since it was resumed,
// though they may take their grace period to end. The Job controller takes its
// finalizer off such a pod before it deletes it, so as not to count its end
// (https://kubernetes.io/docs/concepts/workloads/controllers/job/#job-tracking-with-finalizers).
func OfThisStart(job *batchv1.Job, pods []corev1.Pod) []corev1.Pod {
	if failed, _ := Failed(job); failed || Over(job) {
		return pods // those that were counted have lost the finalizer as well
	}
	return slices.DeleteFunc(slices.Clone(pods), func(p corev1.Pod) bool {
		return p.DeletionTimestamp != nil && !slices.Contains(p.Finalizers, batchv1.JobTrackingFinalizer)
	})
}

// firstFailedPod diagnoses the pod that failed first by its own doing. A pod
// that was deleted because the task had failed already comes last.
func firstFailedPod(say hint.Target, pods []corev1.Pod) *api.Diagnosis {
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
	return ofNode(failed[0], " ", Pod(say, failed[0]))
}

// Deleted says, of a pod that was deleted while it ran, by whom. The message
// has no subject.
func Deleted(say hint.Target, pod *corev1.Pod) *api.Diagnosis {
	if d := evicted(say, pod); d != nil {
		return d
	}
	return podDeleted()
}

func podDeleted() *api.Diagnosis {
	return &api.Diagnosis{Cause: api.CauseDeleted, Message: "had its pod deleted by someone",
		Hint: "a node drain or a deletion of its pod does that; submit the task again"}
}

// WasDeleted reports a pod that failed because it was being deleted, unless a
// disruption says why it was.
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

// endedBySignal reports SIGTERM or SIGKILL that nothing but a deletion explains.
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

// ends are the containers whose end counts: that of the sidecar which keeps
// results fails nothing.
func ends(pod *corev1.Pod) []corev1.ContainerStatus {
	return slices.DeleteFunc(statuses(pod), func(s corev1.ContainerStatus) bool { return s.Name == kube.ContainerKeep })
}

// decisive are the containers whose end is the pod's. Sidecars end after them,
// and many of those by SIGKILL.
func decisive(pod *corev1.Pod) []corev1.ContainerStatus {
	return slices.DeleteFunc(ends(pod), func(s corev1.ContainerStatus) bool { return isSidecar(pod, s.Name) })
}

// ofNode makes a diagnosis of one pod one of its task. A campaign's run has no
// other pod, so no node is named.
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

// ofRun reports a Job or pod of a campaign's run.
func ofRun(o metav1.Object) bool { return o.GetLabels()[kube.LabelKind] == kube.KindRun }

// Pod diagnoses one pod that has failed. The message has no subject: "ended
// with exit code 3".
func Pod(say hint.Target, pod *corev1.Pod) *api.Diagnosis {
	// The user's container first: a side container's end is mostly its
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
	if d := evicted(say, pod); d != nil {
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

// withoutInputs tells what the init container said last, which is why it could
// not bring the task's files.
func withoutInputs(t *corev1.ContainerStateTerminated) *api.Diagnosis {
	why := strings.TrimPrefix(oneLine(t.Message), "error: ")
	if why == "" || t.Reason == "StartError" || t.Reason == "ContainerCannotRun" {
		why = strings.TrimSpace(t.Reason + " " + startError(t.Message))
	}
	return &api.Diagnosis{Cause: api.CauseInputs, Message: "could not bring its files: " + why}
}

func outOfMemory(pod *corev1.Pod, s corev1.ContainerStatus, t *corev1.ContainerStateTerminated) *api.Diagnosis {
	d := &api.Diagnosis{Cause: api.CauseOutOfMemory, ExitCode: &t.ExitCode,
		Message: "out of memory", Hint: "ask for more with resources.memory or --memory"}
	if limit, ok := memoryLimit(pod, s.Name); ok {
		d.Message += " (limit " + limit + ")"
	} else {
		d.Message += " (it has no limit of its own; the machine ran out)"
	}
	if s.Name != kube.ContainerTask {
		d.Message += " in container " + s.Name
	}
	if marked(s, t, kube.SetupMark) {
		d.Message += " during setup"
	}
	return d
}

// marked reports what the launcher left word of.
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

// exited words an exit code. 137 alone is not called out of memory: anything
// may send SIGKILL, and the container runtime or the launcher tells when it
// was the kernel.
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
		d.Hint = "its last lines of output say why"
	case missing(s, t) != "":
		d.Cause, d.Message = api.CauseNodesMissing, "gave up waiting for "+missing(s, t)
		d.Hint = "the last lines of those nodes say what they do; barrier_timeout in the file is how many seconds they may take"
	case signalName(code) != "":
		d.Cause, d.Message = api.CauseSignal, "was ended by "+codeWords(code)+where
		if code == 137 {
			d.Hint = "who sent it is not known; Kubernetes did not report a lack of memory"
		}
	default:
		d.Message = "ended with " + codeWords(code) + where
		switch code {
		case 126:
			d.Hint = "a command is there but cannot be run; is it executable, and made for this machine?"
		case 127:
			d.Hint = notFoundHint(pod, s.Name, "a command was not found; is it in the image?")
		}
	}
	return d
}

// missingNodes is what the launcher writes behind kube.MissingMark. Anything in the
// container may write there, too.
var missingNodes = regexp.MustCompile(`^(dns|[0-9]{1,5}(,[0-9]{1,5}){0,99}(,\.\.\.)?)$`)

// missing says for whom a node has waited too long, or "".
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

// signalName names the signal that a shell reports as 128 + its number.
func signalName(code int32) string {
	names := map[int32]string{1: "SIGHUP", 2: "SIGINT", 3: "SIGQUIT", 4: "SIGILL", 6: "SIGABRT", 7: "SIGBUS",
		8: "SIGFPE", 9: "SIGKILL", 11: "SIGSEGV", 13: "SIGPIPE", 14: "SIGALRM", 15: "SIGTERM", 24: "SIGXCPU", 31: "SIGSYS"}
	return names[code-128]
}
