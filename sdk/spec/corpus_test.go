package spec

import (
	"bytes"
	"encoding/csv"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/sdk/api"
)

// shared returns the folder of third-party files, which is beside the
// repository.
func shared(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("VAST_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared")
	}
	if _, err := os.Stat(dir); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("the corpus is missing: %v", err)
		}
		t.Skipf("the corpus is missing (set VAST_SHARED): %v", err)
	}
	return dir
}

type corpusFile struct {
	path, kind string
	data       []byte
	valid      bool
	// required are the inputs, "env:NAME" or "secret:NAME".
	required []string
}

func corpus(t *testing.T) []corpusFile {
	t.Helper()
	root := filepath.Join(shared(t), "corpus", "skypilot")
	manifest, err := os.ReadFile(filepath.Join(root, "manifest.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	lines := csv.NewReader(bytes.NewReader(manifest))
	lines.Comma = '\t'
	rows, err := lines.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out []corpusFile
	for _, row := range rows[1:] {
		data, err := os.ReadFile(filepath.Join(root, row[0]))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, corpusFile{
			path: row[0], kind: row[1], data: data,
			valid: !strings.HasPrefix(row[3], "invalid"), required: strings.Fields(row[4]),
		})
	}
	return out
}

// idle are files that SkyPilot accepts, and starts nodes for that run nothing
// until a user logs in.
var idle = map[string]bool{
	"examples/job_queue/cluster_docker.yaml": true,
	"tests/test_yamls/autostop.yaml":         true,
}

func inputsFor(f corpusFile) Inputs {
	in := Inputs{Envs: map[string]string{}, Secrets: map[string]string{}}
	for _, req := range f.required {
		kind, name, _ := strings.Cut(req, ":")
		if kind == "env" {
			in.Envs[name] = "x"
		} else {
			in.Secrets[name] = "x"
		}
	}
	return in
}

func TestSkyPilotFilesParseOrAreRefusedWithTheReason(t *testing.T) {
	counts := map[string]int{}
	for _, f := range corpus(t) {
		t.Run(f.path, func(t *testing.T) {
			got, err := Parse(f.path, f.data, inputsFor(f))
			want := ""
			switch {
			case f.kind == "service":
				want = "service: services are not supported"
			case f.kind == "pool":
				want = "pool: pools of idle workers are not supported"
			case !f.valid:
				want = `resources.spot_recovery: unknown field; it is called "job_recovery" now`
			}
			switch {
			case want == "" && err != nil:
				t.Fatalf("refused:\n%v", err)
			case want == "" && string(got.Kind) != f.kind:
				t.Errorf("kind %s, want %s", got.Kind, f.kind)
			case want == "" && f.kind == "task" && got.Tasks[0].Idle() != idle[f.path]:
				t.Errorf("Idle() = %v", !idle[f.path])
			case want != "" && err == nil:
				t.Fatalf("accepted; want an error with %q", want)
			case want != "" && !strings.Contains(err.Error(), want):
				t.Errorf("the error lacks %q:\n%v", want, err)
			}
			counts[f.kind]++
		})
	}
	t.Logf("files by kind: %v", counts)
}

func TestSkyPilotFilesNameEveryInputThatIsMissing(t *testing.T) {
	for _, f := range corpus(t) {
		if len(f.required) == 0 || f.kind == "service" || f.kind == "pool" {
			continue
		}
		t.Run(f.path, func(t *testing.T) {
			_, err := Parse(f.path, f.data, Inputs{})
			var inv *api.InvalidSpecError
			if !errors.As(err, &inv) {
				t.Fatalf("error %v, want an InvalidSpecError", err)
			}
			got := map[string]bool{}
			for _, p := range inv.Problems {
				path := p.Path[strings.LastIndex(p.Path, "]")+1:]
				section, name, _ := strings.Cut(strings.TrimPrefix(path, "."), ".")
				got[strings.TrimSuffix(section, "s")+":"+name] = true
				if !strings.Contains(p.Message, "has no value") {
					t.Errorf("unexpected problem %s", p)
				}
			}
			want := map[string]bool{}
			for _, req := range f.required {
				want[req] = true
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("missing inputs (-want,+got):\n%s", diff)
			}
		})
	}
}

func TestK8sCLIFilesParse(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join(shared(t), "corpus", "k8s-cli", "*.yaml"))
	if len(files) == 0 {
		t.Fatal("no files")
	}
	for _, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		f, err := Parse(path, data, Inputs{})
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		res := f.Tasks[0].Resources[0]
		if res.CPUs.Quantity.String() != "2" || res.Memory.Quantity.String() != "4Gi" || res.CPUs.AtLeast {
			t.Errorf("%s: %+v", path, res)
		}
	}
}

func TestRoboVASTFilesParseOrAreRefusedWithTheReason(t *testing.T) {
	for name, want := range map[string]struct {
		configurations int
		says           []string
	}{
		"examples/basic_nav/basic_nav.vast": {configurations: 1},
		// Its variation is a plug-in's: it parses, and is refused when it is
		// expanded without the plug-in.
		"examples/basic_nav/basic_nav_rasterized_routes.vast": {configurations: 1},
		"examples/growth_sim/growth_sim.vast":                 {configurations: 2},
		"examples/ros2_basic/ros2_basic.vast":                 {configurations: 1},
		"navigation/small_dataset.vast":                       {configurations: 315},
		// It is of a time before the format had versions.
		"dataset/navigation_combined.vast": {says: []string{
			`:1:1: "version" is missing; write "version: 1"`,
			`configuration[0].scenario_file: unknown field; all configurations share one scenario, "execution.scenario_file"`,
			`execution: "scenario_file" is missing`,
			"execution.preprocessing: unknown field; it is of a time before version 1",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(shared(t), "corpus", "robovast", "configs", filepath.FromSlash(name))
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			c, err := ParseCampaign(path, data, Inputs{})
			switch {
			case want.says == nil && err != nil:
				t.Fatalf("refused:\n%v", err)
			case want.says == nil:
				if len(c.Configurations) != want.configurations || c.Execution.ScenarioFile != "scenario.osc" {
					t.Errorf("%d configurations, scenario %q", len(c.Configurations), c.Execution.ScenarioFile)
				}
			case err == nil:
				t.Fatal("accepted")
			}
			for _, text := range want.says {
				if !strings.Contains(err.Error(), text) {
					t.Errorf("the error lacks %q", text)
				}
			}
		})
	}
}
