package manifest

import (
	"errors"
	"os/exec"
	"slices"
	"strings"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/kubevast/vast/sdk/api"
)

func TestBuildRefuses(t *testing.T) {
	tests := map[string]struct{ task, path, says string }{
		"a pod_config field that does not exist": {
			"run: x\nconfig: {kubernetes: {pod_config: {spec: {nodeSelektor: {a: b}}}}}", podConfigPath + ".spec.nodeSelektor", "did you mean \"nodeSelector\"?"},
		"a pod_config of the wrong type": {
			"run: x\nconfig: {kubernetes: {pod_config: {spec: {nodeSelector: yes}}}}", podConfigPath + ".spec.nodeSelector", "must be a mapping"},
		"no containers at all": {
			"run: x\nconfig: {kubernetes: {pod_config: {spec: {containers: null}}}}", podConfigPath + ".spec.containers", "without containers"},
		"a restart policy": {
			"run: x\nconfig: {kubernetes: {pod_config: {spec: {restartPolicy: Always}}}}", podConfigPath + ".spec.restartPolicy", "Never"},
		"a variable of ours in pod_config": {
			"run: x\nconfig: {kubernetes: {pod_config: {spec: {containers: [{env: [{name: A, value: a}, {name: VAST_GRACE, value: \"1\"}]}]}}}}",
			podConfigPath + ".spec.containers[0].env[1].name", "VAST_GRACE is reserved"},
		"a variable of ours, by SkyPilot's name of the container": {
			"run: x\nconfig: {kubernetes: {pod_config: {spec: {containers: [{name: ray-node, env: [{name: NODE_RANK, value: a}]}]}}}}",
			podConfigPath + ".spec.containers[0].env[0].name", "NODE_RANK is set by kubevast on every node"},
		"a volume over /dev/shm": {
			"run: x\nvolumes: {/dev/shm: data}", "volumes./dev/shm", "same path"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := Build(input(t, "task.yaml", tc.task))
			var invalid *api.InvalidSpecError
			if !errors.As(err, &invalid) || len(invalid.Problems) != 1 {
				t.Fatalf("want one problem, got %v", err)
			}
			p := invalid.Problems[0]
			if p.Path != tc.path || !strings.Contains(p.Message, tc.says) || p.File != "task.yaml" || p.Line == 0 {
				t.Errorf("got %+v; want path %q and %q", p, tc.path, tc.says)
			}
		})
	}
}

func TestPodsInTheHostNetworkResolveTheNamesOfTheCluster(t *testing.T) {
	tests := map[string]struct {
		podConfig string
		want      corev1.DNSPolicy
	}{
		"a network of its own":        {"{}", ""},
		"the node's network":          {"{hostNetwork: true}", corev1.DNSClusterFirstWithHostNet},
		"as the user says, otherwise": {"{hostNetwork: true, dnsPolicy: Default}", corev1.DNSDefault},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			objects, err := Build(input(t, "task.yaml", "run: x\nnum_nodes: 2\nconfig: {kubernetes: {pod_config: {spec: "+tc.podConfig+"}}}"))
			if err != nil {
				t.Fatal(err)
			}
			if got := objects.Job.Spec.Template.Spec.DNSPolicy; got != tc.want {
				t.Errorf("dnsPolicy %q, want %q", got, tc.want)
			}
		})
	}
}

func TestNodesWaitForEachOtherForTheTimeOfTheFile(t *testing.T) {
	for file, want := range map[string]string{"": "--patience=3600", "barrier_timeout: 90\n": "--patience=90"} {
		objects, err := Build(input(t, "task.yaml", file+"run: x\nnum_nodes: 2"))
		if err != nil {
			t.Fatal(err)
		}
		if command := objects.Job.Spec.Template.Spec.Containers[0].Command; !slices.Contains(command, want) {
			t.Errorf("%q: the launcher's arguments are %q, want %s", file, command[3:], want)
		}
	}
}

func TestLongScriptsGoIntoAConfigMap(t *testing.T) {
	script := strings.Repeat("echo $HOME\n", 7000)
	in := input(t, "task.yaml", "run: x")
	in.Task.Run = script
	objects, err := Build(in)
	if err != nil {
		t.Fatal(err)
	}
	cm, ok := objects.Helpers[0].(*corev1.ConfigMap)
	if !ok || cm.Data["run"] != script {
		t.Fatalf("want a ConfigMap with the script, got %T", objects.Helpers[0])
	}
	if args := objects.Job.Spec.Template.Spec.Containers[0].Args; len(args) != 0 {
		t.Errorf("the script is in the arguments too: %d of them", len(args))
	}
	if !*objects.Unreleased().Spec.Suspend {
		t.Error("a Job must not start before its ConfigMap exists")
	}
}

func TestAcceleratorsOfTheClusterAreMatched(t *testing.T) {
	in := input(t, "task.yaml", "run: x\nresources: {accelerators: 'H100:1'}")
	in.NodeLabels = []map[string]string{
		{labelGFD: "NVIDIA-H100-80GB-HBM3-MIG-1g.10gb"}, // no whole device, but the same model
		{labelGFD: "NVIDIA-H100-SXM-64GB-custom"},
		{labelGFD: "NVIDIA-A100-SXM4-80GB"},
	}
	objects, err := Build(in)
	if err != nil {
		t.Fatal(err)
	}
	values := gfdValues(objects.Job)
	for _, want := range []string{"NVIDIA-H100-80GB-HBM3", "NVIDIA-H100-PCIe", "NVIDIA-H100-NVL", "NVIDIA-H100-SXM-64GB-custom"} {
		if !strings.Contains(values, want+",") {
			t.Errorf("%s is not matched: %s", want, values)
		}
	}
	if strings.Contains(values, "A100") {
		t.Errorf("another model is matched: %s", values)
	}
}

func gfdValues(job *batchv1.Job) string {
	var out strings.Builder
	for _, term := range job.Spec.Template.Spec.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms {
		for _, e := range term.MatchExpressions {
			if e.Key == labelGFD {
				out.WriteString(strings.Join(e.Values, ",") + ",")
			}
		}
	}
	return out.String()
}

func TestCanonicalModel(t *testing.T) {
	tests := map[string]struct {
		value, memory, want string
	}{
		"a 40 GB A100":      {"NVIDIA-A100-SXM4-40GB", "", "A100"},
		"an 80 GB A100":     {"NVIDIA-A100-SXM4-80GB", "", "A100-80GB"},
		"an A100 by memory": {"NVIDIA-A100-PCIe", "81920", "A100-80GB"},
		"an A10G is no A10": {"NVIDIA-A10G", "", "A10G"},
		"an L40S is no L40": {"NVIDIA-L40S", "", "L40S"},
		"a T4":              {"Tesla-T4", "", "T4"},
		"a 32 GB V100":      {"Tesla-V100-SXM2-32GB", "", "V100-32GB"},
		"an Ada RTX 6000":   {"NVIDIA-RTX-6000-Ada-Generation", "", "RTX6000-Ada"},
		"a CoreWeave class": {"H100_NVLINK_80GB", "", "H100"},
		"an unknown one":    {"NVIDIA-X1", "", "NVIDIA-X1"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got := canonicalModel(tc.value, map[string]string{labelGFDMemory: tc.memory}); got != tc.want {
				t.Errorf("canonicalModel(%q) = %q, want %q", tc.value, got, tc.want)
			}
		})
	}
}

// The launcher runs in the sh of the image. Here it runs in the sh of the
// system, outside a container, which shows its logic but not signals.
func TestLauncher(t *testing.T) {
	tests := map[string]struct {
		setup, run string
		code       int
		out        string
	}{
		"run alone":                      {"", "echo hi; exit 3", 3, "hi\n"},
		"setup before run":               {"echo one", "echo two", 0, "one\ntwo\n"},
		"a failing setup stops there":    {"exit 4", "echo never", 4, ""},
		"only setup":                     {"echo one", "", 0, "one\n"},
		"no set -e, as SkyPilot has it":  {"", "false; echo on", 0, "on\n"},
		"variables of one node":          {"", `echo "$NODE_IPS $SKYPILOT_NODE_IPS"`, 0, "10.0.0.1 10.0.0.1\n"},
		"setup's own variables end then": {"", `echo "${SKYPILOT_SETUP_NODE_RANK-none}"`, 0, "none\n"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			cmd := exec.Command("sh", "-c", launcher, "vast", "--", tc.setup, tc.run)
			cmd.Env = append(cmd.Environ(), "NUM_NODES=1", "NODE_RANK=0", "VAST_NODE_IP=10.0.0.1", "VAST_NUM_GPUS_PER_NODE=0")
			out, _ := cmd.Output() // the exit code is looked at below
			if got := cmd.ProcessState.ExitCode(); got != tc.code || string(out) != tc.out {
				t.Errorf("exit code %d, output %q; want %d, %q", got, out, tc.code, tc.out)
			}
		})
	}
}
