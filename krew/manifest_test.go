package krew

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"text/template"

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

// render does what krew-release-bot does, without downloading anything: it
// gives the template the tag and its two functions.
func render(t *testing.T, file string) manifest {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	release := struct{ TagName string }{tag}
	funcs := template.FuncMap{
		"addURIAndSha": func(uri, tagName string) (string, error) {
			if tagName != tag {
				return "", fmt.Errorf("addURIAndSha got the tag %q", tagName)
			}
			var b bytes.Buffer
			err := template.Must(template.New("uri").Parse(uri)).Execute(&b, release)
			// The bot indents its second line by four spaces, always.
			return "uri: " + b.String() + "\n    sha256: " + sha, err
		},
		"indent": func(n int, s string) string {
			return strings.ReplaceAll(s, "\n", "\n"+strings.Repeat(" ", n))
		},
	}
	var out bytes.Buffer
	if err := template.Must(template.New(file).Funcs(funcs).Parse(string(text))).Execute(&out, release); err != nil {
		t.Fatal(err)
	}
	var m manifest
	if err := yaml.UnmarshalStrict(out.Bytes(), &m); err != nil {
		t.Fatalf("%v in:\n%s", err, out.String())
	}
	return m
}

func TestManifestsKeepKrewsRules(t *testing.T) {
	for name, file := range map[string]string{"vast": "../.krew.yaml", "vastvol": "vastvol.yaml"} {
		t.Run(name, func(t *testing.T) {
			m := render(t, file)
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
	want := []string{"darwin_amd64", "darwin_arm64", "linux_amd64", "linux_arm64", "windows_amd64"}
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
	for _, need := range []string{bin, "LICENSE"} {
		if !slices.Contains(from, need) {
			t.Errorf("files lack %s, got %v", need, from)
		}
	}
}
