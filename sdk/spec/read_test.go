package spec

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/internal/files"
	"github.com/kubevast/vast/sdk/api"
)

// read reads a file as the SDK does, and parses it.
func read(t *testing.T, path, stdin string) (*File, error) {
	t.Helper()
	data, err := (&files.Reader{Stdin: strings.NewReader(stdin)}).Read(t.Context(), path, MaxBytes)
	if err != nil {
		return nil, err
	}
	return Parse(path, data, Inputs{})
}

func TestReadFromAFileOrFromStandardInput(t *testing.T) {
	path := filepath.Join(t.TempDir(), "task.yaml")
	if err := os.WriteFile(path, []byte("name: a\nrun: x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{path, "-"} {
		f, err := read(t, p, "name: a\nrun: x\n")
		if err != nil || f.Path != p || f.Tasks[0].Name != "a" || f.Tasks[0].Source.File != p {
			t.Errorf("%s: %+v, %v", p, f, err)
		}
	}
}

func TestWhatCannotBeReadIsOneClearProblem(t *testing.T) {
	dir := t.TempDir()
	write := func(name, data string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	tests := map[string]struct{ path, stdin, want string }{
		"a directory":    {dir, "", "is a directory; name a file, or - for standard input"},
		"a missing file": {filepath.Join(dir, "none"), "", "no such file"},
		"an empty file":  {write("empty", ""), "", "the file is empty: no task, pipeline or volume is in it"},
		"a binary file":  {write("binary", "\x7fELF\x00"), "", "the file is not text: a task file is YAML in UTF-8"},
		"a large file":   {write("large", strings.Repeat("# x\n", MaxBytes)), "", "the file is larger than 1024 KiB, the most that a task file may have; data belongs in a volume or in the image"},
		"an empty pipe":  {"-", "", "the file is empty: no task, pipeline or volume is in it"},
		"a long pipe":    {"-", strings.Repeat("# x\n", MaxBytes), "the file is larger than 1024 KiB, the most that a task file may have; data belongs in a volume or in the image"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := read(t, tt.path, tt.stdin)
			var inv *api.InvalidSpecError
			if !errors.As(err, &inv) {
				t.Fatalf("error %v, want an InvalidSpecError", err)
			}
			if diff := cmp.Diff([]api.Problem{{File: tt.path, Message: tt.want}}, inv.Problems); diff != "" {
				t.Errorf("problems (-want,+got):\n%s", diff)
			}
		})
	}
}
