package diagnose

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/sdk/api"
)

// The claim of an ephemeral volume is made after its pod, and is called not found
// until then.
func TestAVolumeThatIsBeingMadeIsNotMissing(t *testing.T) {
	event := func(reason, message string) corev1.Event {
		return corev1.Event{Type: corev1.EventTypeWarning, Reason: reason, Message: message, InvolvedObject: corev1.ObjectReference{Kind: "Pod", UID: "pod"}}
	}
	for name, tt := range map[string]struct {
		says   string
		events []corev1.Event
		cause  api.Cause // "" is well
		want   string
	}{
		"an ephemeral volume, by most plug-ins": {`0/2 nodes are available: persistentvolumeclaim "train-0-x-scratch" not found. not found`, nil,
			api.CauseVolumePending, "waits for its volume scratch, which is being created"},
		"an ephemeral volume, by the one for volumes": {`0/2 nodes are available: waiting for ephemeral volume controller to create the persistentvolumeclaim "train-0-x-scratch". not found`, nil,
			api.CauseVolumePending, "waits for its volume scratch, which is being created"},
		"one that may not be made": {`0/2 nodes are available: persistentvolumeclaim "train-0-x-scratch" not found. not found`,
			[]corev1.Event{event("FailedBinding", `ephemeral volume scratch: persistentvolumeclaims "train-0-x-scratch" is forbidden: exceeded quota: q`)},
			api.CauseVolumeMissing, `its volume scratch cannot be created: persistentvolumeclaims "train-0-x-scratch" is forbidden: exceeded quota: q`},
		"one that is not bound yet": {"0/2 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found", nil,
			api.CauseVolumePending, "waits for a volume that is being created"},
		"a claim that is not there": {`0/2 nodes are available: persistentvolumeclaim "data" not found. not found`, nil,
			api.CauseVolumeMissing, `volume missing: 0/2 nodes are available: persistentvolumeclaim "data" not found. not found`},
		"a claim with such a name that is not the pod's": {`0/2 nodes are available: persistentvolumeclaim "train-0-x-data" not found. not found`, nil,
			api.CauseVolumeMissing, `volume missing: 0/2 nodes are available: persistentvolumeclaim "train-0-x-data" not found. not found`},
		"a mount that the kubelet tries again": {"", []corev1.Event{event("FailedMount", `MountVolume.SetUp failed for volume "kube-root-ca.crt" : failed to sync configmap cache: timed out waiting for the condition`)}, "", ""},
		"an object unknown to the kubelet":     {"", []corev1.Event{event("FailedMount", `MountVolume.SetUp failed for volume "v" : object "lab"/"s" not registered`)}, "", ""},
		"a mount that fails":                   {"", []corev1.Event{event("FailedMount", `MountVolume.SetUp failed for volume "v" : mount failed: exit status 32`)}, api.CauseVolumeMissing, `a volume cannot be mounted: MountVolume.SetUp failed for volume "v" : mount failed: exit status 32`},
	} {
		t.Run(name, func(t *testing.T) {
			pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "train-0-x", UID: "pod"}, Status: corev1.PodStatus{Phase: corev1.PodPending}}
			pod.Spec.Volumes = []corev1.Volume{
				{Name: "scratch", VolumeSource: corev1.VolumeSource{Ephemeral: &corev1.EphemeralVolumeSource{}}},
				{Name: "data", VolumeSource: corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "train-0-x-data"}}}}
			if tt.says != "" {
				pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: corev1.PodReasonUnschedulable, Message: tt.says}}
			}
			var cause api.Cause
			var got string
			if d := Pending(pod, tt.events); d != nil {
				cause, got = d.Cause, d.Message
			}
			if diff := cmp.Diff(tt.want, got); diff != "" || cause != tt.cause {
				t.Errorf("cause %q, want %q (-want +got):\n%s", cause, tt.cause, diff)
			}
		})
	}
}

func TestPodsThatCannotBeCreatedAreExplainedWithAFix(t *testing.T) {
	remedies := map[string][]api.Remedy{
		"a LimitRange":          {{Action: api.KubectlAction("describe limitranges")}},
		"no such PriorityClass": {{Action: api.KubectlAction("get priorityclasses"), Namespace: "*"}},
	}
	for name, tt := range map[string]struct {
		says, message, hint string
		cause               api.Cause
	}{
		"a quota that is used up": {`Error creating: pods "t-0-x" is forbidden: exceeded quota: q, requested: pods=1`,
			"the namespace's quota is used up: q, requested: pods=1", "it starts when other pods end; or request a larger quota", api.CauseQuota},
		"a quota that requires limits": {`Error creating: pods "t-0-x" is forbidden: failed quota: hard: must specify limits.cpu for: task; limits.memory for: task`,
			"its pods cannot be created: quota hard of the namespace requires every container to set its limits.cpu for: task; limits.memory for: task",
			"give them as requests and limits in pod_config, or have a LimitRange with defaults created in the namespace", api.CauseQuota},
		"a LimitRange": {`Error creating: pods "t-0-x" is forbidden: [maximum cpu usage per Container is 1, but limit is 4, minimum memory usage per Pod is 1Gi, but request is 1Mi]`,
			"its pods cannot be created: [maximum cpu usage per Container is 1, but limit is 4, minimum memory usage per Pod is 1Gi, but request is 1Mi]",
			"set resources that the namespace's LimitRange allows", api.CauseCreateFailed},
		"PodSecurity": {`(combined from similar events): Error creating: pods "t-0-x" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true`,
			`its pods cannot be created: violates PodSecurity "restricted:latest": runAsNonRoot != true`, "submit it with the security profile restricted", api.CauseCreateFailed},
		"a webhook that refuses": {`Error creating: admission webhook "policy.example.com" denied the request: images come from our registry only`,
			`its pods cannot be created: admission webhook "policy.example.com" denied the request: images come from our registry only`,
			"the webhook enforces rules of this cluster; ask its administrator", api.CauseCreateFailed},
		"a webhook that is away": {`Error creating: Internal error occurred: failed calling webhook "m.example.com": no endpoints available for service "m"`,
			`its pods cannot be created: Internal error occurred: failed calling webhook "m.example.com": no endpoints available for service "m"`,
			"the webhook does not respond; the pods are created when it does: check that its server runs", api.CauseCreateFailed},
		"no such account": {`Error creating: pods "t-0-x" is forbidden: error looking up service account lab/robot: serviceaccount "robot" not found`,
			`its pods cannot be created: error looking up service account lab/robot: serviceaccount "robot" not found`,
			"create the service account, or remove it from pod_config", api.CauseCreateFailed},
		"no such PriorityClass": {`Error creating: pods "t-0-x" is forbidden: no PriorityClass with name urgent was found`,
			"its pods cannot be created: no PriorityClass with name urgent was found",
			"set an existing one in pod_config, or remove it", api.CauseCreateFailed},
	} {
		t.Run(name, func(t *testing.T) {
			got := Task(Facts{Job: job(), Events: []corev1.Event{event("Job", FailedCreate, tt.says)}})
			want := &api.Diagnosis{Cause: tt.cause, Message: tt.message, Hint: tt.hint, Remedies: remedies[name]}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
