package manifest

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/kubevast/vast/internal/agentspec"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
)

// withPod is a task whose pod_config has these fields of a pod's spec.
func withPod(spec string) string {
	return "run: x\nconfig: {kubernetes: {pod_config: {spec: {" + spec + "}}}}"
}

// placed says in which order the containers of a pod are started: "name" for one
// that has to end first, "name..." for a sidecar.
func placed(pod *corev1.PodSpec) string {
	var names []string
	for i := range pod.InitContainers {
		name := pod.InitContainers[i].Name
		if kube.IsSidecar(&pod.InitContainers[i]) {
			name += "..."
		}
		names = append(names, name)
	}
	names = append(names, "|")
	for _, c := range pod.Containers {
		names = append(names, c.Name)
	}
	return strings.Join(names, " ")
}

func TestContainersOfPodConfigAreSidecarsOfTheTask(t *testing.T) {
	const tools = "/vast/tools/agent run "
	for name, tc := range map[string]struct {
		spec     string
		kept     bool
		placed   string
		commands map[string]string
		waited   []string
	}{
		"none": {spec: "hostNetwork: true", placed: "| task"},
		"one, as it is": {spec: "containers: [{name: proxy, image: envoy, command: [envoy, -c, a.yaml], ports: [{containerPort: 1}], lifecycle: {preStop: {sleep: {seconds: 1}}}}]",
			placed: "proxy... | task", commands: map[string]string{"proxy": "envoy -c a.yaml"}},
		"several, in their order, behind the init containers": {spec: "initContainers: [{name: first, image: a}], containers: [{name: b, image: b}, {name: a, image: a, restartPolicy: Always}]",
			placed: "first b... a... | task"},
		"what is meant for the task's own container is merged into it": {spec: "containers: [{name: ray-node, tty: true}, {stdin: true}, {name: task, workingDir: /x}]", placed: "| task"},
		"one with the command of its image keeps it": {kept: true, spec: "containers: [{name: web, image: nginx, args: [-g, x]}]",
			placed: "vast-keep... web... | task", commands: map[string]string{"web": ""}, waited: []string{"task", "web"}},
		"one in a pod that has long to save is killed in the task's time": {kept: true, spec: "containers: [{name: web, image: a, command: [sleep, inf]}]",
			placed: "vast-keep... vast-tools web... | task", commands: map[string]string{"web": tools + "30 sleep inf"}, waited: []string{"task", "web"}},
		"that of its own, but a minute at most, for the rest is for saving": {kept: true, spec: "terminationGracePeriodSeconds: 600, containers: [{name: web, image: a, command: [sleep, inf]}]",
			placed: "vast-keep... vast-tools web... | task", commands: map[string]string{"web": tools + "60 sleep inf"}, waited: []string{"task", "web"}},
		"sidecars that pod_config has itself are treated alike": {kept: true, spec: "initContainers: [{name: once, image: a, command: [a]}, {name: web, image: a, command: [b], restartPolicy: Always}]",
			placed: "vast-keep... vast-tools once web... | task", commands: map[string]string{"once": "a", "web": tools + "30 b"}, waited: []string{"task", "web"}},
	} {
		t.Run(name, func(t *testing.T) {
			in := input(t, "task.yaml", withPod(tc.spec))
			if tc.kept {
				in.AgentImage, in.OutputDir, in.Results = agent, TaskOutputDir, kept()
			}
			objects, err := Build(in)
			if err != nil {
				t.Fatal(err)
			}
			pod := &objects.Job.Spec.Template.Spec
			if got := placed(pod); got != tc.placed {
				t.Errorf("containers are %s, want %s", got, tc.placed)
			}
			for _, c := range pod.InitContainers {
				if want, ok := tc.commands[c.Name]; ok && strings.Join(c.Command, " ") != want {
					t.Errorf("%s runs %q, want %q", c.Name, strings.Join(c.Command, " "), want)
				}
				if c.Name == "proxy" && (len(c.Ports) != 1 || c.Lifecycle == nil) {
					t.Errorf("not all of %s is left: %+v", c.Name, c)
				}
				if c.Name != kube.ContainerKeep {
					continue
				}
				var keep agentspec.Keep
				if err := json.Unmarshal([]byte(c.Env[0].Value), &keep); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(tc.waited, keep.Containers); diff != "" {
					t.Errorf("waited for are (-want +got):\n%s", diff)
				}
			}
		})
	}
}

func TestSidecarsThatCannotBeAreRefusedAllAtOnce(t *testing.T) {
	_, err := Build(input(t, "task.yaml", withPod(`containers: [
		{name: task, restartPolicy: OnFailure}, {name: once, image: a, restartPolicy: Never},
		{name: rules, image: a, restartPolicy: OnFailure, restartPolicyRules: [{action: Restart, exitCodes: {operator: In, values: [1]}}]},
		{name: twice, image: a}], initContainers: [{name: twice, image: a}]`)))
	var invalid *api.InvalidSpecError
	if !errors.As(err, &invalid) {
		t.Fatal(err)
	}
	var got []string
	for _, p := range invalid.Problems {
		if p.Line == 0 || p.File != "task.yaml" {
			t.Errorf("no place: %+v", p)
		}
		got = append(got, p.Path+": "+p.Message[:12])
	}
	want := []string{
		podConfigPath + `.spec.containers[0].restartPolicy: "OnFailure" `,
		podConfigPath + `.spec.containers[1].restartPolicy: "Never" is n`,
		podConfigPath + `.spec.containers[2].restartPolicy: "OnFailure" `,
		podConfigPath + `.spec.containers[2].restartPolicyRules: are not poss`,
		podConfigPath + `.spec.containers[3]: two containe`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}
