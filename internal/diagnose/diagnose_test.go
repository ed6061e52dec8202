package diagnose

import (
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
)

var began = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func at(seconds int) metav1.Time {
	return metav1.NewTime(began.Add(time.Duration(seconds) * time.Second))
}

func job(change ...func(*batchv1.Job)) *batchv1.Job {
	j := &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Name: "train-abcdefgh", UID: "job", Annotations: map[string]string{}}}
	for _, c := range change {
		c(j)
	}
	return j
}

func with(kind batchv1.JobConditionType, reason string) func(*batchv1.Job) {
	return func(j *batchv1.Job) {
		j.Status.Conditions = append(j.Status.Conditions, batchv1.JobCondition{Type: kind, Status: corev1.ConditionTrue, Reason: reason, Message: "it failed."})
	}
}

var failedJob = with(batchv1.JobFailed, batchv1.JobReasonBackoffLimitExceeded)

func pod(rank int, phase corev1.PodPhase, change ...func(*corev1.Pod)) corev1.Pod {
	p := corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "train-abcdefgh-" + strconv.Itoa(rank) + "-xyz", Annotations: map[string]string{batchv1.JobCompletionIndexAnnotation: strconv.Itoa(rank)}},
		Spec: corev1.PodSpec{NodeName: "machine", Containers: []corev1.Container{{Name: "task", Resources: corev1.ResourceRequirements{
			Limits: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("512Mi")}}}}},
		Status: corev1.PodStatus{Phase: phase},
	}
	for _, c := range change {
		c(&p)
	}
	return p
}

func ended(code int32, reason, message string, seconds int) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "task", State: corev1.ContainerState{
			Terminated: &corev1.ContainerStateTerminated{ExitCode: code, Reason: reason, Message: message, FinishedAt: at(seconds)}}}}
	}
}

// tracked is a pod that the Job controller will count.
func tracked(p *corev1.Pod) { p.Finalizers = append(p.Finalizers, batchv1.JobTrackingFinalizer) }

// initEnded is the end of one of our own containers.
func initEnded(name string, code int32, reason, message string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Status.InitContainerStatuses = append(p.Status.InitContainerStatuses, corev1.ContainerStatus{Name: name, State: corev1.ContainerState{
			Terminated: &corev1.ContainerStateTerminated{ExitCode: code, Reason: reason, Message: message, FinishedAt: at(9)}}})
	}
}

func waitsFor(reason, message string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "task", Image: "lab/app:1", State: corev1.ContainerState{
			Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message}}}}
	}
}

func pods(p ...corev1.Pod) []corev1.Pod { return p }

func podCondition(kind corev1.PodConditionType, status corev1.ConditionStatus, reason, message string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Status.Conditions = append(p.Status.Conditions, corev1.PodCondition{Type: kind, Status: status, Reason: reason, Message: message})
	}
}

func deletedAt(seconds int) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.DeletionTimestamp, p.DeletionGracePeriodSeconds = ptr.To(at(seconds+30)), ptr.To[int64](30)
	}
}

// goneAt is the state after a deletion and the kubelet's last report.
func goneAt(seconds int) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.DeletionTimestamp, p.DeletionGracePeriodSeconds = ptr.To(at(seconds)), ptr.To[int64](0)
	}
}

func event(kind, reason, message string) corev1.Event {
	return corev1.Event{InvolvedObject: corev1.ObjectReference{Kind: kind, Name: "train-abcdefgh-1-xyz"}, Reason: reason, Message: message}
}

func TestTask(t *testing.T) {
	tests := map[string]struct {
		facts   Facts
		cause   api.Cause
		message string
	}{
		"a task that is well": {Facts{Job: job(), Pods: pods(pod(0, corev1.PodRunning))}, "", ""},
		"one that succeeded, though it was stopped too late": {Facts{Job: job(with(batchv1.JobComplete, ""), func(j *batchv1.Job) {
			j.Annotations[kube.AnnotationStoppedBy] = "eve"
		})}, "", ""},
		"stopped": {Facts{Job: job(with(batchv1.JobFailed, batchv1.JobReasonDeadlineExceeded), func(j *batchv1.Job) {
			j.Annotations[kube.AnnotationStoppedBy] = "eve"
		})}, api.CauseStopped, "stopped by eve"},
		"a deadline": {Facts{Job: job(with(batchv1.JobFailed, batchv1.JobReasonDeadlineExceeded), func(j *batchv1.Job) {
			j.Spec.ActiveDeadlineSeconds = ptr.To[int64](90)
		})}, api.CauseDeadline, "ran longer than its deadline of 1m30s"},
		"inputs that could not be brought": {Facts{Job: job(failedJob), Pods: pods(pod(0, corev1.PodFailed,
			initEnded("vast-fetch", 1, "Error", "error: the store has no inputs/abc any more\n")))},
			api.CauseInputs, "node 0 could not bring its files: the store has no inputs/abc any more"},
		"an agent that could not be started": {Facts{Job: job(failedJob), Pods: pods(pod(0, corev1.PodFailed,
			initEnded("vast-fetch", 128, "StartError", "failed to create containerd task: exec: \"/agent\": no such file: unknown")))},
			api.CauseInputs, "node 0 could not bring its files: StartError \"/agent\": no such file"},
		"results that could not be kept are no failure of the task": {Facts{Job: job(failedJob), Pods: pods(pod(0, corev1.PodFailed,
			initEnded("vast-keep", 137, "OOMKilled", ""), ended(3, "Error", "", 1)))},
			api.CauseExit, "node 0 ended with exit code 3"},
		"out of memory, as the runtime reports": {Facts{Job: job(failedJob), Pods: pods(pod(1, corev1.PodFailed, ended(137, "OOMKilled", "", 1)))},
			api.CauseOutOfMemory, "node 1 out of memory (limit 512Mi)"},
		"out of memory, as the launcher reports": {Facts{Job: job(failedJob), Pods: pods(pod(1, corev1.PodFailed, ended(1, "Error", " vast:oom", 1)))},
			api.CauseOutOfMemory, "node 1 out of memory (limit 512Mi)"},
		"out of memory in setup": {Facts{Job: job(failedJob), Pods: pods(pod(0, corev1.PodFailed, ended(137, "OOMKilled", "vast:setup", 1)))},
			api.CauseOutOfMemory, "node 0 out of memory (limit 512Mi) during setup"},
		"137 alone is no lack of memory": {Facts{Job: job(failedJob), Pods: pods(pod(0, corev1.PodFailed, ended(137, "Error", "", 1)))},
			api.CauseSignal, "node 0 was ended by SIGKILL (exit code 137)"},
		"an exit code": {Facts{Job: job(failedJob), Pods: pods(pod(0, corev1.PodFailed, ended(3, "Error", "", 1)))},
			api.CauseExit, "node 0 ended with exit code 3"},
		"a code above 128 that is no signal": {Facts{Job: job(failedJob), Pods: pods(pod(0, corev1.PodFailed, ended(255, "Error", "", 1)))},
			api.CauseExit, "node 0 ended with exit code 255"},
		"setup": {Facts{Job: job(failedJob), Pods: pods(pod(0, corev1.PodFailed, ended(2, "Error", "vast:setup", 1)))},
			api.CauseSetupFailed, "node 0 failed in setup with exit code 2"},
		"nodes that did not come": {Facts{Job: job(failedJob), Pods: pods(pod(0, corev1.PodFailed, ended(124, "Error", " vast:missing:1,2", 1)))},
			api.CauseNodesMissing, "node 0 gave up waiting for nodes 1, 2"},
		"more missing nodes than are named": {Facts{Job: job(failedJob), Pods: pods(pod(0, corev1.PodFailed, ended(124, "Error", " vast:missing:1,2,3,4,...", 1)))},
			api.CauseNodesMissing, "node 0 gave up waiting for nodes 1, 2, 3, 4 and more"},
		"last words that only look like the launcher's": {Facts{Job: job(failedJob), Pods: pods(pod(0, corev1.PodFailed, ended(1, "Error", "vast:missing:\x1b[2Jwords", 1)))},
			api.CauseExit, "node 0 ended with exit code 1"},
		"an init container's last words with control characters": {Facts{Job: job(failedJob), Pods: pods(pod(0, corev1.PodFailed, initEnded("vast-fetch", 1, "Error", "error: no\x1b[31m\u202efile\n")))},
			api.CauseInputs, "node 0 could not bring its files: no[31mfile"},
		"a node that DNS does not resolve": {Facts{Job: job(failedJob), Pods: pods(pod(1, corev1.PodFailed, ended(124, "Error", " vast:missing:dns", 1)))},
			api.CauseNodesMissing, "node 1 gave up waiting for its own name in the cluster's DNS"},
		"an image without a shell": {Facts{Job: job(failedJob), Pods: pods(pod(0, corev1.PodFailed, ended(128, "StartError",
			`failed to create containerd task: ... exec: "sh": executable file not found in $PATH: unknown`, 1)))},
			api.CauseContainerConfig, `node 0 could not start: "sh": executable file not found in $PATH`},
		"the first of several failures is reported": {Facts{Job: job(failedJob), Pods: pods(
			pod(0, corev1.PodFailed, ended(143, "Error", "", 9), deletedAt(6)), pod(1, corev1.PodFailed, ended(1, "Error", "", 5)), pod(2, corev1.PodFailed, ended(7, "Error", "", 7)))},
			api.CauseExit, "node 1 ended with exit code 1"},
		"a pod that a user deleted": {Facts{Job: job(failedJob), Pods: pods(pod(0, corev1.PodFailed, ended(143, "Error", "", 9), deletedAt(6)))},
			api.CauseDeleted, "node 0 had its pod deleted by someone"},
		"a pod that a user deleted, after the kubelet's last report": {Facts{Job: job(failedJob), Pods: pods(pod(0, corev1.PodFailed, ended(143, "Error", "", 9), goneAt(11)))},
			api.CauseDeleted, "node 0 had its pod deleted by someone"},
		"a pod that had failed when it was deleted": {Facts{Job: job(failedJob), Pods: pods(pod(0, corev1.PodFailed, ended(3, "Error", "", 9), goneAt(11)))},
			api.CauseExit, "node 0 ended with exit code 3"},
		"a pod that ran out of memory and was deleted": {Facts{Job: job(failedJob), Pods: pods(pod(0, corev1.PodFailed, ended(137, "OOMKilled", "", 9), goneAt(11)))},
			api.CauseOutOfMemory, "node 0 out of memory (limit 512Mi)"},
		"a pod that is gone": {Facts{Job: job(failedJob)}, api.CauseDeleted, "a pod was deleted by someone while the task ran"},
		"a pod that was taken away when the Job was suspended, after it was resumed": {Facts{Job: job(), Pods: pods(
			pod(0, corev1.PodFailed, ended(143, "Error", "", 9), deletedAt(6)), pod(0, corev1.PodRunning))}, "", ""},
		"and one that ended with a code of its own when it was": {Facts{Job: job(), Pods: pods(
			pod(0, corev1.PodFailed, ended(1, "Error", "", 9), goneAt(11)), pod(0, corev1.PodRunning))}, "", ""},
		"a pod that a user deleted, before the Job fails": {Facts{Job: job(), Pods: pods(pod(0, corev1.PodFailed, ended(143, "Error", "", 9), deletedAt(6), tracked))},
			api.CauseDeleted, "node 0 had its pod deleted by someone"},
		"evicted by the kubelet": {Facts{Job: job(failedJob), Pods: pods(pod(0, corev1.PodFailed, func(p *corev1.Pod) {
			p.Status.Reason, p.Status.Message = "Evicted", "Pod ephemeral local storage usage exceeds the total limit of containers 1Mi. "
		}))}, api.CauseEvicted, "node 0 was evicted: Pod ephemeral local storage usage exceeds the total limit of containers 1Mi"},
		"preempted": {Facts{Job: job(failedJob), Pods: pods(pod(0, corev1.PodFailed, ended(143, "Error", "", 1),
			podCondition(corev1.DisruptionTarget, corev1.ConditionTrue, corev1.PodReasonPreemptionByScheduler, "")))},
			api.CauseEvicted, "node 0 was preempted by a pod of higher priority"},
		"a machine that is lost while the task runs": {Facts{Job: job(), Pods: pods(pod(2, corev1.PodRunning,
			podCondition(corev1.PodReady, corev1.ConditionFalse, "", ""), podCondition(corev1.ContainersReady, corev1.ConditionTrue, "", "")))},
			api.CauseNodeLost, "node 2 lost its machine machine: it does not answer"},
		"a machine that was lost, which only events report": {Facts{Job: job(failedJob), Events: []corev1.Event{
			event("Pod", "TaintManagerEviction", "Marking for deletion Pod lab/train")}},
			api.CauseNodeLost, "node 1 was removed because its machine does not answer"},
		"no room": {Facts{Job: job(), Pods: pods(pod(0, corev1.PodPending, podCondition(corev1.PodScheduled, corev1.ConditionFalse, corev1.PodReasonUnschedulable,
			"0/2 nodes are available: 2 Insufficient cpu. no new claims to deallocate, preemption: 0/2 nodes are available: 2 No preemption victims found.")))},
			api.CauseUnschedulable, "node 0: no machine can take it: 0/2 nodes are available: 2 Insufficient cpu"},
		"a volume that is missing": {Facts{Job: job(), Pods: pods(pod(0, corev1.PodPending, podCondition(corev1.PodScheduled, corev1.ConditionFalse, corev1.PodReasonUnschedulable,
			`0/2 nodes are available: persistentvolumeclaim "data" not found.`)))},
			api.CauseVolumeMissing, `node 0: volume missing: 0/2 nodes are available: persistentvolumeclaim "data" not found`},
		"an image that is not there": {Facts{Job: job(), Pods: pods(pod(0, corev1.PodPending, waitsFor("ImagePullBackOff",
			`Back-off pulling image "lab/app:1": ErrImagePull: failed to resolve reference "lab/app:1": lab/app:1: not found`)))},
			api.CauseImageNotFound, `node 0: image "lab/app:1" not found`},
		"a registry that is not there": {Facts{Job: job(), Pods: pods(pod(0, corev1.PodPending, waitsFor("ErrImagePull",
			`failed to pull and unpack image: failed to resolve reference "lab/app:1": failed to do request: Head "https://lab/v2/app/manifests/1": dial tcp: lookup lab: no such host`)))},
			api.CauseImagePull, `node 0: image "lab/app:1" cannot be pulled: Head "https://lab/v2/app/manifests/1": dial tcp: lookup lab: no such host`},
		"an image name that is none": {Facts{Job: job(), Pods: pods(pod(0, corev1.PodPending, waitsFor("InvalidImageName", "")))},
			api.CauseInvalidImage, `node 0: image "lab/app:1" is not a valid name`},
		"a secret that is missing": {Facts{Job: job(), Pods: pods(pod(0, corev1.PodPending, waitsFor("CreateContainerConfigError", `secret "token" not found`)))},
			api.CauseSecretMissing, `node 0: secret "token" not found`},
		"a container that is just being made": {Facts{Job: job(), Pods: pods(pod(0, corev1.PodPending, waitsFor("ContainerCreating", "")))}, "", ""},
		"what Kueue reports before it has the Job is ignored": {Facts{Job: job(), Events: []corev1.Event{
			event("Job", "FailedCreate", `Error creating: pods "x" is forbidden: violates PodSecurity "restricted:latest"`),
			event("Job", "FailedCreate", `Error creating: admission webhook "mpod.kb.io" denied the request: Job.batch "train-abcdefgh" not found`)}},
			api.CauseCreateFailed, `its pods cannot be created: violates PodSecurity "restricted:latest"`},
		"a quota that is used up": {Facts{Job: job(), Events: []corev1.Event{event("Job", "FailedCreate",
			`Error creating: pods "train" is forbidden: exceeded quota: small, requested: pods=1, used: pods=2, limited: pods=2`)}},
			api.CauseQuota, "the namespace's quota is used up: small, requested: pods=1, used: pods=2, limited: pods=2"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got := Task(tc.facts)
			if got == nil {
				got = &api.Diagnosis{}
			}
			if diff := cmp.Diff([]string{string(tc.cause), tc.message}, []string{string(got.Cause), got.Message}); diff != "" {
				t.Errorf("(-want,+got):\n%s", diff)
			}
		})
	}
}

func TestARunHasNoNodesToName(t *testing.T) {
	run := map[string]string{kube.LabelKind: kube.KindRun}
	ofRun := func(p *corev1.Pod) { p.Labels = run }
	failed := job(failedJob, func(j *batchv1.Job) { j.Labels = run })
	for name, tt := range map[string]struct {
		pod  corev1.Pod
		want string
	}{
		"exit code":           {pod(0, corev1.PodFailed, ended(3, "Error", "", 1), ofRun), "ended with exit code 3"},
		"its pod was deleted": {pod(0, corev1.PodRunning, ofRun, func(p *corev1.Pod) { p.DeletionTimestamp = ptr.To(at(1)) }), "its pod was deleted by someone while the task ran"},
	} {
		t.Run(name, func(t *testing.T) {
			if d := Task(Facts{Job: failed, Pods: []corev1.Pod{tt.pod}}); d == nil || d.Message != tt.want {
				t.Errorf("%+v, want %q", d, tt.want)
			}
		})
	}
}
