package manifest

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/internal/agentspec"
	"github.com/kubevast/vast/internal/kube"
)

const agent = "ghcr.io/kubevast/agent:v1.2.3"

// kept is how sdk/task has a task kept.
func kept() *agentspec.Keep {
	return &agentspec.Keep{
		Results:   []agentspec.Result{{Prefix: "tasks/x7k2m9qa/{rank}/", Dirs: []agentspec.Dir{{Path: "/out", Progress: true}}}},
		LogPrefix: "tasks/x7k2m9qa/{rank}/_vast/logs/",
	}
}

func TestGoldenFilesAndResults(t *testing.T) {
	workdir := Files{Path: "~/sky_workdir", Workdir: true, Pack: []byte("pack"), Sources: []agentspec.Item{{PackFile: "pack"}}}
	for name, in := range map[string]func(*Input){
		"files": func(in *Input) {
			in.OutputDir = TaskOutputDir
			in.Files = []Files{workdir,
				{Path: "/data", ReadOnly: true, Sources: []agentspec.Item{{URI: "s3://bucket/prefix"}, {Pack: "inputs/abc", Only: "1", To: "more"}}},
				{Path: "~/.ssh/id", Sources: []agentspec.Item{{Pack: "inputs/abc", Only: "2"}}}}
		},
		"results": func(in *Input) {
			in.OutputDir, in.Results = TaskOutputDir, kept()
			in.Task.Outputs = []string{"checkpoints", "/scratch/logs", "/out/more", "/models/new"}
			in.Files = []Files{workdir}
			in.Mounts = []Mount{{Path: "/models", Claim: "models"}}
		},
		"run": func(in *Input) {
			in.Kind, in.RunAsUser = kube.KindRun, ptr.To[int64](1000)
			in.Labels = map[string]string{kube.LabelCampaign: "sweep"}
			in.Annotations = map[string]string{kube.AnnotationCampaign: "sweep"}
			in.OutputDir, in.Results, in.SharedDirs = "/out/sweep-1/0", kept(), []string{"/ipc", "/tmp"}
			in.Files = []Files{{Path: "/config", ReadOnly: true, Sources: []agentspec.Item{
				{Pack: "inputs/abc"}, {Text: "price: $(5)", To: "run.params.yaml"}}}}
			in.Secondary = []Secondary{{Name: "nav", Script: "serve $IPC", Env: []corev1.EnvVar{{Name: "CONTAINER_NAME", Value: "nav"}}}}
			in.Profile = Restricted
		},
	} {
		t.Run(name, func(t *testing.T) {
			text := "run: x\nenvs: {AWS_REGION: eu, OTHER: x}\nsecrets: {AWS_SECRET_ACCESS_KEY: y}\n"
			in0 := input(t, name, text)
			in0.AgentImage = agent
			in(&in0)
			objects, err := Build(in0)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, "testdata/"+name+".golden", objects)
		})
	}
}

func TestOrdersReachTheAgentAsTheyWere(t *testing.T) {
	in := input(t, "task.yaml", "run: x")
	in.AgentImage = agent
	in.Files = []Files{{Path: "/config", Sources: []agentspec.Item{{Text: "$(HOME) $$ $PATH", To: "a"}}}}
	objects, err := Build(in)
	if err != nil {
		t.Fatal(err)
	}
	var got agentspec.Fetch
	if err := json.Unmarshal([]byte(expanded(ours(t, objects, kube.ContainerFetch).Env[0].Value)), &got); err != nil {
		t.Fatal(err)
	}
	want := agentspec.Fetch{OwnerFile: ownerFile, Give: filesDir, Items: []agentspec.Item{{Text: "$(HOME) $$ $PATH", To: "/vast/files/0/a"}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// expanded is what the kubelet makes of a value without references.
func expanded(s string) string { return strings.ReplaceAll(s, "$$", "$") }

func ours(t *testing.T, o *Objects, name string) corev1.Container {
	t.Helper()
	for _, c := range o.Job.Spec.Template.Spec.InitContainers {
		if c.Name == name {
			return c
		}
	}
	t.Fatalf("there is no container %s", name)
	return corev1.Container{}
}

func TestOurContainersRunAsTheUserDoes(t *testing.T) {
	for name, tc := range map[string]struct {
		file    string
		profile Profile
		user    *int64
		want    int64
		asked   bool
	}{
		"an image's own user is asked for": {file: "run: x", want: 0, asked: true},
		"the restricted profile's":         {file: "run: x", profile: Restricted, want: 65534},
		"one that is given":                {file: "run: x", user: ptr.To[int64](1000), want: 1000},
		"one that pod_config gives": {
			file: "run: x\nconfig: {kubernetes: {pod_config: {spec: {securityContext: {runAsUser: 7}}}}}", want: 7},
		"the container's goes before the pod's": {
			file: "run: x\nconfig: {kubernetes: {pod_config: {spec: {securityContext: {runAsUser: 7}}}}}", user: ptr.To[int64](8), want: 8},
	} {
		t.Run(name, func(t *testing.T) {
			in := input(t, "task.yaml", tc.file)
			in.AgentImage, in.Profile, in.RunAsUser, in.Results = agent, tc.profile, tc.user, kept()
			in.Files = []Files{{Path: "/config", Sources: []agentspec.Item{{Text: "x"}}}}
			objects, err := Build(in)
			if err != nil {
				t.Fatal(err)
			}
			for _, container := range []string{kube.ContainerFetch, kube.ContainerKeep} {
				s := ours(t, objects, container).SecurityContext
				if *s.RunAsUser != tc.want || *s.RunAsNonRoot != (tc.want != 0) || (len(s.Capabilities.Add) > 0) != (tc.want == 0) {
					t.Errorf("%s: %+v", container, s)
				}
			}
			if asked := objects.Job.Spec.Template.Spec.InitContainers[0].Name == "vast-user"; asked != tc.asked {
				t.Errorf("the image is asked for its user: %v, want %v", asked, tc.asked)
			}
		})
	}
}

func TestWarningsOfResults(t *testing.T) {
	for name, tc := range map[string]struct{ file, says string }{
		"OUTPUT_DIR of the file's own": {"run: x\nenvs: {OUTPUT_DIR: /data}", "sets OUTPUT_DIR itself"},
		"another service account": {
			"run: x\nconfig: {kubernetes: {pod_config: {spec: {serviceAccountName: mine}}}}", `service account "mine"`},
		"another volume in the place of the output": {
			"run: x\nconfig: {kubernetes: {pod_config: {spec: {volumes: [{name: v, emptyDir: {}}], containers: [{volumeMounts: [{name: v, mountPath: /out}]}]}}}}", "mounts something else at /out"},
		"nothing to warn of": {"run: x", ""},
	} {
		t.Run(name, func(t *testing.T) {
			in := input(t, "task.yaml", tc.file)
			in.AgentImage, in.OutputDir, in.Results = agent, TaskOutputDir, kept()
			objects, err := Build(in)
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(objects.Warnings, "\n"); (tc.says == "") != (got == "") || !strings.Contains(got, tc.says) {
				t.Errorf("%q, want %q", got, tc.says)
			}
		})
	}
}

func TestHelpersNamesWhatBuildMakes(t *testing.T) {
	for name, change := range map[string]func(*Input){
		"nothing":       func(*Input) {},
		"several nodes": func(in *Input) { in.Task.NumNodes = 2 },
		"no network":    func(in *Input) { in.Network = NetworkNone },
		"long scripts":  func(in *Input) { in.Task.Run = strings.Repeat("x", maxArgScripts+1) },
		"a small pack": func(in *Input) {
			in.Files = []Files{{Path: "/a", Pack: []byte("x"), Sources: []agentspec.Item{{PackFile: "x"}}}}
		},
		"a pack in the store": func(in *Input) { in.Files = []Files{{Path: "/a", Sources: []agentspec.Item{{Pack: "inputs/x"}}}} },
	} {
		t.Run(name, func(t *testing.T) {
			in := input(t, "task.yaml", "run: x\nsecrets: {A: b}")
			in.AgentImage = agent
			change(&in)
			objects, err := Build(in)
			if err != nil {
				t.Fatal(err)
			}
			made := map[string]bool{}
			for _, h := range objects.Helpers {
				made[strings.ToLower(h.GetObjectKind().GroupVersionKind().Kind)+"s"] = true
			}
			said := map[string]bool{}
			for _, kind := range Helpers(in) {
				said[strings.Replace(kind, "networkpolicies.networking.k8s.io", "networkpolicys", 1)] = true
			}
			if diff := cmp.Diff(made, said); diff != "" {
				t.Errorf("-made,+said:\n%s", diff)
			}
		})
	}
}
