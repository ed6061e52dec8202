package walls_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
)

// storeKey is the key by which the namespace's store is written to.
func (p *person) storeKey() canary {
	p.Helper()
	secret, err := client.CoreV1().Secrets(p.namespace).Get(p.Context(), kube.StoreName, metav1.GetOptions{})
	if err != nil {
		p.Fatal(err)
	}
	return canaryOf(string(secret.Data[kube.StoreSecretKey]))
}

// taskStatus returns the task that status -o json prints.
func (p *person) taskStatus(id string) api.TaskStatus {
	p.Helper()
	var s api.TaskStatus
	if err := json.Unmarshal([]byte(p.vast("status", id, "-o", "json").stdout), &s); err != nil {
		p.Fatal(err)
	}
	return s
}

// TestWall04PodConfigReachesNothingOfOurs: what would let the user's container
// at the key of the store is refused with its place, nothing is created; a
// container that looks everywhere sees no key; and what others add to the pod is
// reported.
func TestWall04PodConfigReachesNothingOfOurs(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	p.vast("cluster", "setup", "kind").exits(0)
	key := p.storeKey()

	const file = "resources: {image_id: 'busybox:1.36', cpus: 50m}\nrun: env; ls -R /t; cat /proc/[0-9]*/environ\nconfig:\n  kubernetes:\n    pod_config:\n      "
	for podConfig, place := range map[string]string{
		"spec: {shareProcessNamespace: true}": "6:37: config.kubernetes.pod_config.spec.shareProcessNamespace",
		"spec: {hostPID: true}":               "6:23: config.kubernetes.pod_config.spec.hostPID",
		"spec: {containers: [{volumeMounts: [{name: vast-token, mountPath: /t}]}]}":              "6:50: config.kubernetes.pod_config.spec.containers[0].volumeMounts[0].name",
		"spec: {containers: [{name: vast-keep, image: busybox}]}":                                "6:34: config.kubernetes.pod_config.spec.containers[0].name",
		"spec: {containers: [{envFrom: [{secretRef: {name: vast-store}}]}]}":                     "6:57: config.kubernetes.pod_config.spec.containers[0].envFrom[0].secretRef.name",
		"spec: {automountServiceAccountToken: true}":                                             "6:44: config.kubernetes.pod_config.spec.automountServiceAccountToken",
		"spec: {volumes: [{name: m, hostPath: {path: /var/lib/kubelet/pods}}]}":                  "6:44: config.kubernetes.pod_config.spec.volumes[0].hostPath",
		"spec: {containers: [{securityContext: {privileged: true}}]}":                            "6:58: config.kubernetes.pod_config.spec.containers[0].securityContext.privileged",
		"metadata: {labels: {kubevast.io/store: 'true'}}":                                        "6:46: config.kubernetes.pod_config.metadata.labels[kubevast.io/store]",
		"spec: {volumes: [{name: s, persistentVolumeClaim: {claimName: vast-store}}]}":           "6:69: config.kubernetes.pod_config.spec.volumes[0].persistentVolumeClaim.claimName",
		"spec: {volumes: [{name: t, projected: {sources: [{serviceAccountToken: {path: t}}]}}]}": "6:24: config.kubernetes.pod_config.spec.volumes[0]",
	} {
		p.vast("submit", p.file("refused.yaml", file+podConfig+"\n"), "-d", "--queue=none").exits(2).says("refused.yaml:" + place)
	}
	if jobs, err := client.BatchV1().Jobs(p.namespace).List(t.Context(), metav1.ListOptions{}); err != nil || len(jobs.Items) > 0 {
		t.Fatalf("something was created: %v %v", jobs.Items, err)
	}

	r := p.vast("submit", p.file("task.yaml", "resources: {image_id: 'busybox:1.36', cpus: 50m}\n"+
		"run: env; cat /proc/[0-9]*/environ; find / -xdev -path /proc -prune -o -name '*token*' -print; cat /var/run/secrets/*/*/*; mount; exec sleep 3600\n"),
		"-d", "--queue=none", "-o", "name").exits(0)
	job := strings.TrimPrefix(strings.TrimSpace(r.stdout), "task/")
	pod := p.podOf(job, "it runs", func(pod *corev1.Pod) bool { return pod.Status.Phase == corev1.PodRunning })
	id := pod.Labels[kube.LabelTaskID]
	if others := p.taskStatus(id).Nodes[0].ByOthers; len(others) > 0 {
		t.Errorf("nobody has changed the pod, yet: %q", others)
	}
	p.kubectl("debug", pod.Name, "--image=busybox:1.36", "--container=peek", "--profile=general", "--", "sleep", "1")
	p.vast("status", id).exits(0).says("container peek was added by others")
	p.inEveryForm("status", id)
	p.searchEverywhere(key)
}

// podOf waits for the pod of a Job.
func (p *person) podOf(job, what string, is func(*corev1.Pod) bool) *corev1.Pod {
	p.Helper()
	var found *corev1.Pod
	waitFor(p, fmt.Sprintf("the pod of %s: %s", job, what), func() (bool, any) {
		pods, err := client.CoreV1().Pods(p.namespace).List(p.Context(), metav1.ListOptions{LabelSelector: "batch.kubernetes.io/job-name"})
		if err != nil {
			return false, err
		}
		for i := range pods.Items {
			if pod := &pods.Items[i]; strings.HasSuffix(job, pod.Labels[kube.LabelTaskID]) && is(pod) {
				found = pod
			}
		}
		return found != nil, pods.Items
	})
	return found
}
