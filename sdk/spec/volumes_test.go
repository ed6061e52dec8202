package spec

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/kubevast/vast/sdk/contexts"
)

func size(s string) *resource.Quantity {
	q := resource.MustParse(s)
	return &q
}

func TestVolumesOfATask(t *testing.T) {
	got := mustTask(t, `run: x
volumes:
  /data: my-volume
  /sub/dir/: {name: other, sub_path: a/b.c}
  /scratch: {size: 1Gi}
  /shared:
    size: 10
    type: k8s-pvc
    labels: {a: b}
    config: {storage_class_name: fast, access_mode: readwritemany}
`, Inputs{}).Volumes
	want := []VolumeMount{
		{Path: "/data", Volume: "my-volume", Line: 3, Column: 3},
		{Path: "/sub/dir", Volume: "other", SubPath: "a/b.c", Line: 4, Column: 3},
		{Path: "/scratch", Line: 5, Column: 3, Ephemeral: &Volume{
			Source: Source{File: "task.yaml", Line: 5}, Type: "k8s-pvc", Size: size("1Gi"), AccessModes: []string{"ReadWriteOnce"},
		}},
		{Path: "/shared", Line: 6, Column: 3, Ephemeral: &Volume{
			Source: Source{File: "task.yaml", Line: 7}, Type: "k8s-pvc", Size: size("10Gi"), AccessModes: []string{"ReadWriteMany"},
			StorageClass: "fast", Labels: map[string]string{"a": "b"},
		}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("volumes (-want,+got):\n%s", diff)
	}
}

func TestWrongVolumesOfATaskAreRefused(t *testing.T) {
	const name = `is not the name of a volume: letters, digits, "-", "_" and "." are allowed, and a letter or digit at both ends`
	tests := map[string]struct{ file, want string }{
		"paths": {
			"volumes: {/: a, data: b, /x/../y: c, /z: d, /z/: e}\n",
			lines(
				"task.yaml:1:11: volumes[/]: a volume cannot be mounted over the whole file system; choose a path such as /data",
				`task.yaml:1:17: volumes.data: a volume is mounted at an absolute path without ":", for example /data`,
				`task.yaml:1:26: volumes[/x/../y]: a mount path cannot hold ".."`,
				"task.yaml:1:45: volumes[/z/]: the same path is mounted on line 1",
			),
		},
		"paths that meet when the variables are filled in": {
			"envs: {A: a}\nvolumes:\n  /a: x\n  /$A: y\n",
			"task.yaml:4:3: volumes[/$A]: the same path is mounted on line 3",
		},
		"names": {
			"volumes: {/a: a b, /b: '', /c: {name: -x}, /d: 1}\n",
			lines(
				`task.yaml:1:15: volumes[/a]: "a b" `+name,
				`task.yaml:1:24: volumes[/b]: "" `+name,
				`task.yaml:1:39: volumes[/c].name: "-x" `+name,
				`task.yaml:1:48: volumes[/d]: must be the name of a volume, or a mapping, not the number 1; write it in quotes: "1"`,
			),
		},
		"sub paths": {
			"volumes: {/a: {name: a, sub_path: ../x}, /b: {name: a, sub_path: /x}, /c: {sub_path: x}}\n",
			lines(
				`task.yaml:1:35: volumes[/a].sub_path: "../x" is not a path inside a volume: it must be relative, without ".."`,
				`task.yaml:1:66: volumes[/b].sub_path: "/x" is not a path inside a volume: it must be relative, without ".."`,
				`task.yaml:1:75: volumes[/c]: "name" is missing`,
			),
		},
		"ephemeral volumes": {
			"volumes: {/a: {size: lots}, /b: {type: k8s-hostpath, size: 1+}, /c: {labels: {a: b}}, /d: {}}\n",
			lines(
				`task.yaml:1:22: volumes[/a].size: "lots" is not a size; write 100 (GB), "500Mi" or "1Ti"`,
				`task.yaml:1:40: volumes[/b].type: "k8s-hostpath" is not one of k8s-pvc`,
				`task.yaml:1:60: volumes[/b].size: "1+": a size cannot have a "+"`,
				`task.yaml:1:69: volumes[/c]: "size" is missing`,
				`task.yaml:1:91: volumes[/d]: "name" is missing`,
			),
		},
		"an ephemeral volume of several nodes": {
			"num_nodes: 2\nvolumes: {/a: {size: 1}, /b: {size: 1, config: {access_mode: ReadWriteMany}}}\n",
			"task.yaml:2:15: volumes[/a]: a ReadWriteOnce volume cannot be shared by 2 nodes; set config.access_mode to ReadWriteMany",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, problems(t, tt.file+"run: x\n", Inputs{})); diff != "" {
				t.Errorf("problems (-want,+got):\n%s", diff)
			}
		})
	}
}

func TestVolumeFiles(t *testing.T) {
	src := Source{File: "vol.yaml", Line: 1}
	yes := true
	tests := map[string]struct {
		file string
		in   Inputs
		want Volume
	}{
		"a claim": {
			file: "name: data\ntype: k8s-pvc\nsize: 50Gi\n",
			want: Volume{Source: src, Name: "data", Type: "k8s-pvc", Size: size("50Gi"), AccessModes: []string{"ReadWriteOnce"}},
		},
		"a claim with everything": {
			file: "name: data\ntype: k8s-pvc\ninfra: kubernetes/ctx\nsize: 100\nlabels: {a: b}\n" +
				"config: {storage_class_name: fast, access_mode: ReadOnlyMany, namespace: ns, cleanup_on_deletion: true}\n",
			want: Volume{
				Source: src, Name: "data", Type: "k8s-pvc", Size: size("100Gi"), Context: "ctx", Namespace: "ns", StorageClass: "fast",
				Labels: map[string]string{"a": "b"}, AccessModes: []string{"ReadOnlyMany"}, CleanupOnDeletion: &yes,
			},
		},
		"a claim that is there": {
			file: "name: data\ntype: k8s-pvc\nuse_existing: true\n",
			in:   Inputs{Name: "other"},
			want: Volume{Source: src, Name: "other", Type: "k8s-pvc", UseExisting: true, AccessModes: []string{"ReadWriteOnce"}},
		},
		"a folder of the node": {
			file: "name: data\ntype: k8s-hostpath\ninfra: aws\nconfig: {host_path: /mnt}\n",
			want: Volume{Source: src, Name: "data", Type: "k8s-hostpath", HostPath: "/mnt", AccessModes: []string{"ReadWriteOnce"}, Ignored: []string{"infra"}},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f, err := Parse("vol.yaml", []byte(tt.file), tt.in)
			if err != nil {
				t.Fatal(err)
			}
			claim := contexts.Claim{File: "vol.yaml"}
			if tt.want.Context != "" {
				claim = contexts.Claim{Context: tt.want.Context, File: "vol.yaml", Line: 3, Column: 8, Path: "infra"}
			}
			want := &File{Path: "vol.yaml", Kind: KindVolume, Volume: &tt.want, Claims: []contexts.Claim{claim}}
			if diff := cmp.Diff(want, f); diff != "" {
				t.Errorf("file (-want,+got):\n%s", diff)
			}
		})
	}
}

func TestWrongVolumeFilesAreRefused(t *testing.T) {
	tests := map[string]struct{ file, want string }{
		"nothing but a type": {
			"type: k8s-pvc\n",
			lines(`task.yaml:1:1: "name" is missing`, "task.yaml:1:1: size is missing; give it, or use_existing: true for a claim that is there"),
		},
		"a type that is none": {
			"name: a\ntype: k8s-pv\nsize: 1\n",
			`task.yaml:2:7: type: "k8s-pv" is not one of k8s-pvc, k8s-hostpath, runpod-network-volume; did you mean "k8s-pvc"?`,
		},
		"a volume of another cloud": {
			"name: a\ntype: runpod-network-volume\nsize: 1\n",
			`task.yaml:2:7: type: "runpod-network-volume" is not a volume of Kubernetes; k8s-pvc and k8s-hostpath are`,
		},
		"a folder without a path": {
			"name: a\ntype: k8s-hostpath\n",
			"task.yaml:1:1: config.host_path is missing: a k8s-hostpath volume is a folder of the node",
		},
		"a folder with a relative path": {
			"name: a\ntype: k8s-hostpath\nconfig: {host_path: mnt}\n",
			`task.yaml:3:21: config.host_path: "mnt" is not an absolute path`,
		},
		"a claim with a path": {
			"name: a\ntype: k8s-pvc\nsize: 1\nconfig: {host_path: /mnt, access_mode: ReadWriteMony}\n",
			lines("task.yaml:4:10: config.host_path: belongs to a volume of type k8s-hostpath",
				`task.yaml:4:40: config.access_mode: "ReadWriteMony" is not one of ReadWriteOnce, ReadWriteOncePod, ReadWriteMany, ReadOnlyMany; did you mean "ReadWriteMany"?`),
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, problems(t, tt.file, Inputs{})); diff != "" {
				t.Errorf("problems (-want,+got):\n%s", diff)
			}
		})
	}
}
