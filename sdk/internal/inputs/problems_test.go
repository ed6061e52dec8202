package inputs

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/spec"
)

func TestAllProblemsAreReportedAtOnce(t *testing.T) {
	dir := folder(t, map[string]string{"here": "1", "sub/there": "2"})
	given := task(t, `workdir: nowhere
file_mounts:
  /a: ./gone
  /b: ~/gone
  /c: r2://bucket/x
  /d: hf://model
  /e: https://example.com/x
  /f: {source: here}
  /g: {source: here, mode: MOUNT_CACHED}
  /h: {name: bucket, mode: COPY}
  /i: {name: bucket, store: azure, mode: COPY}
  /j: {mode: COPY}
  /k: {source: [here, s3://x], mode: COPY}
  /l/../m: here
  /proc/x: here
  '~': here
  ~you/x: here
  /n: here
  /n/o: here
  /p: s3:///key
  /q: file:///etc/hosts
`)
	_, err := New(t.Context(), given, Options{Dir: dir, Home: dir})
	var invalid *api.InvalidSpecError
	if !errors.As(err, &invalid) {
		t.Fatalf("error %v", err)
	}
	const mounting = "is not supported: buckets are not mounted into pods; write mode: COPY to have it copied before the task starts, and keep what the task writes with $OUTPUT_DIR, outputs or volumes"
	want := []string{
		`task.yaml:1:10: workdir: "nowhere" does not exist; local paths count from the folder that you are in, so this is DIR/nowhere`,
		`task.yaml:3:7: file_mounts[/a]: "./gone" does not exist; local paths count from the folder that you are in, so this is DIR/gone`,
		`task.yaml:4:7: file_mounts[/b]: "~/gone" does not exist`,
		`task.yaml:5:7: file_mounts[/c]: sources of r2: are not supported: s3:// and gs:// are; other stores that speak S3 can be read in setup`,
		`task.yaml:6:7: file_mounts[/d]: sources of hf: are not supported: s3:// and gs:// are; other stores that speak S3 can be read in setup`,
		`task.yaml:7:7: file_mounts[/e]: web addresses are not copied; fetch it in setup, with curl for example, or copy it into a bucket (s3:// and gs:// are copied)`,
		`task.yaml:8:7: file_mounts[/f]: mode MOUNT, the default, ` + mounting,
		`task.yaml:9:7: file_mounts[/g]: mode MOUNT_CACHED ` + mounting,
		`task.yaml:10:7: file_mounts[/h]: it is not said where the bucket "bucket" is: write store: s3 or store: gcs, or source: s3://...`,
		`task.yaml:11:7: file_mounts[/i]: buckets of azure are not supported: those of s3 and gcs are`,
		`task.yaml:12:7: file_mounts[/j]: there is nothing to copy: give a source`,
		`task.yaml:13:7: file_mounts[/k].source[1]: a list of sources holds local paths only; give a bucket a file mount of its own`,
		`task.yaml:14:12: file_mounts[/l/../m]: a path in the task cannot hold ".."`,
		`task.yaml:15:12: file_mounts[/proc/x]: /proc, /sys, /dev belong to the system; choose another path`,
		`task.yaml:16:8: file_mounts[~]: this would hide all that is there already; name a path below it`,
		`task.yaml:17:11: file_mounts[~you/x]: the home of another user is not known; write "~/..." or an absolute path`,
		`task.yaml:19:9: file_mounts[/n/o]: /n is a file; nothing can lie below it`,
		`task.yaml:20:7: file_mounts[/p]: "s3:///key" is no bucket; write s3://bucket or s3://bucket/path`,
		`task.yaml:21:7: file_mounts[/q]: write a local path without file://`,
	}
	if diff := cmp.Diff(strings.Join(want, "\n"), strings.ReplaceAll(err.Error(), dir, "DIR")); diff != "" {
		t.Errorf("problems (-want,+got):\n%s", diff)
	}
	if checked := Check(given, Options{Dir: dir, Home: dir}); checked == nil || checked.Error() != err.Error() {
		t.Errorf("Check finds something else: %v", checked)
	}
}

func TestProblemsOfWorkdirs(t *testing.T) {
	dir := folder(t, map[string]string{"file": "1", "jobs/src/x": "2", "jobs/task.yaml": ""})
	if err := os.Symlink("gone", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct{ file, text, want string }{
		"a link to nothing":                     {"task.yaml", "workdir: link\n", `task.yaml:1:10: workdir: "link" does not exist: it is a link to "gone", which does not exist; fix the link, or name another path`},
		"a file mount behind a link to nothing": {"task.yaml", "file_mounts: {/x: link/y}\n", `task.yaml:1:19: file_mounts[/x]: "link/y" does not exist: it is behind "link", a link to "gone", which does not exist; fix the link, or name another path`},
		"a file":                                {"task.yaml", "workdir: file\n", `task.yaml:1:10: workdir: "file" is a file; a workdir is a folder`},
		"a bucket":                              {"task.yaml", "workdir: s3://x\n", "task.yaml:1:10: workdir: must be a local folder, or a git repository: {url: ..., ref: ...}; copy a bucket with file_mounts"},
		"a repository with a password":          {"task.yaml", "workdir: {url: 'https://me:word@host/x.git'}\n", "task.yaml:1:10: workdir.url: holds a user's name or password, which everybody who sees the pod could read; take it out, and give the token as the secret GIT_TOKEN"},
		"a repository with a token":             {"task.yaml", "workdir: {url: 'https://token@host/x.git'}\n", "task.yaml:1:10: workdir.url: holds a user's name or password, which everybody who sees the pod could read; take it out, and give the token as the secret GIT_TOKEN"},
		"a repository behind http":              {"task.yaml", "workdir: {url: 'http://host/x.git'}\nsecrets: {GIT_TOKEN: t}\n", "task.yaml:1:10: workdir.url: the token in GIT_TOKEN would go over the network for all to read; write the URL with https://"},
		"a local repository":                    {"task.yaml", "workdir: {url: 'file:///x', ref: main}\n", "task.yaml:1:10: workdir.url: begins with file://, which is not cloned; write https://host/path, ssh://user@host/path or user@host:path"},
		"what cannot be read as a URL":          {"task.yaml", "workdir: {url: 'https://me:a%zz@host/x'}\n", "task.yaml:1:10: workdir.url: cannot be read as a URL; write https://host/path, ssh://user@host/path or user@host:path"},
		"a ref that is an option":               {"task.yaml", "workdir: {url: 'https://host/x', ref: '-x'}\n", "task.yaml:1:10: workdir.ref: is no name of a branch or a tag, and no commit"},
		"an unknown host": {"task.yaml", "workdir: {url: 'ssh://git@host:2222/x'}\n", "task.yaml:1:10: workdir.url: no key of the host host is known, so another host could pose as it; give its line of known_hosts as the variable GIT_KNOWN_HOSTS " +
			"(ssh-keyscan -p 2222 host prints it; compare its fingerprint), or the full id of a commit as ref, or use its https URL"},
		"a bucket with a password":       {"task.yaml", "file_mounts: {/x: 's3://key:word@bucket'}\n", `task.yaml:1:19: file_mounts[/x]: "s3://***@bucket" is no bucket; write s3://bucket or s3://bucket/path`},
		"a folder beside the task file":  {"jobs/task.yaml", "workdir: src\n", `jobs/task.yaml:1:10: workdir: "src" does not exist here, but beside the task file; local paths count from the folder that you are in: run this in jobs`},
		"a task that comes from a pipe":  {"/dev/fd/0", "workdir: '0'\n", `/dev/fd/0:1:10: workdir: "0" does not exist; local paths count from the folder that you are in, so this is ` + filepath.Join(dir, "0")},
		"a path that a secret made":      {"task.yaml", "secrets: {S: hidden}\nworkdir: x/$S\n", "task.yaml:2:10: workdir: this path (it holds a secret) does not exist in the folder that you are in"},
		"something in the workdir twice": {"task.yaml", "workdir: jobs\nfile_mounts: {src: file, ~/sky_workdir/src: file}\n", "task.yaml:2:45: file_mounts[~/sky_workdir/src]: something else goes to ~/sky_workdir/src already"},
		"something below a mounted file": {"task.yaml", "workdir: jobs\nfile_mounts: {f: file, f/x: file}\n", "task.yaml:2:29: file_mounts[f/x]: a file goes to f in the same folder; nothing can lie below it"},
		"a relative path that goes up":   {"task.yaml", "file_mounts: {../x: file}\n", `task.yaml:1:21: file_mounts[../x]: a path in the task cannot hold ".."`},
		"two sources with the same name": {"task.yaml", "file_mounts: {/x: {source: [file, ./file], mode: COPY}}\n", `task.yaml:1:19: file_mounts[/x].source[1]: two sources are called "file"`},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := spec.Parse(tc.file, []byte(tc.text+"run: x\n"), spec.Inputs{})
			if err != nil {
				t.Fatal(err)
			}
			err = Check(f.Tasks[0], Options{Dir: dir, Home: dir})
			if err == nil || err.Error() != tc.want {
				t.Errorf("error %v\nwant  %s", err, tc.want)
			}
		})
	}
}

func TestAFileThatMayNotBeReadIsNamed(t *testing.T) {
	dir := folder(t, map[string]string{"w/x": "1"})
	file := filepath.Join(dir, "w", "x")
	if err := os.Chmod(file, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := os.ReadFile(file); err == nil {
		t.Skip("this user may read everything")
	}
	_, err := New(t.Context(), task(t, "workdir: w\n"), Options{Dir: dir})
	want := "task.yaml:1:1: " + file + " cannot be read: permission denied; fix that, or name it in a .skyignore"
	if err == nil || err.Error() != want {
		t.Errorf("error %v\nwant  %s", err, want)
	}
}
