package krew

import (
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

// manifest is a krew manifest. Unknown fields are an error, as in krew.
type manifest struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Name string `json:"name"`
	} `json:"metadata"`
	Spec struct {
		Version          string     `json:"version"`
		Homepage         string     `json:"homepage"`
		ShortDescription string     `json:"shortDescription"`
		Description      string     `json:"description"`
		Caveats          string     `json:"caveats"`
		Platforms        []platform `json:"platforms"`
	} `json:"spec"`
}

type platform struct {
	Selector struct {
		MatchLabels map[string]string `json:"matchLabels"`
	} `json:"selector"`
	URI    string `json:"uri"`
	Sha256 string `json:"sha256"`
	Bin    string `json:"bin"`
	Files  []struct {
		From string `json:"from"`
		To   string `json:"to"`
	} `json:"files"`
}

const (
	tag   = "v1.2.3"
	sha   = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
	short = 60 // nine of ten descriptions in krew's index are shorter
)

func TestTheTemplatesAreUpToDate(t *testing.T) {
	for _, p := range Plugins {
		want, err := BotTemplate(p)
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join("..", p.TemplateFile()))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s is out of date; run `make krew-templates` (-want +got):\n%s", p.TemplateFile(), diff)
		}
	}
}

// render renders the manifest of a release.
func render(t *testing.T, p Plugin) manifest {
	t.Helper()
	sums := map[string]string{}
	for _, platform := range Platforms {
		sums[platform.Archive(p.Name, tag)] = sha
	}
	text, err := Manifest(p, tag, "", Platforms, sums)
	if err != nil {
		t.Fatal(err)
	}
	var m manifest
	if err := yaml.UnmarshalStrict(text, &m); err != nil {
		t.Fatalf("%v in:\n%s", err, text)
	}
	return m
}

func TestAnArchiveWithoutAChecksumIsAnError(t *testing.T) {
	if _, err := Manifest(Plugins[0], tag, "", Platforms, nil); err == nil {
		t.Error("a manifest was rendered")
	}
}

func TestManifestsKeepKrewsRules(t *testing.T) {
	for _, plugin := range Plugins {
		name := plugin.Name
		t.Run(name, func(t *testing.T) {
			m := render(t, plugin)
			head := []string{m.APIVersion, m.Kind, m.Metadata.Name, m.Spec.Version, m.Spec.Homepage}
			want := []string{"krew.googlecontainertools.github.com/v1alpha2", "Plugin", name, tag, "https://github.com/kubevast/vast"}
			if diff := cmp.Diff(want, head); diff != "" {
				t.Errorf("head (-want,+got):\n%s", diff)
			}
			s := m.Spec.ShortDescription
			if s == "" || len(s) > short || strings.ContainsAny(s, "\n\r") || strings.HasSuffix(s, ".") {
				t.Errorf("shortDescription %q must be one short line without a full stop", s)
			}
			if strings.TrimSpace(m.Spec.Description) == "" {
				t.Error("description is missing")
			}
			checkPlatforms(t, name, m.Spec.Platforms)
		})
	}
}

func checkPlatforms(t *testing.T, name string, platforms []platform) {
	t.Helper()
	var pairs []string
	for _, p := range platforms {
		labels := p.Selector.MatchLabels
		if keys := slices.Sorted(maps.Keys(labels)); !slices.Equal(keys, []string{"arch", "os"}) {
			t.Errorf("selector %v: krew knows os and arch only, and both are needed", labels)
		}
		pair := labels["os"] + "_" + labels["arch"]
		pairs = append(pairs, pair)
		t.Run(pair, func(t *testing.T) { checkPlatform(t, name, pair, p) })
	}
	slices.Sort(pairs)
	want := []string{"darwin_amd64", "darwin_arm64", "linux_amd64", "linux_arm64", "windows_amd64", "windows_arm64"}
	if diff := cmp.Diff(want, pairs); diff != "" {
		t.Errorf("platforms, each once (-want,+got):\n%s", diff)
	}
}

func checkPlatform(t *testing.T, name, pair string, p platform) {
	bin, archive := "kubectl-"+name, ".tar.gz"
	if strings.HasPrefix(pair, "windows") {
		bin, archive = bin+".exe", ".zip"
	}
	uri := "https://github.com/kubevast/vast/releases/download/" + tag + "/kubectl-" + name + "_" + tag + "_" + pair + archive
	if diff := cmp.Diff([]string{uri, bin}, []string{p.URI, p.Bin}); diff != "" {
		t.Errorf("uri and bin (-want,+got):\n%s", diff)
	}
	if !regexp.MustCompile(`^[0-9a-f]{64}$`).MatchString(p.Sha256) {
		t.Errorf("sha256 %q", p.Sha256)
	}
	var from []string
	for _, f := range p.Files {
		from = append(from, f.From)
		if f.To != path.Clean(f.To) || path.IsAbs(f.To) || strings.HasPrefix(f.To, "..") {
			t.Errorf("files: %q leaves the folder of the installation", f.To)
		}
	}
	for _, need := range []string{bin, "LICENSE", "NOTICE"} {
		if !slices.Contains(from, need) {
			t.Errorf("files lack %s, got %v", need, from)
		}
	}
}
