package doctor

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/internal/access"
	"github.com/kubevast/vast/internal/agentspec"
	"github.com/kubevast/vast/internal/diagnose"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
)

const (
	// probeTime is how long the pod may take, its image's pull included.
	probeTime = 90 * time.Second
	// hopeless is how long a reason not to start must last to be believed: a
	// pull that fails once is tried again.
	hopeless  = 10 * time.Second
	probeStep = 500 * time.Millisecond

	checkImage, checkDNS, checkInside = "agent image", "dns", "store from inside"
)

// needed is what a missing image or store means.
const needed = "files and results need it"

// agentImage is the same call with another image of the agent.
var agentImage = api.Remedy{Options: []string{"AgentImage"}, Purpose: "name an image that the cluster can pull"}

// probe runs a pod of our own image for a moment: what it shows is that the
// image can be pulled, that names resolve in pods, and that they reach the
// store.
func (c *Client) probe(ctx context.Context, o api.DoctorOptions) []api.Check {
	if o.NoProbe {
		return without("not tried, since nothing was to be created")
	}
	image := cmp.Or(o.AgentImage, kube.DefaultAgentImage())
	if err := kube.CheckAgentImage(image); err != nil {
		checks := without("there is no image for its pod")
		checks[0] = warning(checkImage, "there is none", needed, agentImage)
		if invalid := (*api.InvalidSpecError)(nil); errors.As(err, &invalid) && len(invalid.Problems) > 0 {
			checks[0].Seen = invalid.Problems[0].Message
		}
		return checks
	}
	wanted := probePod(image)
	if err := c.tasks.MeetBounds(ctx, &wanted.Spec.Containers[0]); err != nil {
		return without("no pod could be made: " + err.Error())
	}
	pods := c.conn.Kube.CoreV1().Pods(c.conn.Namespace)
	pod, err := pods.Create(access.Quietly(ctx), wanted, metav1.CreateOptions{})
	if err != nil {
		return without("no pod could be made: " + c.conn.Classify(err, "create", "pods").Error())
	}
	defer func() {
		// Also after Ctrl-C, for which the context has ended.
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), probeTime)
		defer cancel()
		_ = pods.Delete(last, pod.Name, access.Exactly(pod.UID, metav1.DeleteOptions{GracePeriodSeconds: ptr.To[int64](0)})) // it ends by itself
	}()
	ended, why := c.awaitProbe(ctx, pod.Name)
	if why != "" {
		return []api.Check{
			warning(checkImage, fmt.Sprintf("%s: %s", image, why), needed, agentImage),
			skipped(checkDNS, "its pod did not run"), skipped(checkInside, "its pod did not run"),
		}
	}
	return append([]api.Check{ok(checkImage, image+" runs")}, c.findings(ctx, ended)...)
}

func without(why string) []api.Check {
	return []api.Check{skipped(checkImage, why), skipped(checkDNS, why), skipped(checkInside, why)}
}

// probePod is as tame as a pod can be, so that no namespace refuses it.
func probePod(image string) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "vast-doctor-", Labels: map[string]string{kube.LabelManagedBy: kube.ManagedBy, kube.LabelComponent: "doctor", kube.LabelStoreClient: "true"}},
		Spec:       tame(corev1.Container{Name: "probe", Image: image, Command: []string{"/agent", "probe"}, Env: kube.StoreEnv()}),
	}
}

// tame is a pod of one container that the profile restricted admits, and that
// fits into every quota unless a LimitRange requires requests.
func tame(c corev1.Container) corev1.PodSpec {
	c.Resources = kube.Unpriced()
	c.SecurityContext = &corev1.SecurityContext{AllowPrivilegeEscalation: ptr.To(false), ReadOnlyRootFilesystem: ptr.To(true),
		Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}}}
	return corev1.PodSpec{
		RestartPolicy:                 corev1.RestartPolicyNever,
		ActiveDeadlineSeconds:         ptr.To(int64(2 * probeTime.Seconds())),
		TerminationGracePeriodSeconds: ptr.To[int64](0),
		AutomountServiceAccountToken:  ptr.To(false),
		EnableServiceLinks:            ptr.To(false),
		SecurityContext: &corev1.PodSecurityContext{RunAsNonRoot: ptr.To(true), RunAsUser: ptr.To[int64](65534), RunAsGroup: ptr.To[int64](65534),
			SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault}},
		Containers: []corev1.Container{c},
	}
}

// awaitProbe returns the pod when it has ended, or why it does not get there.
func (c *Client) awaitProbe(ctx context.Context, name string) (pod *corev1.Pod, why string) {
	var since time.Time
	err := wait.PollUntilContextTimeout(ctx, probeStep, probeTime, true, func(ctx context.Context) (bool, error) {
		now, err := c.conn.Kube.CoreV1().Pods(c.conn.Namespace).Get(ctx, name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) || apierrors.IsForbidden(err) {
			return false, c.conn.Classify(err, "get", "pods")
		}
		if err != nil {
			return false, nil // a passing failure; the time limit ends it
		}
		pod, why = now, ""
		if d := diagnose.Pending(pod, nil); d != nil {
			why = d.Message
		}
		if why == "" {
			since = time.Time{}
		} else if since.IsZero() {
			since = time.Now()
		}
		ended := pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
		return ended || !since.IsZero() && time.Since(since) > hopeless, nil
	})
	switch {
	case why != "":
		return nil, why
	case wait.Interrupted(err):
		return nil, fmt.Sprintf("its pod did not end within %s", probeTime)
	case err != nil:
		return nil, err.Error()
	case pod.Status.Phase == corev1.PodFailed:
		return nil, diagnose.Pod(pod).Message
	}
	return pod, ""
}

// findings are what the pod has printed.
func (c *Client) findings(ctx context.Context, pod *corev1.Pod) []api.Check {
	raw, err := c.conn.Kube.CoreV1().Pods(pod.Namespace).GetLogs(pod.Name, &corev1.PodLogOptions{}).DoRaw(ctx)
	if err != nil {
		why := c.conn.Classify(err, "get", "pods/log").Error()
		return []api.Check{skipped(checkDNS, why), skipped(checkInside, why)}
	}
	var found agentspec.ProbeResult
	for scanner := bufio.NewScanner(strings.NewReader(string(raw))); scanner.Scan(); {
		if json.Unmarshal(scanner.Bytes(), &found) == nil {
			break
		}
	}
	return []api.Check{
		finding(checkDNS, found.DNS, "pods do not find each other or the store by name; DNS has to run", api.Remedy{Action: api.KubectlAction("get pods"), Namespace: "kube-system"}),
		finding(checkInside, found.Store, "tasks cannot upload their results", storeStatus),
	}
}

func finding(name string, f *agentspec.ProbeFinding, fix string, remedies ...api.Remedy) api.Check {
	switch {
	case f == nil:
		return skipped(name, "not tried")
	case !f.OK:
		return warning(name, f.Seen, fix, remedies...)
	}
	return ok(name, f.Seen)
}
