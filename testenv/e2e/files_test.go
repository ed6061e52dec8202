package e2e_test

import (
	"fmt"
	"net"
	"net/http"
	"net/http/cgi"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/rand"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/testenv"
)

// tree makes files below the person's folder: by path a content, "-> target"
// for a link, "/" for an empty folder; a first line "#!" makes it executable.
func (p *person) tree(files map[string]string) {
	p.Helper()
	for name, text := range files {
		path := filepath.Join(p.dir, name)
		err := os.MkdirAll(filepath.Dir(path), 0o755)
		target, link := strings.CutPrefix(text, "-> ")
		switch {
		case err != nil:
		case link:
			err = os.Symlink(target, path)
		case text == "/":
			err = os.Mkdir(path, 0o750)
		case strings.HasPrefix(text, "#!"):
			err = os.WriteFile(path, []byte(text), 0o750)
		default:
			err = os.WriteFile(path, []byte(text), 0o600)
		}
		if err != nil {
			p.Fatal(err)
		}
	}
}

// brought submits a task and returns what it prints.
func (p *person) brought(task string, args ...string) string {
	p.Helper()
	r := p.vast(append([]string{"submit", p.file("task.yaml", task), "--queue=none"}, args...)...).exits(0)
	_, log, _ := strings.Cut(r.stdout, "\n")
	return log
}

const small = `resources: {image_id: "busybox:1.36", cpus: 50m, memory: 64Mi}
`

// Files that are small need no store, and arrive as they were.
func TestFilesArriveAsTheyWere(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	p.tree(map[string]string{
		"work/run.sh":       "#!/bin/sh\ncat deep/er/data link; pwd; touch deep/new && stat -c '%a %n' run.sh deep/er/data empty | sort; ls -A\n",
		"work/deep/er/data": "data\n", "work/link": "-> deep/er/data", "work/empty": "/",
		"work/big.bin": "left out", "work/.skyignore": "*.bin\n", "one": "one file\n", "folder/a": "a\n",
	})
	task := small + fmt.Sprintf("workdir: %[1]s/work\nfile_mounts: {/data/one: %[1]s/one, /data/folder: %[1]s/folder, ~/.config/app: %[1]s/folder, deep/more: %[1]s/one}\n", p.dir) +
		"setup: ./run.sh\nrun: cat /data/one /data/folder/a ~/.config/app/a deep/more\n"
	want := "data\ndata\n%s/sky_workdir\n600 deep/er/data\n750 empty\n750 run.sh\n.skyignore\ndeep\nempty\nlink\nrun.sh\none file\na\na\none file\n"
	for name, c := range map[string]struct {
		home string
		args []string
		pod  string
		skip bool
	}{
		"as root": {home: "/root"},
		"as a user that the image or the security profile names": {home: "/tmp", args: []string{"--security-profile=restricted"}},
		"as a user that has no home": {home: "/vast/home",
			pod: "config: {kubernetes: {pod_config: {spec: {securityContext: {runAsUser: 4711}}}}}\n"},
		"as a user that only the image knows": {home: "/vast/home", args: []string{"--image=" + testenv.BusyboxUserImage},
			skip: cluster.Way() == testenv.WayExisting},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if c.skip {
				t.Skip("no registry has its image")
			}
			p := p.in(t)
			if got, want := p.brought(task+c.pod, c.args...), fmt.Sprintf(want, c.home); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
	t.Run("and more than a ConfigMap holds needs a store, which is said", func(t *testing.T) {
		t.Parallel()
		p := newPerson(t) // the others have objects
		p.tree(map[string]string{"large/x": rand.String(1 << 20)})
		before := p.objects()
		p.vast("submit", p.file("task.yaml", small+"workdir: "+p.dir+"/large\nrun: ls\n"), "-d").exits(1).prints("too much", "kubectl vast cluster setup")
		p.leftNothing(before)
	})
	t.Run("and all that is missing is reported at once, before anything is made", func(t *testing.T) {
		t.Parallel()
		p := p.in(t)
		p.vast("submit", p.file("task.yaml", small+"workdir: ./no\nfile_mounts: {/a: ./neither}\nrun: ls\n")).exits(2).
			prints("workdir", `"./no" does not exist`, "file_mounts[/a]", `"./neither" does not exist`)
	})
}

// Large files go through the store, once.
func TestLargeFilesGoThroughTheStoreOnce(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	s := p.withStore()
	p.tree(map[string]string{"large/x": rand.String(2 << 20), "large/y": "y\n"})
	task := small + "workdir: " + p.dir + "/large\nrun: cat y; wc -c <x\n"
	const want = "y\n2097152\n"
	if got := p.brought(task); got != want {
		t.Fatalf("got %q", got)
	}
	before := p.packs(s)
	if len(before) != 1 {
		t.Fatalf("the store has %v", before)
	}
	if got := p.brought(task); got != want {
		t.Errorf("got %q the second time", got)
	}
	if after := p.packs(s); len(after) != 1 || after[0].Key != before[0].Key || !after[0].Modified.Equal(before[0].Modified) {
		t.Errorf("what was there was sent again: %v, then %v", before, after)
	}
	p.tree(map[string]string{"large/z": "z\n"})
	p.brought(task)
	if after := p.packs(s); len(after) != 2 {
		t.Errorf("another content makes another pack: %v", after)
	}
	t.Run("and a copy of what lies in the namespace's own bucket needs no credentials", func(t *testing.T) {
		p := p.in(t)
		p.put("shared/set/", 3)
		secret, err := client.CoreV1().Secrets(p.namespace).Get(t.Context(), kube.StoreName, metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		bucket := string(secret.Data[kube.StoreBucket])
		got := p.brought(small + fmt.Sprintf("file_mounts: {/set: s3://%[1]s/shared/set, /one: s3://%[1]s/shared/set/0001}\nrun: ls /set; cat /set/0002 /one\n", bucket))
		if got != "0000\n0001\n0002\nhellohello" {
			t.Errorf("got %q", got)
		}
	})
	t.Run("and one that is gone from the store is reported by name", func(t *testing.T) {
		p := p.in(t)
		for _, pack := range p.packs(s) {
			if err := s.Delete(t.Context(), pack.Key); err != nil {
				t.Fatal(err)
			}
		}
		job := p.vast("submit", p.file("task.yaml", task), "--dry-run=client", "-o", "json").exits(0)
		p.kubectl("create", "-f", p.file("job.json", job.stdout))
		id := p.list("--all-users")[0].ID
		for _, task := range p.list("--all-users") {
			if !task.State.Ended() {
				id = task.ID
			}
		}
		d := p.isDiagnosed(id, "Inputs")
		says(t, d, "inputs/")
	})
}

func (p *person) packs(s *store.Store) []store.Object {
	p.Helper()
	var out []store.Object
	for object, err := range s.List(p.Context(), layout.Inputs, store.ListOptions{}) {
		if err != nil {
			p.Fatal(err)
		}
		out = append(out, object)
	}
	return out
}

// A workdir from git: the pod clones it, from a server on this machine.
func TestTheWorkdirMayBeAGitRepository(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	url, commits := p.gitServer()
	for name, c := range map[string]struct{ ref, want string }{
		"the default branch": {"", "second\n"},
		"a branch":           {"older", "first\n"},
		"a tag":              {"v1", "first\n"},
		"a commit":           {commits[0], "first\n"},
		"the head's commit":  {commits[1], "second\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := p.in(t)
			ref := ""
			if c.ref != "" {
				ref = ", ref: " + c.ref
			}
			if got := p.brought(small + "workdir: {url: '" + url + "'" + ref + "}\nrun: cat file\n"); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	t.Run("a ref that does not exist is reported", func(t *testing.T) {
		t.Parallel()
		p := p.in(t)
		id := p.submit(small + "workdir: {url: '" + url + "', ref: nowhere}\nrun: cat file\n")
		says(t, p.isDiagnosed(id, "Inputs"), "nowhere")
	})
}

// gitServer serves a repository of two commits over HTTP, as git itself does, and
// returns its address as pods reach it.
func (p *person) gitServer() (url string, commits []string) {
	p.Helper()
	dir := filepath.Join(p.dir, "served", "repo")
	git := func(args ...string) string {
		p.Helper()
		cmd := exec.CommandContext(p.Context(), "git", append([]string{"-C", dir, "-c", "user.name=e2e", "-c", "user.email=e2e@example.com"}, args...)...)
		out, err := cmd.CombinedOutput()
		if err != nil {
			p.Fatalf("git %v: %v\n%s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		p.Fatal(err)
	}
	git("init", "-q", "-b", "main")
	for i, text := range []string{"first\n", "second\n"} {
		if err := os.WriteFile(filepath.Join(dir, "file"), []byte(text), 0o600); err != nil {
			p.Fatal(err)
		}
		git("add", "file")
		git("commit", "-q", "-m", text)
		commits = append(commits, git("rev-parse", "HEAD"))
		if i == 0 {
			git("tag", "v1")
			git("branch", "older")
		}
	}
	host := p.thisMachine()
	l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		p.Fatal(err)
	}
	backend := &cgi.Handler{Path: filepath.Join(git("--exec-path"), "git-http-backend"),
		Env: []string{"GIT_PROJECT_ROOT=" + filepath.Dir(dir), "GIT_HTTP_EXPORT_ALL=1"}}
	server := &http.Server{Handler: backend, ReadHeaderTimeout: time.Minute}
	go server.Serve(l) //nolint:errcheck // it ends with the test
	p.Cleanup(func() { _ = server.Close() })
	return "http://" + l.Addr().String() + "/repo", commits
}

// thisMachine is the address by which pods reach this machine: the one that it
// has in the nodes' network.
func (p *person) thisMachine() string {
	p.Helper()
	nodes, err := client.CoreV1().Nodes().List(p.Context(), metav1.ListOptions{})
	if err != nil {
		p.Fatal(err)
	}
	own, err := net.InterfaceAddrs()
	if err != nil {
		p.Fatal(err)
	}
	for _, address := range nodes.Items[0].Status.Addresses {
		for _, a := range own {
			n, ok := a.(*net.IPNet)
			if ok && address.Type == corev1.NodeInternalIP && n.Contains(net.ParseIP(address.Address)) {
				return n.IP.String()
			}
		}
	}
	p.Skip("the nodes are not in a network of this machine, so that pods could reach a server here")
	return ""
}
