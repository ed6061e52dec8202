package spec

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/sdk/internal/yamlfile"
)

func TestVariablesAreSubstitutedWhereSkyPilotDoesIt(t *testing.T) {
	task := mustTask(t, `
name: n
envs: {DIR: data, QUOTE: 'a"b\c', VOL: vol, N: "2"}
secrets: {TOKEN: s3cr3t}
workdir: {url: "https://$TOKEN@host/${DIR}.git", ref: $UNKNOWN}
volumes: {"/mnt/$DIR": "${VOL}-1"}
file_mounts:
  /x/${DIR}: ~/$DIR/$QUOTE
  /y: {name: $VOL$N, source: [~/$DIR], store: gcs}
config: {kubernetes: {pod_config: {x: $DIR}}}
resources: {labels: {x: DIR}}
run: echo $DIR
setup: echo ${DIR}
`, Inputs{})
	if diff := cmp.Diff(&Workdir{URL: "https://s3cr3t@host/data.git", Ref: "$UNKNOWN", At: Position{5, 10}}, task.Workdir); diff != "" {
		t.Errorf("workdir (-want,+got):\n%s", diff)
	}
	if v := task.Volumes[0]; v.Path != "/mnt/data" || v.Volume != "vol-1" {
		t.Errorf("volume %+v", v)
	}
	want := []FileMount{
		{Path: "/x/data", Source: `~/data/a"b\c`, At: Position{8, 14}},
		{Path: "/y", Storage: map[string]any{"name": "vol2", "source": []any{"~/data"}, "store": "gcs"}, At: Position{9, 7}},
	}
	if diff := cmp.Diff(want, task.FileMounts); diff != "" {
		t.Errorf("file mounts (-want,+got):\n%s", diff)
	}
	if task.Run != "echo $DIR" || task.Setup != "echo ${DIR}" || task.PodConfig["x"] != "$DIR" {
		t.Errorf("substituted a reference that is left to the shell: %+v", task)
	}
}

func TestReferencesToVariables(t *testing.T) {
	env := environment{values: map[string]string{"A": "1", "AB": "2", "E": ""}}
	tests := map[string]struct{ in, want string }{
		"plain":                         {"$A", "1"},
		"in braces":                     {"x${A}y", "x1y"},
		"the longest name counts":       {"$AB$A", "21"},
		"unknown names stay":            {"$B ${C}", "$B ${C}"},
		"an empty value":                {"[$E]", "[]"},
		"no defaults":                   {"${A:-x}", "1:-x}"},
		"a value is not read again":     {"$$A", "$1"},
		"a dollar alone stays":          {"$ $1 $", "$ $1 $"},
		"what follows a name is a text": {"$A-b/$A.c", "1-b/1.c"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			n := &yamlfile.Node{Scalar: yamlfile.TextScalar(tt.in), Text: tt.in}
			env.substitute(yamlfile.NewReader("", yamlfile.Format{}), n)
			if n.Text != tt.want {
				t.Errorf("%q became %q, want %q", tt.in, n.Text, tt.want)
			}
		})
	}
}

func TestASubstitutedValueIsNeverInAnError(t *testing.T) {
	got := problems(t, `
secrets: {TOKEN: hush hush}
volumes:
  /a: $TOKEN
  $TOKEN: b
  /c: {name: $TOKEN, sub_path: $TOKEN}
  /d: {size: $TOKEN, config: {access_mode: $TOKEN}, labels: {$TOKEN: x, y: $TOKEN}}
file_mounts:
  /e: {mode: $TOKEN}
  /f/: $TOKEN/
run: x
`, Inputs{})
	if strings.Contains(got, "hush") {
		t.Errorf("the secret is in:\n%s", got)
	}
	if n := strings.Count(got, "\n") + 1; n != 11 {
		t.Errorf("%d problems, want 11:\n%s", n, got)
	}
}

func TestAValueThatWaitsForAnInputIsNotJudged(t *testing.T) {
	got := problems(t, "envs: {V: null}\nvolumes: {$V: a, /b: $V, /c: {size: $V}}\nfile_mounts: {/d: {store: $V}}\nrun: x\n", Inputs{})
	want := `task.yaml:1:8: envs.V: has no value (write "" in the file if it is to be empty) [Envs=V=... to set it]`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("problems (-want,+got):\n%s", diff)
	}
}

func TestSubstitutionIsBounded(t *testing.T) {
	got := problems(t, "workdir: "+strings.Repeat("$A", 100_000)+"\nrun: x\n", Inputs{Envs: map[string]string{"A": strings.Repeat("x", 100_000)}})
	want := "task.yaml:1:10: workdir: has more than 64 KiB once the variables are filled in"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("problems (-want,+got):\n%s", diff)
	}
}
