package e2e_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/sdk/api"
)

// volume returns the volume that `vastvol get -o json` prints.
func (p *person) volume(name string) *api.VolumeStatus {
	p.Helper()
	r := p.vol("get", name, "-o", "json").exits(0)
	v := &api.VolumeStatus{}
	if err := json.Unmarshal([]byte(r.stdout), v); err != nil {
		p.Fatalf("%s: %v\n%s", r.command, err, r.stdout)
	}
	return v
}

func TestTasksShareWhatIsOnAVolume(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	p.vol("create", "data", "16Mi").exits(0).shows("volume.kubevast.io/data created")
	if v := p.volume("data"); v.Phase != "Pending" || !strings.Contains(v.Reason, "when the first task uses it") || v.Size != "16Mi" || len(v.UsedBy) != 0 {
		t.Errorf("a new volume is %s (%s), %s, used by %v", v.Phase, v.Reason, v.Size, v.UsedBy)
	}
	p.vol("list").exits(0).shows("NAME", "STATUS", "data", "16Mi", "RWO")
	p.vast("submit", p.file("write.yaml", "name: write\nvolumes: {/data: data}\nrun: mkdir -p /data/in/side && echo kept > /data/in/side/file\n")).exits(0)
	if v := p.volume("data"); v.Phase != "Bound" || v.Reason != "" {
		t.Errorf("after its first use the volume is %s (%s)", v.Phase, v.Reason)
	}
	p.vast("submit", p.file("read.yaml", "name: read\nvolumes: {/whole: data, /part: {name: data, sub_path: in/side}}\nrun: cat /whole/in/side/file /part/file\n")).
		exits(0).shows("\nkept\nkept\n")

	id := p.submit("name: user\nvolumes: {/data: data}\nrun: sleep 100000\n")
	p.becomes(id, api.Running)
	user := "user-" + id
	t.Run("and it is not deleted while one uses it", func(t *testing.T) {
		p := p.in(t)
		if diff := cmp.Diff([]string{user}, p.volume("data").UsedBy); diff != "" {
			t.Errorf("used by (-want +got):\n%s", diff)
		}
		p.vol("delete", "data", "--yes").exits(5).prints(`volume "data" is in use by ` + user)
		p.vol("status", "data").exits(0).shows(user)
		p.vol("list").exits(0).shows(user)
	})
	t.Run("but afterwards", func(t *testing.T) {
		p := p.in(t)
		p.vast("delete", id, "--wait").exits(0)
		// Kubernetes keeps a claim for as long as there are pods that have
		// mounted it, also when they have ended.
		p.vol("delete", "data", "--yes").exits(5).prints(`volume "data" is still held by read-`, "write-")
		p.vast("delete", "--all", "--yes", "--wait").exits(0)
		p.vol("delete", "data").exits(2).prints("--yes")
		p.vol("delete", "data", "--yes", "--wait").exits(0).shows("volume.kubevast.io/data deleted")
		p.vol("get", "data").exits(3).prints(`volume "data" not found`)
		p.vol("delete", "data", "--yes").exits(3)
		p.vol("delete", "data", "--yes", "--ignore-not-found").exits(0)
		if left := p.kinds("persistentvolumeclaims"); len(left) != 0 {
			t.Errorf("the claims %v are left", left)
		}
	})
}

func TestAQueuedTaskKeepsItsVolume(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	p.vol("create", "data", "16Mi").exits(0)
	id := p.submit("volumes: {/data: data}\nrun: echo\n", "--cpus", "1000")
	p.vol("delete", "data", "--yes").exits(5).prints("task-" + id)
}

func TestAVolumeFileIsCreatedAsSkyPilotMeansIt(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	file := p.file("volume.yaml", `name: Data_Set.1
type: k8s-pvc
infra: k8s
size: 1
labels: {team: a}
config: {access_mode: ReadWriteOnce, storage_class_name: standard}
`)
	p.vol("create", "-f", file, "--dry-run=client", "-o", "yaml").exits(0).shows("storage: 1Gi", "team: a")
	p.vol("create", "-f", file).exits(0)
	v := p.volume("Data_Set.1")
	if v.VolumeName != "Data_Set.1" || v.Size != "1Gi" || v.StorageClass != "standard" || !slices.Equal(v.AccessModes, []string{"ReadWriteOnce"}) || v.Labels["team"] != "a" {
		t.Errorf("the volume is %+v", v)
	}
	p.vol("create", "-f", file).exits(5).prints(`you have a volume "Data_Set.1"`)
	p.vast("submit", p.file("task.yaml", "volumes: {/data: Data_Set.1}\nrun: echo used > /data/x && cat /data/x\n")).exits(0).shows("used\n")

	existing := p.file("existing.yaml", "name: "+v.Name+"\ntype: k8s-pvc\nuse_existing: true\n")
	p.vol("create", "-f", existing).exits(0)
	p.vol("create", "-f", p.file("none.yaml", "name: none\ntype: k8s-pvc\nuse_existing: true\n")).exits(3)
	if claims := p.kinds("persistentvolumeclaims"); len(claims) != 1 {
		t.Errorf("there are the claims %v", claims)
	}
}

func TestAnEphemeralVolumeIsDeletedWithItsTask(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	task := "name: scratch\nnum_nodes: 2\nvolumes: {/scratch: {size: 16Mi, type: k8s-pvc, config: {access_mode: ReadWriteMany}}}\nrun: echo x > /scratch/$NODE_RANK && ls /scratch\n"
	one := strings.Replace(strings.Replace(task, "num_nodes: 2", "num_nodes: 1", 1), ", config: {access_mode: ReadWriteMany}", "", 1)
	id := p.vast("submit", p.file("task.yaml", one)).exits(0).shows("\n0\n").id()
	if claims := p.kinds("persistentvolumeclaims"); len(claims) != 1 {
		t.Errorf("there are the claims %v, want one", claims)
	}
	p.vast("delete", id, "--wait").exits(0)
	p.waitFor("its claim goes", func() (bool, any) {
		left := p.kinds("persistentvolumeclaims")
		return len(left) == 0, left
	})
}

func TestAVolumeThatCannotBeMountedIsRefused(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	p.vol("create", "data", "16Mi").exits(0)
	// A second claim of the same name, as no command of ours makes it.
	p.kubectl("apply", "-f", p.file("twin.yaml", `apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: twin-b
  labels: {kubevast.io/kind: volume, kubevast.io/user: kubernetes-admin, kubevast.io/volume: twin}
  annotations: {kubevast.io/volume: twin, kubevast.io/user: kubernetes-admin}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 16Mi}}}
`))
	p.vol("create", "other", "16Mi").exits(0)
	p.kubectl("annotate", "pvc", "other", "--overwrite", "kubevast.io/volume=twin")
	before := p.objects()
	for _, c := range []struct {
		name, task string
		says       []string
	}{
		{"by several nodes", "num_nodes: 2\nvolumes: {/data: data}\nrun: echo\n", []string{"task.yaml:2:", "volumes./data", "cannot be shared by 2 nodes", "ReadWriteMany"}},
		{"because it is not there", "volumes: {/data: dta}\nrun: echo\n", []string{"task.yaml:1:", "volumes./data", `did you mean "data"?`}},
		{"because two claims have its name", "volumes: {/data: twin}\nrun: echo\n", []string{"volumes./data", "other", "twin-b"}},
		{"because its size is missing", "volumes: {/data: {type: k8s-pvc}}\nrun: echo\n", []string{"size"}},
		{"because its sub path leads out", "volumes: {/data: {name: data, sub_path: ../x}}\nrun: echo\n", []string{"sub_path"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := p.in(t)
			p.answersIn(p.vast("submit", p.file("task.yaml", c.task), "-d").exits(2).prints(c.says...), 1)
		})
	}
	p.vol("get", "twin").exits(5).prints("other", "twin-b")
	p.leftNothing(before)
}

func TestAVolumeThatCannotBeMadeIsRefused(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	before := p.objects()
	for _, c := range []struct {
		name, file string
		args       []string
		says       []string
		code       int
	}{
		{name: "no size", args: []string{"data"}, says: []string{"size"}, code: 2},
		{name: "a size of nothing", args: []string{"data", "0"}, says: []string{"0"}, code: 2},
		{name: "a size that is none", args: []string{"data", "big"}, says: []string{"big"}, code: 2},
		{name: "a name that is none", args: []string{"-data-", "1Gi"}, says: []string{"-data-"}, code: 2},
		{name: "a name of emoji", args: []string{"🚀", "1Gi"}, says: []string{"🚀"}, code: 2},
		{name: "an unknown class", args: []string{"data", "1Gi", "--storage-class", "standart"}, says: []string{`did you mean "standard"?`}, code: 2},
		{name: "an unknown access mode", args: []string{"data", "1Gi", "--access-modes", "RWA"}, says: []string{"RWA"}, code: 2},
		{name: "a task's file", file: minimal, says: []string{"kubectl vast submit"}, code: 2},
		{name: "a file without size", file: "name: v\ntype: k8s-pvc\n", says: []string{"size is missing"}, code: 2},
		{name: "another cloud's volume", file: "name: v\ntype: runpod-network-volume\nsize: 1\n", says: []string{"k8s-pvc"}, code: 2},
		{name: "a folder of the machine", file: "name: v\ntype: k8s-hostpath\nconfig: {host_path: /x}\n", says: []string{"k8s-pvc"}, code: 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := p.in(t)
			args := append([]string{"create", "--"}, c.args...)
			if len(c.args) > 2 {
				args = append([]string{"create"}, c.args...)
			}
			if c.file != "" {
				args = []string{"create", "-f", p.file("volume.yaml", c.file)}
			}
			p.answersIn(p.vol(args...).exits(c.code).prints(c.says...), 1)
		})
	}
	p.leftNothing(before)
}

// Two people may call their volumes the same.
func TestVolumesOfTwoPeopleDoNotMeet(t *testing.T) {
	t.Parallel()
	alice := newPerson(t)
	bob := alice.in(t)
	// In this order: the first one's claim is called as the volume is.
	for i, p := range []*person{alice, bob} {
		name := []string{"alice", "bob"}[i]
		p.vast("auth", "login", name).exits(0)
		p.vol("create", "data", "16Mi").exits(0)
		p.vast("submit", p.file("task.yaml", "volumes: {/data: data}\nrun: echo "+name+" >> /data/x; cat /data/x\n")).exits(0).shows("submitted\n" + name + "\n")
	}
	if a, b := alice.volume("data"), bob.volume("data"); a.User != "alice" || b.User != "bob" || a.Name == b.Name {
		t.Errorf("data is of %s in claim %s, and of %s in claim %s", a.User, a.Name, b.User, b.Name)
	}
	alice.vol("delete", bob.volume("data").Name, "--yes").exits(5).prints("belongs to bob")
	if got := len(strings.Fields(alice.vol("list", "-o", "name").exits(0).stdout)); got != 1 {
		t.Errorf("alice's list shows %d volumes", got)
	}
	if got := len(strings.Fields(alice.vol("list", "--all-users", "-o", "name").exits(0).stdout)); got != 2 {
		t.Errorf("everybody's list shows %d volumes", got)
	}
}

// The linker drops the methods that a program does not call, unless some code of it looks
// methods up by names that are not constant, as text/template does.
func TestTheVolumePluginIsSmall(t *testing.T) {
	const most = 50_000_000
	info, err := os.Stat(filepath.Join(bin, "kubectl-vastvol"))
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() > most {
		t.Errorf("kubectl-vastvol has %d bytes, more than %d: something of it reaches reflect.Value.MethodByName or Method; "+
			"go build -ldflags=-dumpdep marks it with <ReflectMethod>", info.Size(), most)
	}
}

func TestAVolumeIsWatched(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	p.vol("create", "data", "16Mi").exits(0)
	one := p.start("kubectl-vastvol", nil, "get", "data", "-w", "-o", "jsonpath={.phase} {.metadata.deletionTimestamp}{\"\\n\"}")
	all := p.start("kubectl-vastvol", nil, "list", "-w")
	shows := func(w *process, what string) {
		t.Helper()
		p.waitFor("the watch shows "+what, func() (bool, any) {
			return strings.Contains(w.stdout.String(), what), w.stdout.String()
		})
	}
	shows(one, "Pending \n")
	shows(all, "Pending")
	p.vast("submit", p.file("use.yaml", "name: use\nvolumes: {/data: data}\nrun: echo\n")).exits(0)
	shows(one, "Bound \n")
	shows(all, "Bound")
	p.vast("delete", "--all", "--yes", "--wait").exits(0)
	p.vol("delete", "data", "--yes").exits(0)
	shows(one, "Bound 2")
	shows(all, "Deleting")
	for _, w := range []*process{one, all} {
		w.interrupt()
		w.wait()
	}
}
