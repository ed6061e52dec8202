package manifest

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	resourcehelper "k8s.io/component-helpers/resource"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/internal/agentspec"
	"github.com/kubevast/vast/internal/kube"
)

// price is what a pod counts for in the scheduler, in Kueue and in quotas, by the
// function that all of them use.
func price(pod *corev1.PodSpec) map[string]string {
	out := map[string]string{}
	add := func(kind string, list corev1.ResourceList) {
		for name, q := range list {
			if !q.IsZero() {
				out[kind+string(name)] = q.String()
			}
		}
	}
	of := &corev1.Pod{Spec: *pod}
	add("requests.", resourcehelper.PodRequests(of, resourcehelper.PodResourcesOptions{}))
	add("limits.", resourcehelper.PodLimits(of, resourcehelper.PodResourcesOptions{}))
	return out
}

func TestAPodCostsExactlyWhatItsFileRequests(t *testing.T) {
	const head = "run: x\nworkdir: .\n"
	for name, tc := range map[string]struct {
		file   string
		change func(*Input)
		want   map[string]string
	}{
		"nothing is asked for": {file: head, want: map[string]string{}},
		"requests and limits":  {file: head + "resources: {cpus: 500m, memory: 64Mi}", want: map[string]string{"requests.cpu": "500m", "limits.cpu": "500m", "requests.memory": "64Mi", "limits.memory": "64Mi"}},
		"very little":          {file: head + "resources: {cpus: 1m, memory: 1Mi}", want: map[string]string{"requests.cpu": "1m", "limits.cpu": "1m", "requests.memory": "1Mi", "limits.memory": "1Mi"}},
		"requests only":        {file: head + "resources: {cpus: 2+, memory: 1Gi+}", want: map[string]string{"requests.cpu": "2", "requests.memory": "1Gi"}},
		"CPUs only":            {file: head + "resources: {cpus: 2}", want: map[string]string{"requests.cpu": "2", "limits.cpu": "2"}},
		"a GPU, on several nodes": {file: head + "num_nodes: 2\nresources: {cpus: 2, accelerators: A100:1}",
			want: map[string]string{"requests.cpu": "2", "limits.cpu": "2", "requests.nvidia.com/gpu": "1", "limits.nvidia.com/gpu": "1"}},
		"the restricted profile": {file: head + "resources: {cpus: 1}", change: func(in *Input) { in.Profile = Restricted }, want: map[string]string{"requests.cpu": "1", "limits.cpu": "1"}},
		"requests of pod_config": {file: withPod("containers: [{resources: {requests: {cpu: 300m}, limits: {memory: 1Gi}}}]"),
			want: map[string]string{"requests.cpu": "300m", "limits.memory": "1Gi", "requests.memory": "1Gi"}},
		"containers of pod_config cost what they request": {file: withPod("initContainers: [{name: first, image: a, command: [b], resources: {requests: {cpu: 700m}}}], " +
			"containers: [{resources: {requests: {cpu: 300m}}}, {name: web, image: a, command: [b], resources: {requests: {cpu: 200m}}}]"),
			want: map[string]string{"requests.cpu": "700m"}},
		"a run of a campaign with a second container": {file: "run: x\nresources: {cpus: 1, memory: 1Gi}", change: func(in *Input) {
			in.Kind, in.RunAsUser = kube.KindRun, ptr.To[int64](1000)
			in.Files = []Files{{Path: "/config", ReadOnly: true, Sources: []agentspec.Item{{Pack: "inputs/abc"}}}}
			list := corev1.ResourceList{"cpu": resource.MustParse("250m"), "memory": resource.MustParse("512Mi")}
			in.Secondary = []Secondary{{Name: "nav", Script: "x", Resources: corev1.ResourceRequirements{Requests: list, Limits: list}}}
		}, want: map[string]string{"requests.cpu": "1250m", "limits.cpu": "1250m", "requests.memory": "1536Mi", "limits.memory": "1536Mi"}},
	} {
		t.Run(name, func(t *testing.T) {
			in := input(t, "task.yaml", tc.file)
			in.AgentImage, in.OutputDir, in.Results = agent, TaskOutputDir, kept()
			in.Files = []Files{{Path: "~/sky_workdir", Workdir: true, Pack: []byte("pack"), Sources: []agentspec.Item{{PackFile: "pack"}}}}
			if tc.change != nil {
				tc.change(&in)
			}
			objects, err := Build(in)
			if err != nil {
				t.Fatal(err)
			}
			pod := &objects.Job.Spec.Template.Spec
			asDefaulted(pod)
			if diff := cmp.Diff(tc.want, price(pod)); diff != "" {
				t.Errorf("the pod costs (-want +got):\n%s", diff)
			}
			// What a ResourceQuota on any of them requires of each container.
			for _, c := range pod.InitContainers {
				if !kube.IsOurs(c.Name) {
					continue
				}
				for _, name := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory} {
					_, request := c.Resources.Requests[name]
					_, limit := c.Resources.Limits[name]
					if !request || !limit {
						t.Errorf("%s does not say its %s: %+v", c.Name, name, c.Resources)
					}
				}
				if _, limited := c.Resources.Limits[corev1.ResourceEphemeralStorage]; limited {
					t.Errorf("%s has a limit of disk space, over which the kubelet evicts the pod", c.Name)
				}
			}
		})
	}
}

// asDefaulted does to requests what the API server does: a limit alone is one.
func asDefaulted(pod *corev1.PodSpec) {
	for _, list := range [][]corev1.Container{pod.Containers, pod.InitContainers} {
		for i := range list {
			r := &list[i].Resources
			for name, q := range r.Limits {
				if _, ok := r.Requests[name]; !ok {
					if r.Requests == nil {
						r.Requests = corev1.ResourceList{}
					}
					r.Requests[name] = q
				}
			}
		}
	}
}
