package spec

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestATaskIsReadAsItIsWritten(t *testing.T) {
	plain := []Resources{{}}
	src := Source{File: "task.yaml", Line: 1}
	tests := map[string]struct {
		file string
		in   Inputs
		want Task
	}{
		"the smallest task runs on one node": {
			file: "run: echo hi\n",
			want: Task{Source: src, NumNodes: 1, Run: "echo hi", Resources: plain},
		},
		"setup alone is a task": {
			file: "setup: echo hi\n",
			want: Task{Source: src, NumNodes: 1, Setup: "echo hi", Resources: plain},
		},
		"upper case in a name is the user's choice": {
			file: "name: My_Task.v2\nrun: x\n",
			want: Task{Source: src, Name: "My_Task.v2", NumNodes: 1, Run: "x", Resources: plain},
		},
		"a byte order mark and Windows line ends are fine": {
			file: "\ufeffname: a\r\nrun: |\r\n  one\r\n  two\r\n",
			want: Task{Source: src, Name: "a", NumNodes: 1, Run: "one\ntwo\n", Resources: plain},
		},
		"fields that are null are absent": {
			file: "name:\nresources:\nenvs:\nsecrets:\nvolumes:\nfile_mounts:\nworkdir:\nconfig:\nnum_nodes:\nrun: x\n",
			want: Task{Source: src, NumNodes: 1, Run: "x", Resources: plain},
		},
		"tabs inside a script stay": {
			file: "run: |\n  a\n  \tb\n",
			want: Task{Source: src, NumNodes: 1, Run: "a\n\tb\n", Resources: plain},
		},
		"the command line wins": {
			file: "name: a\nnum_nodes: 2\nrun: x\n",
			in:   Inputs{Name: "b", NumNodes: 3},
			want: Task{Source: src, Name: "b", NumNodes: 3, Run: "x", Resources: plain},
		},
		"aliases and merge keys are resolved": {
			file: "# first\nenvs: &e {A: a, B: b}\nconfig:\n  kubernetes:\n    pod_config:\n      x: {<<: *e, B: mine}\nrun: x\n",
			want: Task{
				Source: Source{File: "task.yaml", Line: 2}, NumNodes: 1, Run: "x", Resources: plain,
				Envs:        []EnvVar{{"A", "a"}, {"B", "b"}},
				PodConfigAt: Position{Line: 6, Column: 7}, PodConfigPlaces: map[string]Position{"x": {6, 10}, "x.A": {2, 14}, "x.B": {6, 22}},
				PodConfigKeys: map[string]Position{"x": {6, 7}, "x.A": {2, 11}, "x.B": {6, 19}}, PodConfig: map[string]any{"x": map[string]any{"A": "a", "B": "mine"}},
			},
		},
		"pod_config is plain JSON": {
			file: "run: x\nconfig:\n  kubernetes:\n    pod_config: {a: 1, b: 0x10, c: 1.5, d: true, e: null, f: [x, 2], g: on, h: 2024-01-01, i: 99999999999999999999}\n",
			want: Task{
				Source: src, NumNodes: 1, Run: "x", Resources: plain,
				PodConfigAt: Position{Line: 4, Column: 17}, PodConfigPlaces: map[string]Position{"a": {4, 21}, "b": {4, 27}, "c": {4, 36}, "d": {4, 44}, "e": {4, 53},
					"f": {4, 62}, "f[0]": {4, 63}, "f[1]": {4, 66}, "g": {4, 73}, "h": {4, 80}, "i": {4, 95}},
				PodConfigKeys: map[string]Position{"a": {4, 18}, "b": {4, 24}, "c": {4, 33}, "d": {4, 41}, "e": {4, 50}, "f": {4, 59}, "g": {4, 70}, "h": {4, 77}, "i": {4, 92}},
				PodConfig: map[string]any{
					"a": int64(1), "b": int64(16), "c": 1.5, "d": true, "e": nil,
					"f": []any{"x", int64(2)}, "g": true, "h": "2024-01-01", "i": json.Number("99999999999999999999"),
				},
			},
		},
		"what has no meaning here is named": {
			file: `
event_callback: echo
api_server_access: true
inputs: {"gs://x": 7}
managed_secrets: [A, {B: {mount_path: /b}}]
resources:
  infra: aws/us-east-1
  use_spot: true
  instance_type: p4d
  disk_size: 1024
  disk_tier: BEST
  network_tier: best
  accelerator_args: {tpu_vm: false}
  autostop: {idle_minutes: 5, wait_for: none}
  job_recovery: FAILOVER
  image_id: ami-0123abcd
  any_of:
  - {region: us-east-2, zone: a}
  - {use_spot: false}
config:
  docker: {run_options: [--ipc=host]}
  kubernetes: {kueue: {local_queue_name: q}, enable_docker: BUILD, set_pod_resource_limits: 1.5}
  hooks: [{run: x, events: [stop]}]
run: x
`,
			want: Task{
				Source: Source{File: "task.yaml", Line: 2}, NumNodes: 1, Run: "x", Resources: plain, Queue: "q",
				Ignored: []string{
					"api_server_access", "config.docker", "config.hooks", "config.kubernetes.enable_docker",
					"config.kubernetes.set_pod_resource_limits", "event_callback", "inputs",
					"managed_secrets", "resources.accelerator_args", "resources.any_of[0].region", "resources.any_of[0].zone",
					"resources.any_of[1].use_spot", "resources.autostop", "resources.disk_size", "resources.disk_tier",
					"resources.image_id", "resources.infra", "resources.instance_type", "resources.job_recovery",
					"resources.network_tier", "resources.use_spot",
				},
			},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(&tt.want, mustTask(t, tt.file, tt.in)); diff != "" {
				t.Errorf("task (-want,+got):\n%s", diff)
			}
		})
	}
}

func TestCommandLineOverridesAreCheckedLikeTheFile(t *testing.T) {
	got := problems(t, "run: x\n", Inputs{Name: "a b", NumNodes: -1, Image: "Foo/Bar", CPUs: "x", Memory: "x", GPUs: "H100:x"})
	want := lines(
		`Name: "a b" is not a name: letters and digits are allowed, and one or two of ".", "_", "-" between them`,
		`NumNodes: must be a whole number, from 1 to 10000, not -1`,
		`CPUs: "x" is not a number of CPUs; write 4, 0.5, "500m", or "4+" for at least 4`,
		`Memory: "x" is not an amount of memory; write 16 (GB), "512Mi", "2g", or "16+" for at least 16 GB`,
		`GPUs: "x" is not a number of accelerators; `+accAllowed,
		`Image: "Foo/Bar" is not a container image: the repository must be in lower case`,
	)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("problems (-want,+got):\n%s", diff)
	}
}
