package queue

import (
	"encoding/json"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	kueue "sigs.k8s.io/kueue/apis/kueue/v1beta2"
	"sigs.k8s.io/yaml"
)

var now = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// A Workload as Kueue 0.16.1 made it of a task that was preempted, without its
// managed fields.
const preempted = `{
  "apiVersion": "kueue.x-k8s.io/v1beta2", "kind": "Workload",
  "metadata": {
    "creationTimestamp": "2026-11-21T11:48:20Z", "name": "job-aaaa1111-a65cd", "namespace": "queue-a",
    "uid": "2ff1c73b-54a9-4675-8fc0-cb733502c611",
    "labels": {"kueue.x-k8s.io/job-uid": "f0cf4354-2630-4a7f-b283-76b7b6ff098d"},
    "ownerReferences": [{"apiVersion": "batch/v1", "blockOwnerDeletion": true, "controller": true, "kind": "Job",
      "name": "train-aaaa1111", "uid": "f0cf4354-2630-4a7f-b283-76b7b6ff098d"}]},
  "spec": {"active": true, "priority": 0, "queueName": "vast",
    "podSets": [{"count": 2, "name": "main", "template": {
      "metadata": {
        "annotations": {"kubevast.io/task-name": "Train it", "kubevast.io/user": "ann:x"},
        "labels": {"kubevast.io/task-id": "aaaa1111", "kubevast.io/task-name": "Train-it-0123456789"}},
      "spec": {"containers": [{"command": ["sleep", "600"], "image": "busybox:1.36", "name": "main",
        "resources": {"requests": {"cpu": "150m", "memory": "32Mi"}, "limits": {"memory": "32Mi", "nvidia.com/gpu": "1"}}}],
        "initContainers": [{"name": "helper", "restartPolicy": "Always", "resources": {"requests": {"cpu": "50m"}}}]}}}]},
  "status": {"conditions": [
    {"lastTransitionTime": "2026-11-21T11:58:21Z", "reason": "Pending", "status": "False", "type": "QuotaReserved",
     "message": "couldn't assign flavors to pod set main: insufficient unused quota for cpu in flavor queue-flavor, 150m more needed"},
    {"lastTransitionTime": "2026-11-21T11:58:20Z", "reason": "Preempted", "status": "True", "type": "Evicted",
     "message": "Preempted to accommodate a workload (UID: 2f1f1600-4311-4bb9-b544-0f575b9ef6af, JobUID: 03aaf6e8-5e99-4511-b0d2-b08d13b90c22) due to prioritization in the ClusterQueue; preemptor path: /queue-cq; preemptee path: /queue-cq"},
    {"lastTransitionTime": "2026-11-21T11:58:21Z", "reason": "NoReservation", "status": "False", "type": "Admitted", "message": "The workload has no reservation"},
    {"lastTransitionTime": "2026-11-21T11:58:20Z", "reason": "InClusterQueue", "status": "True", "type": "Preempted", "message": "Preempted"},
    {"lastTransitionTime": "2026-11-21T11:58:21Z", "reason": "Preempted", "status": "True", "type": "Requeued", "message": "Preempted"}]}}`

func read(t *testing.T, text string) *workload {
	t.Helper()
	w := &workload{}
	if err := json.Unmarshal([]byte(text), w); err != nil {
		t.Fatal(err)
	}
	return w
}

// waiting makes a Workload of one pod with these requests.
func waiting(name string, age time.Duration, requests corev1.ResourceList, conditions ...metav1.Condition) *workload {
	w := &workload{}
	w.Metadata.Name, w.Metadata.Namespace = name, "ns"
	w.Metadata.CreationTimestamp = metav1.NewTime(now.Add(-age))
	w.Spec.QueueName = "vast"
	w.Spec.PodSets = []podSet{{Count: 1}}
	c := container{}
	c.Resources.Requests = requests
	w.Spec.PodSets[0].Template.Spec.Containers = []container{c}
	w.Status.Conditions = conditions
	return w
}

// said is Kueue's condition of a Workload without quota.
func said(message string) metav1.Condition {
	return metav1.Condition{Type: kueue.WorkloadQuotaReserved, Status: metav1.ConditionFalse, Reason: "Pending", Message: message}
}

func evictedFor(reason, message string) metav1.Condition {
	return metav1.Condition{Type: kueue.WorkloadEvicted, Status: metav1.ConditionTrue, Reason: reason, Message: message,
		LastTransitionTime: metav1.NewTime(now.Add(-time.Minute))}
}

func needs(pairs ...string) corev1.ResourceList {
	out := corev1.ResourceList{}
	for i := 0; i < len(pairs); i += 2 {
		out[corev1.ResourceName(pairs[i])] = resource.MustParse(pairs[i+1])
	}
	return out
}

// clusterQueue reads a ClusterQueue as kubectl shows it; it is active unless
// its text says otherwise.
func clusterQueue(t *testing.T, text string) *kueue.ClusterQueue {
	t.Helper()
	cq := &kueue.ClusterQueue{}
	if err := yaml.UnmarshalStrict([]byte(text), cq); err != nil {
		t.Fatal(err)
	}
	if cq.Status.Conditions == nil {
		cq.Status.Conditions = []metav1.Condition{{Type: kueue.ClusterQueueActive, Status: metav1.ConditionTrue}}
	}
	return cq
}

// eight has a quota of 8 CPUs, of which 6 are taken, and 16Gi of memory.
const eight = `
metadata: {name: big}
spec:
  resourceGroups:
  - coveredResources: [cpu, memory]
    flavors:
    - name: f
      resources: [{name: cpu, nominalQuota: 8}, {name: memory, nominalQuota: 16Gi}]
status:
  pendingWorkloads: 0
  reservingWorkloads: 0
  admittedWorkloads: 0
  flavorsReservation:
  - name: f
    resources: [{name: cpu, total: 6}, {name: memory, total: 1Gi}]
`

func localQueue(name, cluster string, policy kueue.StopPolicy) *kueue.LocalQueue {
	return &kueue.LocalQueue{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "ns"},
		Spec: kueue.LocalQueueSpec{ClusterQueue: kueue.ClusterQueueReference(cluster), StopPolicy: ptr.To(policy)}}
}
