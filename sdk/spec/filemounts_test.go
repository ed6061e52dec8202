package spec

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFileMountsAreReadInTheFilesOrder(t *testing.T) {
	task := mustTask(t, "workdir: .\nfile_mounts:\n  ~/z: ./z\n  rel/a: s3://bucket/key\n  /b: {name: null, source: [x, y], store: S3, mode: copy, persistent: false}\nrun: x\n", Inputs{})
	want := []FileMount{
		{Path: "~/z", Source: "./z", At: Position{3, 8}},
		{Path: "rel/a", Source: "s3://bucket/key", At: Position{4, 10}},
		{Path: "/b", Storage: map[string]any{"name": nil, "source": []any{"x", "y"}, "store": "S3", "mode": "copy", "persistent": false}, At: Position{5, 7}},
	}
	if diff := cmp.Diff(want, task.FileMounts); diff != "" {
		t.Errorf("file mounts (-want,+got):\n%s", diff)
	}
	if diff := cmp.Diff(&Workdir{Local: ".", At: Position{1, 10}}, task.Workdir); diff != "" {
		t.Errorf("workdir (-want,+got):\n%s", diff)
	}
}

func TestWrongFileMountsAreRefused(t *testing.T) {
	got := problems(t, `run: x
workdir: .
file_mounts:
  /a/: /b/
  ~/sky_workdir: .
  /c: 1
  /d: ''
  /e: {source: 1, mode: MUONT, stroe: s3}
  /f: x
  /./f: x
`, Inputs{})
	want := lines(
		"task.yaml:4:3: file_mounts[/a/]: a path in the task cannot end with a slash",
		"task.yaml:4:8: file_mounts[/a/]: a source cannot end with a slash",
		"task.yaml:5:3: file_mounts[~/sky_workdir]: the workdir goes there already",
		"task.yaml:6:7: file_mounts[/c]: must be a local path, a URI or a storage object, not the number 1",
		"task.yaml:7:7: file_mounts[/d]: the source is empty",
		`task.yaml:8:16: file_mounts[/e].source: must be text or a list, not the number 1; write it in quotes: "1"`,
		`task.yaml:8:25: file_mounts[/e].mode: "MUONT" is not one of MOUNT, COPY, MOUNT_CACHED; did you mean "MOUNT"?`,
		`task.yaml:8:32: file_mounts[/e].stroe: unknown field; did you mean "store"?`,
		"task.yaml:10:3: file_mounts[/./f]: duplicate path: already on line 9",
	)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("problems (-want,+got):\n%s", diff)
	}
}

func TestWrongWorkdirsAreRefused(t *testing.T) {
	for file, want := range map[string]string{
		"workdir: ''\n":         `task.yaml:1:10: workdir: is empty; write a folder, for example "."`,
		"workdir: {ref: a}\n":   `task.yaml:1:10: workdir: "url" is missing`,
		"workdir: 1\n":          `task.yaml:1:10: workdir: must be text or a mapping, not the number 1; write it in quotes: "1"`,
		"workdir: {url: ''}\n":  "task.yaml:1:16: workdir.url: must not be empty",
		"workdir: [a]\n":        "task.yaml:1:10: workdir: must be text or a mapping, not a list",
		"workdir: {url: [a]}\n": "task.yaml:1:16: workdir.url: must be text, not a list",
	} {
		if diff := cmp.Diff(want, problems(t, file+"run: x\n", Inputs{})); diff != "" {
			t.Errorf("problems (-want,+got):\n%s", diff)
		}
	}
}
