package manifest

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	scheduling "k8s.io/component-helpers/scheduling/corev1"
	"k8s.io/klog/v2"
)

// A taint keeps a node for tasks that request its devices.
func TestATaskMayRunWhereItsDevicesAre(t *testing.T) {
	taints := []corev1.Taint{
		{Key: "nvidia.com/gpu", Value: "present", Effect: corev1.TaintEffectNoSchedule},
		{Key: "amd.com/gpu", Effect: corev1.TaintEffectNoSchedule},
		{Key: "google.com/tpu", Value: "present", Effect: corev1.TaintEffectNoSchedule},
		{Key: "aws.amazon.com/neuron", Effect: corev1.TaintEffectNoSchedule},
		{Key: "gpu.intel.com/i915", Effect: corev1.TaintEffectNoSchedule},
		{Key: "dedicated", Effect: corev1.TaintEffectNoSchedule},
		{Key: "nvidia.com/gpu", Value: "draining", Effect: corev1.TaintEffectNoExecute},
	}
	resources := func(what string) string {
		return "config: {kubernetes: {pod_config: {spec: {" + what + "}}}}"
	}
	for name, tc := range map[string]struct{ file, want string }{
		"no device":                     {"resources: {cpus: 1}", ""},
		"a model":                       {"resources: {accelerators: H100}", "nvidia.com/gpu"},
		"any model":                     {"resources: {accelerators: '2'}", "nvidia.com/gpu"},
		"a part of one":                 {"resources: {accelerators: 'T4:0.5'}", "nvidia.com/gpu"},
		"by memory":                     {"resources: {accelerators: 80GB+}", "nvidia.com/gpu"},
		"a TPU":                         {"resources: {accelerators: 'tpu-v5-lite-podslice:4'}", "google.com/tpu"},
		"an AMD GPU":                    {"resources: {accelerators: 'MI300X:8'}", "amd.com/gpu"},
		"an AWS chip":                   {"resources: {accelerators: 'Inferentia:6'}", "aws.amazon.com/neuron"},
		"by pod_config's limits":        {resources("containers: [{resources: {limits: {nvidia.com/gpu: 1}}}]"), "nvidia.com/gpu"},
		"by pod_config's requests":      {resources("containers: [{resources: {requests: {google.com/tpu: '4'}}}]"), "google.com/tpu"},
		"by a MIG profile":              {resources("containers: [{resources: {limits: {nvidia.com/mig-1g.10gb: 1}}}]"), "nvidia.com/gpu"},
		"by a container beside":         {resources("containers: [{name: b, image: b, resources: {limits: {amd.com/gpu: 1}}}]"), "amd.com/gpu"},
		"by an init container":          {resources("initContainers: [{name: b, image: b, resources: {limits: {gpu.intel.com/i915: 1}}}]"), "gpu.intel.com/i915"},
		"none of them":                  {resources("containers: [{resources: {limits: {nvidia.com/gpu: 0}}}]"), ""},
		"what Kubernetes itself offers": {resources("containers: [{resources: {limits: {hugepages-2Mi: 2Mi, memory: 1Gi, cpu: 1}}}]"), ""},
		"beside the user's own":         {"resources: {accelerators: H100}\n" + resources("tolerations: [{key: dedicated, operator: Exists}]"), "dedicated nvidia.com/gpu"},
		"two sorts":                     {"resources: {accelerators: H100}\n" + resources("containers: [{resources: {limits: {gpu.intel.com/i915: 1}}}]"), "gpu.intel.com/i915 nvidia.com/gpu"},
	} {
		t.Run(name, func(t *testing.T) {
			objects, err := Build(input(t, "t.yaml", "run: x\n"+tc.file+"\n"))
			if err != nil {
				t.Fatal(err)
			}
			pod := objects.Job.Spec.Template.Spec
			want := strings.Fields(tc.want)
			for _, taint := range taints {
				_, kept := scheduling.FindMatchingUntoleratedTaint(klog.Background(), []corev1.Taint{taint}, pod.Tolerations, nil, false)
				listed := strings.Contains(" "+tc.want+" ", " "+taint.Key+" ") && taint.Effect == corev1.TaintEffectNoSchedule
				if listed == kept {
					t.Errorf("kept from a node with the taint %s: %v", taint.ToString(), kept)
				}
			}
			if len(pod.Tolerations) < len(want) {
				t.Errorf("%d tolerations: %v", len(pod.Tolerations), pod.Tolerations)
			}
		})
	}
}

func TestATolerationIsGivenOnce(t *testing.T) {
	for name, tc := range map[string]struct {
		own  []corev1.Toleration
		want int
	}{
		"none":             {nil, 1},
		"the same":         {[]corev1.Toleration{{Key: "nvidia.com/gpu", Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoSchedule}}, 1},
		"of every effect":  {[]corev1.Toleration{{Key: "nvidia.com/gpu", Operator: corev1.TolerationOpExists}}, 1},
		"of everything":    {[]corev1.Toleration{{Operator: corev1.TolerationOpExists}}, 1},
		"of one value":     {[]corev1.Toleration{{Key: "nvidia.com/gpu", Value: "a", Effect: corev1.TaintEffectNoSchedule}}, 2},
		"of another taint": {[]corev1.Toleration{{Key: "a", Operator: corev1.TolerationOpExists}}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			limits := corev1.ResourceList{nvidiaGPU: resource.MustParse("1")}
			pod := corev1.PodSpec{Tolerations: tc.own, Containers: []corev1.Container{{Resources: corev1.ResourceRequirements{Limits: limits, Requests: limits}}}}
			tolerateDevices(&pod)
			tolerateDevices(&pod)
			if diff := cmp.Diff(tc.want, len(pod.Tolerations)); diff != "" {
				t.Errorf("tolerations (-want +got):\n%s\n%v", diff, pod.Tolerations)
			}
		})
	}
}
