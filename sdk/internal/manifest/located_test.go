package manifest

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/sdk/api"
)

// The API server reports the path in the pod, the user needs that in the file.
func TestARefusalOfTheAPIServerHasItsPlaceInTheFile(t *testing.T) {
	const config = `
metadata:
  labels: {team: "a b"}
spec:
  nodeSelector: {"a b": c}
  affinity:
    nodeAffinity:
      requiredDuringSchedulingIgnoredDuringExecution:
        nodeSelectorTerms: [{matchExpressions: [{key: a, operator: In, values: [x]}]}]
  tolerations: [{key: a, operator: Exists}, {key: b, operator: Sometimes}]
  volumes:
    - {name: scratch, configMap: {}}
  initContainers: [{name: first, image: "x y"}]
  containers:
    - name: helper
      image: busybox
      ports: [{containerPort: 53}, {containerPort: 53, protocol: QUIC}]
    - resources:
        limits: {nvidia.com/gpu: 0.5}
      env: [{name: A, valueFrom: {}}]
      volumeMounts: [{name: nowhere, mountPath: /n}]
`
	in := keptInput(t, "run: x\nresources: {accelerators: H100}\nconfig:\n  kubernetes:\n    pod_config:\n      "+
		strings.ReplaceAll(strings.TrimSpace(config), "\n", "\n      ")+"\n")
	objects, err := Build(in)
	if err != nil {
		t.Fatal(err)
	}
	pod := objects.Job.Spec.Template.Spec
	// Where the merged pod has what the file has elsewhere.
	index := func(name string) int {
		for i, c := range pod.InitContainers {
			if c.Name == name {
				return i
			}
		}
		t.Fatalf("there is no init container %s", name)
		return 0
	}
	env, scratch := -1, -1
	for i, v := range pod.Volumes {
		if v.Name == "scratch" {
			scratch = i
		}
	}
	for i, e := range pod.Containers[0].Env {
		if e.Name == "A" {
			env = i
		}
	}
	for name, tc := range map[string]struct{ server, want string }{
		"labels of the pods":          {"spec.template.labels", "7:17 metadata.labels"},
		"a selector":                  {"spec.template.spec.nodeSelector", "9:23 spec.nodeSelector"},
		"a key of a map":              {"spec.template.spec.containers[0].resources.limits[nvidia.com/gpu]", "23:40 spec.containers[1].resources.limits[nvidia.com/gpu]"},
		"a container beside, moved":   {fmt.Sprintf("spec.template.spec.initContainers[%d].ports[1].protocol", index("helper")), "21:72 spec.containers[0].ports[1].protocol"},
		"an init container":           {fmt.Sprintf("spec.template.spec.initContainers[%d].image", index("first")), "17:47 spec.initContainers[0].image"},
		"a variable behind ours":      {fmt.Sprintf("spec.template.spec.containers[0].env[%d].valueFrom", env), "24:40 spec.containers[1].env[0].valueFrom"},
		"what is missing":             {fmt.Sprintf("spec.template.spec.volumes[%d].configMap.name", scratch), "16:40 spec.volumes[0].configMap.name"},
		"an entry of a list":          {"spec.template.spec.tolerations[1].operator", "14:70 spec.tolerations[1].operator"},
		"an alternative":              {"spec.template.spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[3].matchExpressions[0].values", "13:34 " + requiredTermsPath},
		"an image of ours":            {fmt.Sprintf("spec.template.spec.initContainers[%d].image", index("vast-keep")), ""},
		"a variable of ours":          {"spec.template.spec.containers[0].env[0].value", ""},
		"the image of resources":      {"spec.template.spec.containers[0].image", ""},
		"a folder of ours":            {"spec.template.spec.volumes[0].emptyDir", ""},
		"the Job":                     {"spec.completions", ""},
		"a toleration that is ours":   {"spec.template.spec.tolerations[2].key", ""},
		"an index that is not there":  {"spec.template.spec.tolerations[9].key", ""},
		"a path of no known form":     {"spec.template.", ""},
		"a list, as if it were a map": {"spec.template.spec.tolerations.key", ""},
	} {
		t.Run(name, func(t *testing.T) {
			err := objects.Located(api.Invalid(tc.server, "Invalid value: x"))
			var invalid *api.InvalidSpecError
			if !errors.As(err, &invalid) || len(invalid.Problems) != 1 {
				t.Fatalf("%v", err)
			}
			p := invalid.Problems[0]
			got := fmt.Sprintf("%d:%d %s", p.Line, p.Column, strings.TrimPrefix(p.Path, podConfigPath+"."))
			want := tc.want
			if want == "" {
				want = "0:0 " + tc.server
			}
			if diff := cmp.Diff(want, got); diff != "" || p.Message != "Invalid value: x" {
				t.Errorf("(-want +got):\n%s%s", diff, p.Message)
			}
		})
	}
	other := errors.New("x")
	if got := objects.Located(other); !errors.Is(got, other) {
		t.Errorf("another error became %v", got)
	}
}
