package diagnose

import (
	"fmt"
	"regexp"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/sdk/api"
)

// FailedCreate is the reason of the events with which the Job controller reports
// why it could not create a pod.
const FailedCreate = "FailedCreate"

// IsFailedCreate reports whether an event is about pods of a Job that cannot be
// created.
func IsFailedCreate(e *corev1.Event) bool {
	return e.InvolvedObject.Kind == "Job" && e.Reason == FailedCreate && !kueueIsLate.MatchString(e.Message)
}

// notCreated explains why a Job lacks pods. Only events report the reason.
func notCreated(f Facts) *api.Diagnosis {
	want := int(ptr.Deref(f.Job.Spec.Parallelism, 1))
	if len(f.Pods) >= want || ptr.Deref(f.Job.Spec.Suspend, false) {
		return nil
	}
	for i := len(f.Events) - 1; i >= 0; i-- {
		if e := &f.Events[i]; IsFailedCreate(e) {
			which := "its pods"
			if len(f.Pods) > 0 {
				which = fmt.Sprintf("%d of its %d pods", want-len(f.Pods), want)
			}
			return Refused(which, e.Message)
		}
	}
	return nil
}

// Refused returns the diagnosis for pods that the API server refused to create, by
// its message. which names the pods: "its pods".
func Refused(which, message string) *api.Diagnosis {
	message = createError(message)
	if _, quota, ok := strings.Cut(message, "exceeded quota: "); ok {
		return &api.Diagnosis{Cause: api.CauseQuota, Message: "the namespace's quota is used up: " + quota,
			Hint: "it starts when other pods end; or request a larger quota"}
	}
	if m := unspecified.FindStringSubmatch(message); m != nil {
		return &api.Diagnosis{Cause: api.CauseQuota, Message: fmt.Sprintf("%s cannot be created: quota %s of the namespace requires every container to set its %s", which, m[1], m[2]),
			Hint: "give them as requests and limits in pod_config, or have a LimitRange with defaults created in the namespace"}
	}
	d := &api.Diagnosis{Cause: api.CauseCreateFailed, Message: which + " cannot be created: " + message}
	d.Hint, d.Remedies = createHint(message)
	return d
}

// createError returns an event's message without the parts that differ between
// attempts.
func createError(message string) string {
	message = strings.TrimPrefix(oneLine(message), "(combined from similar events): ")
	message = strings.TrimPrefix(message, "Error creating: ")
	return podForbidden.ReplaceAllString(message, "")
}

var (
	// kueueIsLate matches the message of Kueue's webhook for a pod whose Job is not in
	// its cache yet. The next attempt to create the pod follows at once.
	kueueIsLate = regexp.MustCompile(`"mpod\.kb\.io" denied the request: Job\.batch .* not found`)

	podForbidden = regexp.MustCompile(`^pods "[^"]*" is forbidden: `)
	// unspecified matches the message of a ResourceQuota for a container that sets no
	// amount of a resource that the quota limits.
	unspecified = regexp.MustCompile(`^failed quota: ([^:]+): must specify (.+)$`)
)

// createHint returns how to fix pods that cannot be created, by the API server's
// message.
func createHint(message string) (string, []api.Remedy) {
	switch {
	case strings.Contains(message, "violates PodSecurity"):
		return "submit it with the security profile restricted", nil
	case strings.Contains(message, "serviceaccount"):
		return "create the service account, or remove it from pod_config", nil
	case strings.Contains(message, "no PriorityClass with name"):
		return "set an existing one in pod_config, or remove it",
			[]api.Remedy{{Action: api.KubectlAction("get priorityclasses"), Namespace: "*"}}
	case strings.Contains(message, "failed calling webhook"):
		return "the webhook does not respond; the pods are created when it does: check that its server runs", nil
	case strings.Contains(message, "denied the request"):
		return "the webhook enforces rules of this cluster; ask its administrator", nil
	case limitRange.MatchString(message):
		return "set resources that the namespace's LimitRange allows",
			[]api.Remedy{{Action: api.KubectlAction("describe limitranges")}}
	}
	return "", nil
}

// limitRange matches the messages of a LimitRange that refuses a pod.
var limitRange = regexp.MustCompile(`(minimum|maximum) \S+ usage per |max limit to request ratio per `)
