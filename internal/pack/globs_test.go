package pack

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/sdk/api"
)

func TestFilesThatAreChosenByGlobs(t *testing.T) {
	for name, tc := range map[string]struct {
		files   map[string]string
		options ScanOptions
		want    string
		skipped []Skipped
		refused string
	}{
		"are found in any folder, without what ignore files count elsewhere": {
			map[string]string{"a.py": "", "sub/b.py": "", "c.txt": "", ".gitignore": "*\n", ".git/hooks/d.py": "", "sub/.git/e.py": ""},
			ScanOptions{Globs: []string{"**/*.py"}}, "a.py\nsub/b.py\n", nil, ""},
		"are found once where folders lead in circles": {
			map[string]string{"a": "", "loop -> .": "", "pkg/ws -> ..": "", "pkg/b": ""},
			ScanOptions{Globs: []string{"**/*"}}, "a\nloop -> .\npkg/b\npkg/ws -> ..\n", nil, ""},
		"are not found behind a link to a folder": {
			map[string]string{"v2/a.yaml": "", "current -> v2": ""},
			ScanOptions{Globs: []string{"current/*.yaml", "v2/*.yaml"}}, "v2/a.yaml\n", nil, ""},
		"and are links bring the file that they lead to": {
			map[string]string{"a.py -> lib/one.txt": "", "lib/one.txt -> two.txt": "", "lib/two.txt": "2", "lib/three.txt": ""},
			ScanOptions{Globs: []string{"*.py"}}, "a.py -> lib/one.txt\nlib/one.txt -> two.txt\nlib/two.txt\n", nil, ""},
		"and are links bring the links on the way, too": {
			map[string]string{"a.py -> current/x": "", "current -> v2": "", "v2/x": ""},
			ScanOptions{Globs: []string{"*.py"}}, "a.py -> current/x\ncurrent -> v2\nv2/x\n", nil, ""},
		"and are links out are refused": {
			map[string]string{"s -> ../secret": "", "a": ""},
			ScanOptions{Globs: []string{"**/*"}}, "", nil, "in/s: it is a link to ../secret, outside of the folder; put what it leads to in its place, or choose the files without it"},
		"and bring a link out on their way are refused": {
			map[string]string{"a -> out/x": "", "out -> ../elsewhere": ""},
			ScanOptions{Globs: []string{"a"}}, "", nil, "in/a: it is a link to out/x, outside"},
		"and lead to nothing behind a link out are refused": {
			map[string]string{"a -> out/gone": "", "out -> ../elsewhere": ""},
			ScanOptions{Globs: []string{"a"}}, "", nil, "in/a: it is a link that leads out of the folder, by other links"},
		"and are links to nothing are refused": {
			map[string]string{"a -> gone": ""},
			ScanOptions{Globs: []string{"*"}}, "", nil, "in/a: it is a link to gone, which does not exist; fix it, or choose the files without it"},
		"and are links to what cannot be looked up are refused": {
			map[string]string{"a -> " + strings.Repeat("x", 300): "", "b -> ok/x": "", "ok": ""},
			ScanOptions{Globs: []string{"a"}}, "", nil, "xxx, which cannot be read: file name too long; fix that, or choose the files without it"},
		"and are links in a circle are refused": {
			map[string]string{"a -> b": "", "b -> a": ""},
			ScanOptions{Globs: []string{"*"}}, "", nil, "in/b: it is a link to a that leads to nothing: links lead to each other in a circle"},
		"leave out links to folders outside, which are no files": {
			map[string]string{"a": "", "results -> ../elsewhere": ""},
			ScanOptions{Globs: []string{"**/*"}}, "a\n", []Skipped{{"results", "it leads to a folder outside, ../elsewhere"}}, ""},
		"are not looked for where none can be": {
			map[string]string{"maps/a.yaml": "", "maps/deep/b.yaml": "", "other/c.yaml": "", "other/s -> ../../secret": ""},
			ScanOptions{Globs: []string{"maps/*.yaml"}}, "maps/a.yaml\nmaps/deep/b.yaml\n", nil, ""},
		"may be chosen by name, with the links on the way": {
			map[string]string{"v2/a.osc": "", "current -> v2": ""},
			ScanOptions{Files: []string{"current/a.osc"}}, "current -> v2\nv2/a.osc\n", nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, in := outer(t, tc.files)
			folder, err := Scan(t.Context(), in, tc.options)
			if tc.refused != "" {
				var invalid *api.InvalidSpecError
				if !errors.As(err, &invalid) || !strings.Contains(err.Error(), tc.refused) {
					t.Errorf("error %v, want %q", err, tc.refused)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, listed(folder.Entries)); diff != "" {
				t.Errorf("entries (-want,+got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.skipped, folder.Skipped); diff != "" {
				t.Errorf("skipped (-want,+got):\n%s", diff)
			}
		})
	}
}

// What globs find is what RoboVAST finds by Python's fnmatch in the same files.
func TestGlobsMeanWhatTheyMeanInRoboVAST(t *testing.T) {
	table, err := os.ReadFile("testdata/globs.txt")
	if err != nil {
		t.Fatal(err)
	}
	head, lines, _ := strings.Cut(strings.TrimSpace(string(table)), "\n")
	_, list, _ := strings.Cut(head, "files: ")
	files := map[string]string{}
	for _, name := range strings.Fields(list) {
		files[name] = ""
	}
	_, in := outer(t, files)
	for line := range strings.SplitSeq(lines, "\n") {
		glob, want, _ := strings.Cut(line, " ")
		t.Run(glob, func(t *testing.T) {
			folder, err := Scan(t.Context(), in, ScanOptions{Globs: []string{glob}})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, strings.Join(strings.Fields(names(folder.Entries)), " ")); diff != "" {
				t.Errorf("files (-Python,+here):\n%s", diff)
			}
		})
	}
}

// What doublestar finds in the same files, where there are no links, is found,
// too; folders in which nothing can lie are spared.
func TestGlobsFindWhatDoublestarFinds(t *testing.T) {
	_, in := outer(t, map[string]string{"a": "", "b.py": "", "x/a": "", "x/y/a": "", "x/y/b.py": "", "x/y/z/c.py": "", "q/b.py": "", "{x}/a": "", ".hid/a": ""})
	for _, glob := range []string{"**/a", "x/**", "x/**/a", "*/y/**/*.py", "{x,q}/{a,b.py}", "{x/y,q}/b.py", `\{x\}/a`, "**", "**/*.py", "x/y/z/c.py"} {
		t.Run(glob, func(t *testing.T) {
			folder, err := Scan(t.Context(), in, ScanOptions{Globs: []string{glob}})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(globbed(t, in, glob), names(folder.Entries)); diff != "" {
				t.Errorf("files (-doublestar,+here):\n%s", diff)
			}
		})
	}
}
