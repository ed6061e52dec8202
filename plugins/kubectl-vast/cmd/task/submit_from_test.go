package task_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/internal/cli/clitest"
	"github.com/kubevast/vast/plugins/kubectl-vast/cmd/cmdtest"
)

// tree writes files below a folder of its own.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// jobNames are the names in an output of -o name, without what is random.
func jobNames(out string) string {
	var names []string
	for line := range strings.Lines(out) {
		name := strings.TrimPrefix(strings.TrimSpace(line), "job.batch/")
		names = append(names, name[:strings.LastIndexByte(name, '-')])
	}
	return strings.Join(names, " ")
}

func TestAFolderIsSubmittedAsItsFiles(t *testing.T) {
	dir := tree(t, map[string]string{"b.yaml": "name: b\nrun: x\n", "a.yml": "name: a\nrun: x\n", "notes.md": "no: [", "deep/c.json": `{"name": "c", "run": "x"}`})
	bad := tree(t, map[string]string{"a.yaml": "name: a\nrun: x\n", "b.yaml": "rnu: x\n", "c.yaml": "name: c\nrun: x\nnum_nodes: 0\n"})
	mixed := tree(t, map[string]string{"a.yaml": "name: a\nrun: x\n", "s.vast": cmdtest.Single})
	alone := tree(t, map[string]string{"s.vast": cmdtest.Single})
	for name, tc := range map[string]struct {
		args []string
		code int
		want string
		says []string
	}{
		"by -f":                         {[]string{"-f", dir}, 0, "a b", nil},
		"by its name alone":             {[]string{dir}, 0, "a b", nil},
		"with those below it":           {[]string{"-f", dir, "-R"}, 0, "a b c", nil},
		"with another file":             {[]string{"-f", filepath.Join(dir, "deep", "c.json"), "-f", dir, "--recursive"}, 0, "c a b c", nil},
		"or not at all":                 {[]string{"-f", bad}, 2, "", []string{"b.yaml:1:1", "c.yaml:3:12"}},
		"unless it has none":            {[]string{"-f", filepath.Dir(dir)}, 2, "", []string{"error reading [", "recognized file extensions are [.json .yaml .yml .vast]"}},
		"unless a campaign is among it": {[]string{"-f", mixed}, 2, "", []string{"s.vast is a campaign; submit it alone"}},
		"if it is one campaign":         {[]string{"-f", alone, "--agent-image=a:1"}, 0, "campaign-a-0", nil},
	} {
		t.Run(name, func(t *testing.T) {
			r := cmdtest.Plugin(&clitest.Client{}).Do(t, append([]string{"submit", "--dry-run=client", "-o", "name"}, tc.args...)...)
			got := ""
			if r.Code == 0 {
				got = jobNames(r.Out)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" || r.Code != tc.code {
				t.Errorf("code %d, stderr %q (-want,+got):\n%s", r.Code, r.Err, diff)
			}
			for _, words := range tc.says {
				if !strings.Contains(r.Err, words) {
					t.Errorf("it does not say %q:\n%s", words, r.Err)
				}
			}
		})
	}
}

func TestAFileOfTheWebIsSubmitted(t *testing.T) {
	web := http.FileServer(http.Dir(tree(t, map[string]string{
		"t.yaml": "name: t\nrun: x\n", "wrong.yaml": "rnu: x\n", "s.vast": cmdtest.Single, "here.yaml": "name: h\nrun: x\nworkdir: .\nfile_mounts: {/etc/x: /etc/hostname, /y: ~/y}\n",
		"beside.vast": "version: 1\nconfiguration: [{name: a}]\nexecution: {image: busybox, runs: 1, scenario_file: a.osc}\n",
		"files.vast":  "version: 1\nconfiguration: [{name: a}]\nexecution: {image: busybox, runs: 1, command: env, run_files: [x]}\n",
	})))
	server := httptest.NewServer(web)
	defer server.Close()
	const here = "is a local path, which a file from the web cannot name; download the file, and submit it from there"
	for name, tc := range map[string]struct {
		args []string
		code int
		want string
		says []string
	}{
		"a task":                           {[]string{"submit", "URL/t.yaml"}, 0, "t", nil},
		"a task by -f":                     {[]string{"submit", "-f", "URL/t.yaml"}, 0, "t", nil},
		"a campaign":                       {[]string{"submit", "URL/s.vast", "--agent-image=a:1"}, 0, "campaign-a-0", nil},
		"a campaign by campaign run":       {[]string{"campaign", "run", "URL/s.vast", "--agent-image=a:1"}, 0, "campaign-a-0", nil},
		"with its name at what is wrong":   {[]string{"submit", "URL/wrong.yaml?sig=secret"}, 2, "", []string{`URL/wrong.yaml:1:1: rnu: unknown field`}},
		"unless it is not there":           {[]string{"submit", "URL/gone.yaml"}, 2, "", []string{`error: unable to read URL "URL/gone.yaml", server reported Not Found, status code=404`}},
		"unless it names files of here":    {[]string{"submit", "URL/here.yaml"}, 2, "", []string{`URL/here.yaml:3:10: workdir: "." ` + here, `file_mounts[/etc/x]: "/etc/hostname" ` + here, `file_mounts[/y]: "~/y" ` + here}},
		"unless its scenario is beside it": {[]string{"submit", "URL/beside.vast"}, 2, "", []string{`execution.scenario_file: a.osc is a path relative to the file`}},
		"unless its files are beside it":   {[]string{"campaign", "run", "URL/files.vast"}, 2, "", []string{`execution.run_files[0]: x is a path relative to the file`}},
	} {
		t.Run(name, func(t *testing.T) {
			var args []string
			for _, arg := range append(tc.args, "--dry-run=client", "-o", "name") {
				args = append(args, strings.ReplaceAll(arg, "URL/", server.URL+"/"))
			}
			r := cmdtest.Plugin(&clitest.Client{}).Do(t, args...)
			got := ""
			if r.Code == 0 {
				got = jobNames(r.Out)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" || r.Code != tc.code {
				t.Errorf("code %d, stderr %q (-want,+got):\n%s", r.Code, r.Err, diff)
			}
			for _, words := range tc.says {
				words = strings.ReplaceAll(words, "URL/", server.URL+"/")
				if !strings.Contains(r.Err, words) {
					t.Errorf("it does not say %q:\n%s", words, r.Err)
				}
			}
			if strings.Contains(r.Err, "secret") {
				t.Errorf("it shows what signs the URL: %s", r.Err)
			}
		})
	}
}
