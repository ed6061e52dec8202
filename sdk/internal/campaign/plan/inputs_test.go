//go:build unix

package plan

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/spec"
)

// beside is a campaign file in a folder with files, "a -> b" links and "a|" pipes
// beside it. There is a secret above.
func beside(t *testing.T, execution string, files ...string) *spec.Campaign {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "me")
	for _, name := range append(files, "../secret", "../elsewhere/x") {
		file, target, link := strings.Cut(name, " -> ")
		file, pipe := strings.CutSuffix(file, "|")
		file = filepath.Join(dir, file)
		err := os.MkdirAll(filepath.Dir(file), 0o755)
		switch {
		case link:
			err = errors.Join(err, os.Symlink(target, file))
		case pipe:
			err = errors.Join(err, syscall.Mkfifo(file, 0o644))
		default:
			err = errors.Join(err, os.WriteFile(file, []byte("scenario test:\n"), 0o644))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	text := "version: 1\nconfiguration: [{name: a}]\nexecution: {image: busybox, runs: 1, " + execution + "}\n"
	s, err := spec.ParseCampaign(filepath.Join(dir, "a.vast"), []byte(text), spec.Inputs{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestRunFiles(t *testing.T) {
	const command = `command: "true", `
	for name, tc := range map[string]struct {
		execution      string
		files          []string
		want, warnings []string
		refused        string
	}{
		"are brought once, however many ways lead to them": {
			command + `run_files: ["**/*"]`, []string{"a", "pkg/b", "loop -> .", "pkg/ws -> .."},
			[]string{"a", "loop -> .", "pkg/b", "pkg/ws -> .."}, nil, ""},
		"that are links bring what they lead to": {
			command + `run_files: ["*.py"]`, []string{"a.py -> lib/b", "lib/b", "lib/c"},
			[]string{"a.py -> lib/b", "lib/b"}, nil, ""},
		"that are links to a file outside are refused": {
			command + `run_files: ["*"]`, []string{"a", "s -> ../secret", "t -> /etc/passwd"}, nil, nil,
			"DIR/a.vast: execution.run_files: DIR/s: it is a link to ../secret, outside of the folder; put what it leads to in its place, or choose the files without it\n" +
				"DIR/a.vast: execution.run_files: DIR/t: it is a link to /etc/passwd, outside of the folder; put what it leads to in its place, or choose the files without it"},
		"are no folders: links to those outside are left out": {
			command + `run_files: ["*"]`, []string{"a", "results -> ../elsewhere"}, []string{"a"},
			[]string{"execution.run_files: results is left out: it leads to a folder outside, ../elsewhere"}, ""},
		"are no pipes": {
			command + `run_files: ["*"]`, []string{"a", "p|"}, []string{"a"},
			[]string{"execution.run_files: p is left out: it is a named pipe"}, ""},
		"are all of a folder, by a star or by its name with a slash": {
			command + `run_files: ["files/*", "maps/", "gone/"]`, []string{"files/a", "files/b/c", "maps/d", "maps/e/f", "other/files/g", "maps.txt"},
			[]string{"files/a", "files/b/c", "maps/d", "maps/e/f"},
			[]string{`execution.run_files: nothing fits "gone/" in DIR (files behind links or in .git are ignored)`}, ""},
		"that nothing fits are reported": {
			command + `run_files: ["a", "gone", "ws/*"]`, []string{"a", "pkg/b", "ws -> pkg"}, []string{"a"},
			[]string{`execution.run_files: nothing fits "gone" in DIR (files behind links or in .git are ignored)`, `execution.run_files: nothing fits "ws/*" in DIR (files behind links or in .git are ignored)`}, ""},
		"and the scenario may have links on their way": {
			`scenario_file: now/a.osc`, []string{"v2/a.osc", "now -> v2"}, []string{"now -> v2", "v2/a.osc"}, nil, ""},
		"with a scenario that is outside are refused": {
			`scenario_file: a.osc`, []string{"a.osc -> ../secret"}, nil, nil,
			"DIR/a.vast:3:53: execution.scenario_file: a.osc cannot be read: a link leads out of the folder, to ABOVE/secret"},
		"with a scenario that is a pipe are refused": {
			`scenario_file: a.osc`, []string{"a.osc|"}, nil, nil,
			"DIR/a.vast:3:53: execution.scenario_file: a.osc cannot be read: it is no file"},
	} {
		t.Run(name, func(t *testing.T) {
			s := beside(t, tc.execution, tc.files...)
			dir := filepath.Dir(s.Path)
			plain := strings.NewReplacer(dir, "DIR", filepath.Dir(dir), "ABOVE").Replace
			in, err := gather(t.Context(), s, false)
			if tc.refused != "" {
				var invalid *api.InvalidSpecError
				if diff := cmp.Diff(tc.refused, plain(fmt.Sprint(err))); diff != "" || !errors.As(err, &invalid) {
					t.Errorf("error %T (-want,+got):\n%s", err, diff)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var got, warnings []string
			for _, e := range in.Entries {
				line := e.Name
				if e.Link != "" {
					line += " -> " + e.Link
				}
				got = append(got, line)
			}
			for _, w := range in.warnings {
				warnings = append(warnings, plain(w))
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("files (-want,+got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.warnings, warnings); diff != "" {
				t.Errorf("warnings (-want,+got):\n%s", diff)
			}
		})
	}
}

// ended is a context that is over after a number of calls of Err.
type ended struct {
	context.Context
	left int
}

func (e *ended) Err() error {
	if e.left--; e.left < 0 {
		return context.Canceled
	}
	return nil
}

func TestLookingForRunFilesEndsWithItsContext(t *testing.T) {
	s := beside(t, `command: "true", run_files: ["**/*"]`, "a", "b/c", "b/d/e", "loop -> .")
	for asked := range 5 {
		if _, err := gather(&ended{t.Context(), asked}, s, true); !errors.Is(err, context.Canceled) {
			t.Errorf("%d calls: error %v", asked, err)
		}
	}
}
