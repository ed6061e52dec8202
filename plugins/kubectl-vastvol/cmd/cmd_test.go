package cmd

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/internal/cli/clitest"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/spec"
)

func plugin(c *clitest.Client) clitest.Run {
	return clitest.Run{Client: c, Plugin: cli.Plugin{Name: "kubectl-vastvol", Display: "kubectl vastvol"}, Build: New}
}

func volume(name string, used ...string) *api.VolumeStatus {
	return &api.VolumeStatus{
		TypeMeta:   api.TypeMeta[api.VolumeStatus](),
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "default", CreationTimestamp: clitest.Ago(time.Hour)},
		VolumeName: name, User: "alice", Size: "10Gi", StorageClass: "standard", Phase: "Bound",
		AccessModes: []string{"ReadWriteOnce", "ReadOnlyMany"}, UsedBy: used,
	}
}

func volumes() *clitest.Client {
	return &clitest.Client{Volume: clitest.Volumes{
		OnRender: func(v *spec.Volume) (runtime.Object, error) {
			if strings.Contains(v.Name, " ") {
				return nil, api.Invalid("name", "no spaces")
			}
			claim := &corev1.PersistentVolumeClaim{}
			claim.Name = v.Name
			return claim, nil
		},
		OnCreate: func(_ context.Context, v *spec.Volume, _ api.VolumeCreateOptions) (*api.VolumeStatus, error) {
			made := volume(v.Name)
			made.Size, made.AccessModes, made.StorageClass = v.Size.String(), v.AccessModes, v.StorageClass
			return made, nil
		},
		OnGet: func(_ context.Context, name string) (*api.VolumeStatus, error) {
			if name == "gone" {
				return nil, &api.NotFoundError{Kind: "volume", Name: name}
			}
			return volume(name), nil
		},
		OnList: func(context.Context, api.VolumeListOptions) (*api.VolumeStatusList, error) {
			return &api.VolumeStatusList{
				TypeMeta: api.TypeMeta[api.VolumeStatusList](),
				Items:    []api.VolumeStatus{*volume("logs"), *volume("data", "train-x7k2m9qa", "pod/nginx")},
			}, nil
		},
		OnDelete: func(_ context.Context, name string, _ api.VolumeDeleteOptions) (*api.VolumeStatus, error) {
			if name == "used" {
				return nil, &api.ConflictError{Message: "volume \"used\" is in use by train-x7k2m9qa"}
			}
			return volume(name), nil
		},
	}}
}

func TestCommands(t *testing.T) {
	file := filepath.Join(t.TempDir(), "volume.yaml")
	if err := os.WriteFile(file, []byte("name: filed\ntype: k8s-pvc\nsize: 1Gi\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	elsewhere := filepath.Join(t.TempDir(), "elsewhere.yaml")
	if err := os.WriteFile(elsewhere, []byte("name: there\ntype: k8s-pvc\nsize: 1Gi\nconfig: {namespace: team-b}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		args     []string
		stdin    string
		terminal bool
		code     int
		out, err string
	}{
		"list": {args: []string{"list"}, out: `
NAME   SIZE   STATUS   STORAGECLASS   ACCESS    AGE   USED BY
data   10Gi   Bound    standard       RWO,ROX   60m   train-x7k2m9qa,pod/nginx
logs   10Gi   Bound    standard       RWO,ROX   60m   -
`},
		"list by namespace, everywhere": {args: []string{"list", "-A", "--sort-by=namespace", "-o", "name"}, out: "\nvolume.kubevast.io/data\nvolume.kubevast.io/logs\n"},
		"list by field":                 {args: []string{"list", "--sort-by=.volumeName", "-o", "name"}, out: "\nvolume.kubevast.io/data\nvolume.kubevast.io/logs\n"},
		"create": {args: []string{"create", "a", "5Gi", "--access-modes=rwx,RWO,ReadWriteMany", "--storage-class=nfs", "-o", "jsonpath={.size} {.accessModes} {.storageClass}"},
			out: "\n5Gi [\"ReadWriteMany\",\"ReadWriteOnce\"] nfs", err: "namespace default\n"},
		"create, plain":    {args: []string{"create", "a", "5Gi"}, out: "\nvolume.kubevast.io/a created\n"},
		"create from file": {args: []string{"create", "-f", file}, out: "\nvolume.kubevast.io/filed created\n"},
		"create elsewhere": {args: []string{"create", "-f", file, "-f", elsewhere},
			out: "\nvolume.kubevast.io/filed created\nvolume.kubevast.io/there created\n", err: "namespace default\nthis pod's own cluster, namespace team-b\n"},
		"create, dry":       {args: []string{"create", "a", "5Gi", "--dry-run=client", "--context=x"}, out: "\nvolume.kubevast.io/a created (client dry run)\n"},
		"create, bad name":  {args: []string{"create", "a b", "5Gi"}, code: 2, err: "error: name: no spaces\n"},
		"create, bad size":  {args: []string{"create", "a", "big"}, code: 2, err: "error: SIZE: "},
		"create, bad mode":  {args: []string{"create", "a", "5Gi", "--access-modes=rw"}, code: 2, err: "ReadWriteOnce (RWO)"},
		"create, half":      {args: []string{"create", "a"}, code: 2, err: "kubectl vastvol create NAME SIZE"},
		"create, both":      {args: []string{"create", "a", "5Gi", "-f", file}, code: 2, err: "not both"},
		"create, file only": {args: []string{"create", "-f", file, "--storage-class=x"}, code: 2, err: "stand in the file"},
		"get":               {args: []string{"get", "data", "gone", "-o", "name"}, code: 3, out: "\nvolume.kubevast.io/data\n", err: "error: volume \"gone\" not found\n"},
		"get, as a table": {args: []string{"get", "data"}, out: `
NAME   SIZE   STATUS   STORAGECLASS   ACCESS    AGE   USED BY
data   10Gi   Bound    standard       RWO,ROX   60m   -
`},
		"get one":          {args: []string{"get", "data", "-o", "jsonpath={.size}"}, out: "\n10Gi"},
		"delete, no tty":   {args: []string{"delete", "data"}, code: 2, err: "add --yes"},
		"delete, declined": {args: []string{"delete", "data"}, terminal: true, stdin: "\n", err: "Delete data with all data? [y/N] Canceled"},
		"delete, asked":    {args: []string{"delete", "data", "used"}, terminal: true, stdin: "y\n", code: 5, out: "\nvolume.kubevast.io/data deleted\n", err: "in use by train-x7k2m9qa\n"},
		"delete, dry":      {args: []string{"delete", "data", "--dry-run=server"}, out: "\nvolume.kubevast.io/data deleted (server dry run)\n"},
		"completion":       {args: []string{"__complete", "delete", "d"}, out: "\ndata\t10Gi Bound\n:4\n"},
	} {
		t.Run(name, func(t *testing.T) {
			run := plugin(volumes())
			run.Stdin, run.Terminal = tc.stdin, tc.terminal
			r := run.Do(t, tc.args...)
			if r.Code != tc.code || !strings.Contains(r.Err, tc.err) {
				t.Errorf("code %d, stderr %q", r.Code, r.Err)
			}
			if diff := cmp.Diff(strings.TrimPrefix(tc.out, "\n"), r.Out); diff != "" {
				t.Errorf("(-want,+got):\n%s", diff)
			}
		})
	}
}

func TestStatus(t *testing.T) {
	r := plugin(volumes()).Do(t, "status", "data")
	if r.Code != 0 || !strings.Contains(r.Out, "Access modes:    ReadWriteOnce, ReadOnlyMany\n") {
		t.Errorf("%+v", r)
	}
}
