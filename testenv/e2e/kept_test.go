package e2e_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/sdk/api"
)

// writesMuch writes 1,000 files, links and empty folders, and then prints what it
// has written: "<path> <mode> <sha256>", "<path> -> <target>" or "<path>/ <mode>".
const writesMuch = `
name: much
resources: {image_id: "python:3.13-slim", cpus: 100m, memory: 128Mi}
run: |
  cat >/tmp/write.py <<'PY'
  import hashlib, os, pathlib
  out = pathlib.Path(os.environ["OUTPUT_DIR"])
  for i in range(1000):
      f = out / f"d{i % 7}" / f"{i % 11}" / f"file {i} ü"
      f.parent.mkdir(parents=True, exist_ok=True)
      f.write_bytes(hashlib.sha256(b"%d" % i).digest() * (i % 50))
      f.chmod([0o644, 0o600, 0o755, 0o444][i % 4])
  (out / "large").write_bytes(os.urandom(1 << 20) * 40)
  (out / "link").symlink_to("d1/1/file 1 ü")
  (out / "d1" / "folder").symlink_to("../d2")
  (out / "empty" / "deep").mkdir(parents=True)
  (out / "empty" / "deep").chmod(0o750)
  for p in sorted(out.rglob("*")):
      name, mode = p.relative_to(out), oct(p.lstat().st_mode & 0o777)[2:]
      if p.is_symlink():
          print(f"{name} -> {os.readlink(p)}")
      elif p.is_dir():
          if not any(p.iterdir()):
              print(f"{name}/ {mode}")
      else:
          print(f"{name} {mode} {hashlib.sha256(p.read_bytes()).hexdigest()}")
  PY
  python3 /tmp/write.py
`

// described is a folder in the words of writesMuch; what is ours is left out.
func described(t *testing.T, dir string) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		name, _ := filepath.Rel(dir, path)
		info, err := d.Info()
		if err != nil {
			return err
		}
		switch {
		case name == "_vast":
			return fs.SkipDir
		case d.Type() == fs.ModeSymlink:
			target, err := os.Readlink(path)
			found = append(found, name+" -> "+target)
			return err
		case d.IsDir():
			if left, _ := os.ReadDir(path); len(left) == 0 {
				found = append(found, fmt.Sprintf("%s/ %o", name, info.Mode().Perm()))
			}
			return nil
		}
		data, err := os.ReadFile(path)
		sum := sha256.Sum256(data)
		found = append(found, fmt.Sprintf("%s %o %s", name, info.Mode().Perm(), hex.EncodeToString(sum[:])))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(found)
	return found
}

func TestADownloadIsWhatWasWritten(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	s := p.withStore()
	id := p.submit(writesMuch)
	p.becomes(id, api.Succeeded)
	m := p.manifest(s, id, 0)
	written := strings.Split(strings.TrimSpace(p.keptLog(s, m, "task")), "\n")
	slices.Sort(written)
	if len(written) != 1004 {
		t.Fatalf("%d things were written:\n%s", len(written), strings.Join(written[:min(len(written), 20)], "\n"))
	}
	folder := filepath.Join("out", "much-"+id, "0")

	t.Run("also when it is killed and started again", func(t *testing.T) {
		p := p.in(t)
		download := p.start("kubectl-vast", nil, "results", "download", id, "--dir=out", "--preserve-modes")
		part := ""
		p.catch("the large file is half-way", func() (bool, any) {
			found, err := filepath.Glob(filepath.Join(p.dir, folder, "large.*.part"))
			if len(found) != 1 {
				return false, err
			}
			part = found[0]
			info, err := os.Stat(part)
			return err == nil && info.Size() > 0, err
		})
		if err := download.command.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = download.command.Wait() // it was killed
		if info, err := os.Stat(part); err != nil || info.Size() >= 40<<20 {
			t.Fatalf("nothing is left to be done: %v, %v", info, err)
		}
		p.vast("results", "download", id, "--dir=out", "--preserve-modes").exits(0)
		if diff := cmp.Diff(written, described(t, filepath.Join(p.dir, folder))); diff != "" {
			t.Error(diff)
		}
		log, err := os.ReadFile(filepath.Join(p.dir, folder, "_vast/logs/task.log"))
		if want := p.vast("logs", id).exits(0).stdout; err != nil || string(log) != want {
			t.Errorf("the log: %v\n%.300s\nwant:\n%.300s", err, log, want)
		}
		report := &api.DownloadReport{}
		r := p.vast("results", "download", id, "--dir=out", "-o", "json").exits(0)
		if err := json.Unmarshal([]byte(r.stdout), report); err != nil || report.Files != 0 || report.Bytes != 0 {
			t.Errorf("a second time it fetched something: %v\n%s", err, r.stdout)
		}
		changed := filepath.Join(p.dir, folder, "large")
		if err := os.WriteFile(changed, []byte("mine"), 0o600); err != nil {
			t.Fatal(err)
		}
		p.vast("results", "download", id, "--dir=out").exits(5).prints("large", "--force")
		if mine, err := os.ReadFile(changed); err != nil || string(mine) != "mine" {
			t.Errorf("it was overwritten: %v", err)
		}
	})
	t.Run("as an archive", func(t *testing.T) {
		p := p.in(t)
		p.vast("results", "download", id, "--archive=all.tar.gz").exits(0)
		untar := exec.CommandContext(t.Context(), "tar", "-xzpf", "all.tar.gz", "--one-top-level=x")
		untar.Dir = p.dir
		if out, err := untar.CombinedOutput(); err != nil {
			t.Fatalf("tar: %v\n%s", err, out)
		}
		if diff := cmp.Diff(written, described(t, filepath.Join(p.dir, "x", "much-"+id, "0"))); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("until it is deleted", func(t *testing.T) {
		p := p.in(t)
		p.vast("results", "delete", id).exits(2).prints("--yes")
		p.vast("results", "delete", id, "-y").exits(0)
		p.vast("results", "list", id).exits(3)
		p.vast("status", id).exits(0)
	})
}

func TestAnIncompleteResultIsReported(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	p.withStore()
	id := p.submit(`
name: half
resources: {image_id: "busybox:1.36", cpus: 50m, memory: 32Mi}
run: |
  echo some >$OUTPUT_DIR/some
  sleep 100000
`)
	p.waitFor("something was saved", func() (bool, any) {
		r := p.vast("results", "list", id, "-o", "jsonpath={.items[0].files} {.items[0].complete} {.items[0].state}")
		return r.stdout == "1 false Running", r.stdout + r.stderr
	})
	p.vast("results", "download", id, "--dir=out").exits(0).prints("1 result is not complete")
	if data, err := os.ReadFile(filepath.Join(p.dir, "out", "half-"+id, "0", "some")); string(data) != "some\n" {
		t.Errorf("fetched %q, %v", data, err)
	}
	p.vast("results", "delete", id, "-y").exits(5).prints("is still running")
	p.vast("stop", id).exits(0)
	p.waitFor("the result is complete", func() (bool, any) {
		r := p.vast("results", "list", id, "-o", "jsonpath={.items[0].complete} {.items[0].state}")
		return r.stdout == "true Stopped", r.stdout + r.stderr
	})
	r := p.vast("results", "download", id, "--dir=out").exits(0)
	if strings.Contains(r.stderr, "not complete") {
		t.Errorf("it is complete, and reported as incomplete:\n%s", r.stderr)
	}
}

func TestARejectedInputIsNoFailure(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	p.withStore()
	const judge = `
name: judge
resources: {image_id: "busybox:1.36", cpus: 50m, memory: 32Mi}
run: |
  cd $OUTPUT_DIR
  echo '{"fraction": 0.5, "step": "look", "message": "looking at it"}' >>progress.jsonl
  echo 'no json' >>progress.jsonl
  echo '{"fraction": "half"}' >>progress.jsonl
  until [ -e /tmp/go ]; do sleep 0.2; done
  echo '{"status": "rejected", "message": "the map has no walls"}' >>progress.jsonl
  exit `
	for name, code := range map[string]string{"that ends well": "0", "that ends with another code": "4"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := p.in(t)
			id := p.submit(judge + code)
			p.waitFor("the progress is shown", func() (bool, any) {
				for _, line := range strings.Split(p.vast("list", "-o", "wide").exits(0).stdout, "\n") {
					if strings.HasPrefix(line, id) {
						return strings.Contains(line, "50% look, looking at it"), line
					}
				}
				return false, "no line"
			})
			p.waitFor("the broken lines are counted", func() (bool, any) {
				r := p.vast("status", id).exits(0)
				return strings.Contains(r.stdout, "2 lines of progress.jsonl could not be read"), r.stdout
			})
			p.touch(p.pods(id)[0].Name, "/tmp/go")
			p.vast("wait", id).exits(12).prints("rejected", "the map has no walls")
			s := p.status(id)
			if s.State != api.Rejected || s.Reason != "the map has no walls" || s.Diagnosis != nil {
				t.Errorf("%s: %s, %+v", s.State, s.Reason, s.Diagnosis)
			}
			listed := p.list("--state=rejected")
			if !slices.ContainsFunc(listed, func(s api.TaskStatus) bool { return s.ID == id && s.State == api.Rejected }) {
				t.Errorf("list --state=rejected: %+v", listed)
			}
			for _, s := range p.list("--state=failed,succeeded") {
				if s.ID == id {
					t.Errorf("it is listed as %s", s.State)
				}
			}
			r := p.vast("results", "list", id, "-o", "jsonpath={.items[0].state} {.items[0].progress.brokenLines}").exits(0)
			if r.stdout != "Rejected 2" {
				t.Errorf("the result is %q", r.stdout)
			}
			p.vast("delete", id, "--wait").exits(0)
			if s := p.status(id); s.State != api.Rejected {
				t.Errorf("without its Job it is %s: %s", s.State, s.Reason)
			}
		})
	}
}

func TestLogsOutliveThePodsAndTheJob(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	s := p.withStore()
	id := p.submit(`
name: talks
num_nodes: 2
resources: {image_id: "busybox:1.36", cpus: 50m, memory: 32Mi}
run: |
  i=0; while [ $i -lt 300 ]; do echo "line $i of node $NODE_RANK"; i=$((i+1)); done
  until [ -e /tmp/go ]; do sleep 0.2; done
  exit 3
`)
	lines := func(r *result) []string {
		all := strings.Split(strings.TrimSpace(r.exits(0).stdout), "\n")
		slices.Sort(all)
		return all
	}
	// A node that waits for the other prints lines of its own.
	printed := func() int {
		return strings.Count(p.vast("logs", id).exits(0).stdout, " | line ")
	}
	p.waitFor("both nodes have talked", func() (bool, any) { n := printed(); return n == 600, n })
	for _, pod := range p.pods(id) {
		if strings.HasPrefix(pod.Name, p.status(id).Name+"-1-") {
			p.touch(pod.Name, "/tmp/go")
		}
	}
	p.vast("wait", id).exits(10)
	for rank := range 2 { // the end is reported before all is saved
		p.manifest(s, id, rank)
	}
	want := lines(p.vast("logs", id))
	if n := printed(); n != 600 {
		t.Fatalf("%d lines", n)
	}
	before := p.status(id)
	same := func(t *testing.T) {
		t.Helper()
		p := p.in(t)
		if diff := cmp.Diff(want, lines(p.vast("logs", id))); diff != "" {
			t.Errorf("%.1000s", diff)
		}
		if got := p.vast("logs", id, "--node=1", "--tail=2").exits(0).stdout; got != "node-1 | line 298 of node 1\nnode-1 | line 299 of node 1\n" {
			t.Errorf("the last lines: %q", got)
		}
		if got := p.vast("logs", id, "--node=1", "--tail=1", "--timestamps").exits(0).stdout; !strings.HasPrefix(got, "node-1 | 20") {
			t.Errorf("with its time: %q", got)
		}
		if diff := cmp.Diff(want, lines(&result{TB: t, stdout: p.vast("logs", id, "-f").exits(10).stdout})); diff != "" {
			t.Errorf("followed: %.1000s", diff)
		}
	}
	t.Run("the pods", func(t *testing.T) {
		for _, pod := range p.pods(id) {
			if err := client.CoreV1().Pods(p.namespace).Delete(t.Context(), pod.Name, metav1.DeleteOptions{}); err != nil {
				t.Fatal(err)
			}
		}
		p.waitFor("the pods are gone", func() (bool, any) { n := len(p.pods(id)); return n == 0, n })
		same(t)
	})
	t.Run("the Job", func(t *testing.T) {
		p.vast("delete", id, "--wait").exits(0)
		same(t)
		after := p.status(id)
		if after.State != before.State || after.Reason != before.Reason || after.NumNodes != 2 || after.TaskName != "talks" {
			t.Errorf("it was %s: %s, and is %s: %s (%+v)", before.State, before.Reason, after.State, after.Reason, after)
		}
		p.vast("wait", id).exits(10)
		p.vast("logs", "zzzzzzzz").exits(3)
	})
}
