package diagnose

import (
	"fmt"
	"regexp"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/internal/hint"
	"github.com/kubevast/vast/sdk/api"
)

// FailedCreate is the reason of the events by which the Job controller tells what
// kept it from making a pod.
const FailedCreate = "FailedCreate"

// TellsOfCreation reports an event that says what keeps a Job's pods from being
// made.
func TellsOfCreation(e *corev1.Event) bool {
	return e.InvolvedObject.Kind == "Job" && e.Reason == FailedCreate && !kueueIsLate.MatchString(e.Message)
}

// notCreated explains a Job that lacks pods: what forbids them is told only by
// events.
func notCreated(f Facts) *api.Diagnosis {
	want := int(ptr.Deref(f.Job.Spec.Parallelism, 1))
	if len(f.Pods) >= want || ptr.Deref(f.Job.Spec.Suspend, false) {
		return nil
	}
	for i := len(f.Events) - 1; i >= 0; i-- {
		if e := &f.Events[i]; TellsOfCreation(e) {
			which := "its pods"
			if len(f.Pods) > 0 {
				which = fmt.Sprintf("%d of its %d pods", want-len(f.Pods), want)
			}
			return Refused(f.Hint.In(f.Job.Namespace), which, e.Message)
		}
	}
	return nil
}

// Refused says why the API server has made no pod, by its own words; which names
// the pods: "its pods".
func Refused(say hint.Target, which, message string) *api.Diagnosis {
	message = createError(message)
	if _, quota, ok := strings.Cut(message, "exceeded quota: "); ok {
		return &api.Diagnosis{Cause: api.CauseQuota, Message: "the namespace's quota is used up: " + quota,
			Hint: "it starts when other pods end; or ask for a larger quota"}
	}
	if m := unspecified.FindStringSubmatch(message); m != nil {
		return &api.Diagnosis{Cause: api.CauseQuota, Message: fmt.Sprintf("%s cannot be created: quota %s of the namespace demands that every container says its %s", which, m[1], m[2]),
			Hint: "give them as requests and limits in pod_config, or have a LimitRange with defaults made in the namespace"}
	}
	return &api.Diagnosis{Cause: api.CauseCreateFailed, Message: which + " cannot be created: " + message, Hint: createHint(say, message)}
}

// createError is an event's message without what differs from one attempt to
// the next.
func createError(message string) string {
	message = strings.TrimPrefix(oneLine(message), "(combined from similar events): ")
	message = strings.TrimPrefix(message, "Error creating: ")
	return podForbidden.ReplaceAllString(message, "")
}

var (
	// kueueIsLate is what Kueue's webhook says of a pod when it has not heard of
	// the pod's Job yet. The next attempt to make the pod follows at once.
	kueueIsLate = regexp.MustCompile(`"mpod\.kb\.io" denied the request: Job\.batch .* not found`)

	podForbidden = regexp.MustCompile(`^pods "[^"]*" is forbidden: `)
	// unspecified is what a ResourceQuota says of a container that does not say
	// how much it takes of what the quota limits.
	unspecified = regexp.MustCompile(`^failed quota: ([^:]+): must specify (.+)$`)
)

func createHint(say hint.Target, message string) string {
	switch {
	case strings.Contains(message, "violates PodSecurity"):
		return "submit it with --security-profile restricted"
	case strings.Contains(message, "serviceaccount"):
		return "create the service account, or remove it from pod_config"
	case strings.Contains(message, "no PriorityClass with name"):
		return "name one that there is (" + say.Cluster().Kubectl("get", "priorityclasses") + "), or remove it"
	case strings.Contains(message, "failed calling webhook"):
		return "the webhook does not answer; the pods are made when it does: see that what serves it runs"
	case strings.Contains(message, "denied the request"):
		return "that webhook has rules of the cluster's own; ask the cluster's administrator"
	case limitRange.MatchString(message):
		return "ask for what the namespace's LimitRange allows: " + say.Kubectl("describe", "limitranges")
	}
	return ""
}

// limitRange is how the LimitRange of a namespace words what it refuses.
var limitRange = regexp.MustCompile(`(minimum|maximum) \S+ usage per |max limit to request ratio per `)
