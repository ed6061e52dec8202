package spec

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The documents of this test are of the kinds that k8s-cli's documentation
// shows: its whole format is a part of SkyPilot's.
func TestDocumentsInTheStyleOfK8sCLI(t *testing.T) {
	src := Source{File: "task.yaml", Line: 1}
	tests := map[string]struct {
		file string
		want Task
	}{
		"the smallest": {
			file: "name: hello\nrun: echo hello\n",
			want: Task{Source: src, Name: "hello", NumNodes: 1, Run: "echo hello", Resources: []Resources{{}}},
		},
		"training with a volume and a GPU": {
			file: `name: train
num_nodes: 2
resources:
  cpus: "4"
  memory: "8Gi"
  accelerators: "V100:2"
  image_id: "python:3.13-slim"
volumes:
  /data: data-vol
envs:
  EPOCHS: "100"
setup: pip install numpy
run: python train.py --epochs $EPOCHS
`,
			want: Task{
				Source: src, Name: "train", NumNodes: 2, Setup: "pip install numpy", Run: "python train.py --epochs $EPOCHS",
				Envs:    []EnvVar{{"EPOCHS", "100"}},
				Volumes: []VolumeMount{{Path: "/data", Volume: "data-vol", Line: 9, Column: 3}},
				Resources: []Resources{{
					CPUs: cpus("4", false), Memory: cpus("8Gi", false), Accelerator: acc("V100", 2), Image: "python:3.13-slim",
				}},
			},
		},
		"a master that the user names": {
			file: `name: distributed
num_nodes: 4
resources: {cpus: "500m", accelerators: "2"}
envs:
  MASTER_ADDR: "my-service"
  MASTER_PORT: "29500"
run: torchrun --nnodes=$NUM_NODES --node_rank=$NODE_RANK train.py
`,
			want: Task{
				Source: src, Name: "distributed", NumNodes: 4, Run: "torchrun --nnodes=$NUM_NODES --node_rank=$NODE_RANK train.py",
				Envs:      []EnvVar{{"MASTER_ADDR", "my-service"}, {"MASTER_PORT", "29500"}},
				Resources: []Resources{{CPUs: cpus("500m", false), Accelerator: acc("", 2)}},
			},
		},
		"fields that k8s-cli passes over": {
			file: "workdir: /app\nresources: {instance_type: any, use_spot: false, disk_size: 50, ports: [8080]}\nfile_mounts: {/code: ./src}\nrun: make\n",
			want: Task{
				Source: src, NumNodes: 1, Run: "make", Workdir: &Workdir{Local: "/app", At: Position{1, 10}},
				FileMounts: []FileMount{{Path: "/code", Source: "./src", At: Position{3, 22}}},
				Resources:  []Resources{{Ports: []Port{{8080, 8080}}}},
				Ignored:    []string{"resources.disk_size", "resources.instance_type", "resources.use_spot"},
			},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(&tt.want, mustTask(t, tt.file, Inputs{})); diff != "" {
				t.Errorf("task (-want,+got):\n%s", diff)
			}
		})
	}
}
