package manifest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kubevast/vast/internal/kube"
)

func TestTheLauncherChecksTheVariablesThatATaskPasses(t *testing.T) {
	for name, tt := range map[string]struct{ script, want string }{
		"no file":                   {"true", ""},
		"an empty one":              {`: >"$F"`, ""},
		"variables":                 {`printf 'A=1\n# comment\n\n_b2=x=y \nC=' >"$F"`, ""},
		"a line without =":          {`printf 'A=1\nB\n' >"$F"`, "2:form"},
		"the last line without end": {`printf 'A=1\n\nB' >"$F"`, "3:form"},
		"no name":                   {`echo =1 >"$F"`, "1:form"},
		"a name that is none":       {`echo 1A=1 >"$F"`, "1:form"},
		"a name with a hyphen":      {`echo A-B=1 >"$F"`, "1:form"},
		"a command in a name":       {`echo 'A$(id)=1' >"$F"`, "1:form"},
		"a reserved name":           {`printf 'A=1\nVAST_X=1\n' >"$F"`, "2:name"},
		"a name of SkyPilot's":      {`echo SKYPILOT_NODE_RANK=1 >"$F"`, "1:name"},
		"64 KiB":                    {`printf 'A=%65534s' x >"$F"`, ""},
		"more than 64 KiB":          {`printf 'A=%65535s' x >"$F"`, "0:size"},
		"a link":                    {`ln -s /etc/hostname "$F"`, "0:file"},
		"a link to nothing":         {`ln -s /nowhere "$F"`, "0:file"},
		"a folder":                  {`mkdir "$F"`, "0:file"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			file, mark := filepath.Join(dir, "outputs"), filepath.Join(dir, "termination-log")
			cmd := launched(t, "", tt.script, "--outputs="+file)
			cmd.Args[2] = strings.Replace(cmd.Args[2], "/dev/termination-log", mark, 1)
			cmd.Env = append(cmd.Env, "F="+file)
			out, err := cmd.CombinedOutput()
			got, _ := os.ReadFile(mark) // it need not exist
			if message := strings.TrimPrefix(strings.TrimSpace(string(got)), kube.OutputsMark); message != tt.want || (err == nil) != (tt.want == "") {
				t.Errorf("the message is %q, want %q; %v\n%s", got, tt.want, err, out)
			}
		})
	}
}
