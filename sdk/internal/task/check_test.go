package task

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/rest"

	"github.com/kubevast/vast/internal/access"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/queue"
	"github.com/kubevast/vast/sdk/internal/volume"
	"github.com/kubevast/vast/sdk/spec"
)

// offline returns a client whose cluster does not exist.
func offline(t *testing.T, context string) *Client {
	t.Helper()
	conn, err := access.Connect(&rest.Config{Host: "https://127.0.0.1:1"}, access.Options{Namespace: "lab", Context: context})
	if err != nil {
		t.Fatal(err)
	}
	return New(conn, volume.New(conn), queue.New(conn))
}

func parse(t *testing.T, text string) *spec.File {
	t.Helper()
	f, err := spec.Parse("task.yaml", []byte(text), spec.Inputs{})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestCheck(t *testing.T) {
	tests := map[string]struct {
		task    string
		options api.SubmitOptions
		says    string // of the error; empty when there is none
		right   bool   // the file is right, but cannot be run
	}{
		"a task":                             {task: "run: x"},
		"nothing to run":                     {task: "name: x", says: "task.yaml:1:1: there is nothing to run"},
		"a folder to bring along":            {task: "run: x\nworkdir: ."},
		"files that are not there":           {task: "run: x\nworkdir: .\nfile_mounts: {/a: ./b}", says: `"./b" does not exist`},
		"its own context":                    {task: "run: x\nresources: {infra: k8s/here}"},
		"another context":                    {task: "run: x\nresources: {infra: k8s/there}", says: `resources.infra: the task is for context "there"`},
		"a profile that does not exist":      {task: "run: x", options: api.SubmitOptions{Profile: "strict"}, says: "Profile"},
		"a network that does not exist":      {task: "run: x", options: api.SubmitOptions{Network: "off"}, says: "Network"},
		"a deadline of less than a second":   {task: "run: x", options: api.SubmitOptions{Deadline: time.Millisecond}, says: "Deadline"},
		"a request id that is much too long": {task: "run: x", options: api.SubmitOptions{RequestID: strings.Repeat("x", 300)}, says: "RequestID"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			err := offline(t, "here").Check(parse(t, tc.task).Tasks[0], tc.options)
			if tc.says == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tc.says) {
				t.Fatalf("got %v, want %q", err, tc.says)
			}
			var invalid *api.InvalidSpecError
			if errors.As(err, &invalid) == tc.right {
				t.Errorf("got a %T", err)
			}
		})
	}
}

func TestIdentity(t *testing.T) {
	same := func(a, b string, o api.SubmitOptions) bool {
		return identityOf(parse(t, a).Tasks[0], api.SubmitOptions{}, nil) == identityOf(parse(t, b).Tasks[0], o, nil)
	}
	const base = "run: x\nenvs: {A: '1'}\nsecrets: {S: one}\nvolumes: {/d: data}\n"
	tests := map[string]struct {
		other   string
		options api.SubmitOptions
		want    bool
	}{
		"the same text":                    {other: base, want: true},
		"another position in the file":     {other: "\n\n# a comment\n" + base, want: true},
		"another secret's value is unseen": {other: strings.Replace(base, "one", "two", 1), want: true},
		"how long it is kept":              {other: base, options: api.SubmitOptions{TTL: time.Hour}, want: true},
		"another command":                  {other: strings.Replace(base, "x", "y", 1)},
		"another variable":                 {other: strings.Replace(base, "'1'", "'2'", 1)},
		"a deadline":                       {other: base, options: api.SubmitOptions{Deadline: time.Hour}},
		"no network":                       {other: base, options: api.SubmitOptions{Network: "none"}},
		"the default network, by its name": {other: base, options: api.SubmitOptions{Network: "default"}, want: true},
		"another volume":                   {other: strings.Replace(base, "data", "more", 1)},
		"another output":                   {other: base + "outputs: [/models]\n"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got := same(base, tc.other, tc.options); got != tc.want {
				t.Errorf("the same identity: %v, want %v", got, tc.want)
			}
		})
	}
}

func TestRenderNeedsNoCluster(t *testing.T) {
	rendered, err := offline(t, "").Render(parse(t, "run: x\nnum_nodes: 2\nresources: {use_spot: true}\n").Tasks[0], api.SubmitOptions{})
	if err != nil || len(rendered.Objects) != 2 {
		t.Fatalf("got %+v, %v; want a Job and a Service", rendered, err)
	}
	if task := rendered.Task; task.NumNodes != 2 || task.Name == "" || task.State != "" {
		t.Errorf("got task %+v", task)
	}
	warnings := rendered.Warnings
	if len(warnings) != 1 || !strings.Contains(warnings[0].Message, "resources.use_spot") {
		t.Errorf("got warnings %v; want one that names use_spot", warnings)
	}
}

func TestFilesAreWhatATaskIsToDoByTheirContent(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "main.py")
	identity := func(text string) string {
		t.Helper()
		task, o := parse(t, text).Tasks[0], api.SubmitOptions{Dir: dir}
		files, err := plan(t.Context(), task, o)
		if err != nil {
			t.Fatal(err)
		}
		return identityOf(task, o, files)
	}
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("one")
	first := identity("run: x\nworkdir: .\n")
	if identity("\n\nrun: x\nworkdir: .\n") != first {
		t.Error("it differs by the place in the task file")
	}
	write("two")
	if identity("run: x\nworkdir: .\n") == first {
		t.Error("it is the same with another file")
	}
	write("one")
	if identity("run: x\nworkdir: .\n") != first {
		t.Error("it does not depend on the content alone")
	}
}

func TestAVolumeOfTheFileReplacesTheOutput(t *testing.T) {
	for file, want := range map[string]string{
		"run: x\n":                           "/out",
		"run: x\nvolumes: {/out: data}\n":    "/vast-out",
		"run: x\nvolumes: {/out/in: data}\n": "/out",
		"run: x\nfile_mounts: {/out: .}\n":   "/vast-out",
	} {
		if got := outputDir(parse(t, file).Tasks[0]); got != want {
			t.Errorf("%q: %s, want %s", file, got, want)
		}
	}
	if _, err := offline(t, "").Render(parse(t, "run: x\nvolumes: {/out: data}\n").Tasks[0], api.SubmitOptions{}); err != nil {
		t.Error(err)
	}
}

func TestRenderBringsFilesWithoutACluster(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "main.py"), []byte("print(1)"), 0o600); err != nil {
		t.Fatal(err)
	}
	rendered, err := offline(t, "").Render(parse(t, "run: x\nworkdir: .\n").Tasks[0], api.SubmitOptions{Dir: dir, AgentImage: "agent:test"})
	if err != nil || len(rendered.Objects) != 2 {
		t.Fatalf("%+v, %v; want a ConfigMap with the file, and a Job", rendered, err)
	}
	objects := rendered.Objects
	if cm, ok := objects[0].(*corev1.ConfigMap); !ok || len(cm.BinaryData) != 1 {
		t.Errorf("the first is %T", objects[0])
	}
}

// A test's program belongs to no release, as one of `go install` of a commit.
func TestAnImageOfOursIsNeverGuessed(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "main.py"), []byte("print(1)"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := offline(t, "").Render(parse(t, "run: x\nworkdir: .\n").Tasks[0], api.SubmitOptions{Dir: dir})
	if !errors.As(err, new(*api.InvalidSpecError)) || !strings.Contains(err.Error(), "AgentImage: this build belongs to no release") {
		t.Errorf("a task with files: error %v", err)
	}
	if _, err := offline(t, "").Render(parse(t, "run: x\n").Tasks[0], api.SubmitOptions{}); err != nil {
		t.Errorf("a task without: %v", err)
	}
}
