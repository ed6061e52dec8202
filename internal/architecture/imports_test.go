// Package architecture holds the tests of the project's structure.
package architecture

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
)

const module = "github.com/kubevast/vast/"

// layers lists the packages from the bottom to the top. A package may import
// those below it only; "=" marks packages that stand beside the one before.
var layers = []string{
	"internal/text",
	"sdk/api",
	"=internal/redact",
	"=internal/gitremote",
	"=internal/hint",
	"=internal/agentspec",
	"internal/layout",
	"=internal/files",
	"=sdk/internal/dotenv",
	"=sdk/internal/yaml11",
	"sdk/internal/percontext",
	"sdk/contexts",
	"=sdk/internal/yamlfile",
	"=sdk/internal/rules",
	"sdk/spec",
	"=internal/identity",
	"internal/kube",
	"internal/pack",
	"=internal/helm",
	"=sdk/variation",
	"=internal/store",
	"internal/access",
	"=internal/store/storetest",
	"sdk/internal/authz",
	"sdk/internal/manifest",
	"sdk/internal/volume",
	"=sdk/internal/logs",
	"=internal/diagnose",
	"=sdk/internal/queue",
	"=internal/portforward",
	"=sdk/internal/inputs",
	"sdk/internal/result",
	"sdk/internal/task",
	"=sdk/internal/campaign/campaigntest",
	"sdk/internal/campaign/record",
	"sdk/internal/campaign/plan",
	"=sdk/internal/campaign/status",
	"sdk/internal/campaign/run",
	"=sdk/internal/campaign/prepare",
	"=sdk/internal/campaign/cleanup",
	"sdk/internal/campaign",
	"sdk/internal/cluster",
	"sdk/internal/doctor",
	"=agent/apiserver",
	"=agent/fetcher",
	"=agent/uploader",
	"agent/keeper",
	"agent",
	"sdk",
	"sdk/sdktest",
	"internal/cli/term",
	"=internal/cli/command",
	"internal/cli/table",
	"sdk/setup",
	"internal/cli",
	"internal/cli/clitest",
	"plugins/kubectl-vast/cmd/submission",
	"=plugins/kubectl-vast/cmd/monitor",
	"plugins/kubectl-vast/cmd/campaign",
	"=plugins/kubectl-vast/cmd/results",
	"=plugins/kubectl-vast/cmd/queue",
	"=plugins/kubectl-vast/cmd/cluster",
	"=plugins/kubectl-vast/cmd/doctor",
	"=plugins/kubectl-vast/cmd/auth",
	"=plugins/kubectl-vast/cmd/schema",
	"plugins/kubectl-vast/cmd/task",
	"plugins/kubectl-vast/cmd",
	"plugins/kubectl-vast/cmd/cmdtest",
	"=plugins/kubectl-vastvol/cmd",
	"plugins/kubectl-vast",
	"=plugins/kubectl-vastvol",
	"plugins",
}

// outside are packages that nothing imports and that may import everything.
var outside = []string{"bench", "krew", "internal/architecture"}

type goPackage struct {
	ImportPath string
	Imports    []string
}

func TestImportsPointDownwards(t *testing.T) {
	level, n := map[string]int{}, 0
	for _, l := range layers {
		name, beside := strings.CutPrefix(l, "=")
		if !beside {
			n++
		}
		level[name] = n
	}
	for _, pkg := range packages(t) {
		name := strings.TrimPrefix(pkg.ImportPath, module)
		at, known := level[name]
		if !known {
			if !isOutside(name) {
				t.Errorf("%s has no layer; give it one in this test", name)
			}
			continue
		}
		for _, imported := range pkg.Imports {
			below, ours := strings.CutPrefix(imported, module)
			if ours && level[below] >= at {
				t.Errorf("%s may not import %s: imports point downwards", name, below)
			}
		}
	}
}

// The SDK never prints and never exits; what a plugin can do, a program can.
func TestTheSDKKnowsNoCommandLine(t *testing.T) {
	forbidden := []string{"github.com/spf13/", "k8s.io/kubectl/", "log", "flag"}
	for _, pkg := range packages(t) {
		if !strings.HasPrefix(pkg.ImportPath, module+"sdk") {
			continue
		}
		for _, imported := range pkg.Imports {
			for _, no := range forbidden {
				if imported == no || strings.HasSuffix(no, "/") && strings.HasPrefix(imported, no) {
					t.Errorf("%s imports %s", pkg.ImportPath, imported)
				}
			}
		}
	}
}

func isOutside(name string) bool {
	for _, o := range outside {
		if name == o || strings.HasPrefix(name, o+"/") {
			return true
		}
	}
	return false
}

func packages(t *testing.T) []goPackage {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports", module+"...")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []goPackage
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var pkg goPackage
		if err := dec.Decode(&pkg); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, pkg)
	}
}
