package architecture

import (
	"slices"
	"strings"
	"testing"
)

// layers lists the packages from the bottom to the top. A package imports only
// packages of lower layers; "=" puts a package into the layer of the one before.
var layers = []string{
	"internal/text",
	"=internal/gotemplate",
	"=internal/when",
	"=sdk/internal/cron",
	"internal/workflow",
	"=internal/workflow/draw",
	"sdk/api",
	"=internal/redact",
	"=internal/gitremote",
	"=internal/agentspec",
	"internal/layout",
	"=internal/files",
	"=sdk/internal/dotenv",
	"=sdk/internal/yaml11",
	"sdk/internal/percontext",
	"sdk/contexts",
	"=sdk/share",
	"=sdk/internal/yamlfile",
	"=sdk/internal/rules",
	"sdk/spec",
	"=internal/identity",
	"internal/kube",
	"internal/pack",
	"=internal/workflow/record",
	"=internal/helm",
	"=sdk/variation",
	"=internal/store",
	"internal/access",
	"=internal/apiserver",
	"=internal/workflow/event",
	"=internal/store/storetest",
	"internal/share/transport",
	"=sdk/share/sharetest",
	"internal/share/dav",
	"=internal/share/google",
	"internal/share/archives",
	"=internal/share/dir",
	"=internal/share/gcs",
	"=internal/share/gdrive",
	"=internal/share/plugin",
	"=internal/share/s3",
	"=internal/share/sftp",
	"=internal/share/webdav",
	"internal/share/nextcloud",
	"internal/share/providers",
	"internal/share/google/googletest",
	"sdk/internal/authz",
	"=sdk/internal/watched",
	"sdk/internal/manifest",
	"sdk/internal/volume",
	"=sdk/internal/logs",
	"=internal/diagnose",
	"=sdk/internal/queue",
	"=internal/portforward",
	"=sdk/internal/inputs",
	"=internal/history",
	"sdk/internal/result",
	"=internal/workflow/driver",
	"sdk/internal/task",
	"=internal/workflow/schedule",
	"=sdk/internal/campaign/campaigntest",
	"sdk/internal/campaign/record",
	"sdk/internal/campaign/plan",
	"=sdk/internal/campaign/status",
	"sdk/internal/campaign/run",
	"=sdk/internal/campaign/prepare",
	"=sdk/internal/campaign/cleanup",
	"sdk/internal/campaign",
	"=sdk/internal/sharing",
	"sdk/internal/runs",
	"sdk/internal/cluster/provider",
	"sdk/internal/cluster/desired",
	"sdk/internal/cluster",
	"sdk/internal/doctor",
	"=agent/apiserver",
	"=agent/fetcher",
	"=agent/archiver",
	"=agent/uploader",
	"agent/sharer",
	"agent/keeper",
	"agent",
	"sdk",
	"sdk/sdktest",
	"internal/cli/term",
	"=internal/cli/command",
	"=internal/cli/english",
	"internal/cli/table",
	"sdk/setup",
	"internal/cli",
	"internal/cli/clitest",
	"plugins/kubectl-vast/cmd/submission",
	"=plugins/kubectl-vast/cmd/monitor",
	"plugins/kubectl-vast/cmd/campaign",
	"=plugins/kubectl-vast/cmd/results",
	"=plugins/kubectl-vast/cmd/share",
	"=plugins/kubectl-vast/cmd/workflow",
	"=plugins/kubectl-vast/cmd/queue",
	"=plugins/kubectl-vast/cmd/cluster",
	"=plugins/kubectl-vast/cmd/doctor",
	"=plugins/kubectl-vast/cmd/auth",
	"=plugins/kubectl-vast/cmd/schema",
	"=plugins/kubectl-vast/cmd/schedule",
	"=plugins/kubectl-vast/cmd/run",
	"plugins/kubectl-vast/cmd/task",
	"plugins/kubectl-vast/cmd",
	"plugins/kubectl-vast/cmd/cmdtest",
	"=plugins/kubectl-vastvol/cmd",
	"plugins/kubectl-vast",
	"=plugins/kubectl-vastvol",
	"plugins",
}

// outside are programs and tests that nothing imports and that may import
// every package.
var outside = []string{"bench", "krew", "internal/architecture"}

// A rule names what packages must not link, however many imports are between.
type rule struct {
	why string
	// from reports whether the rule applies to a package of the module.
	from func(name string) bool
	// not lists import paths; one with a slash at its end is a prefix.
	not []string
}

var rules = []rule{
	{
		why:  "a program that submits tasks does not link Helm or a command line",
		from: func(name string) bool { return isPublic(name) && name != "sdk/setup" },
		not:  []string{"helm.sh/", "oras.land/", "k8s.io/kubectl/", "github.com/spf13/cobra"},
	},
	{
		why:  "kubectl-vastvol has nothing to install",
		from: within("plugins/kubectl-vastvol"),
		not:  []string{"helm.sh/", "oras.land/"},
	},
	{
		why:  "the agent runs in every pod: it reads files of orders and talks plain HTTP",
		from: within("agent"),
		not: []string{Module + "sdk/spec", Module + "sdk/contexts", Module + "sdk/internal/", Module + "internal/cli",
			"k8s.io/client-go/", "k8s.io/cli-runtime/", "k8s.io/kubectl/", "helm.sh/", "oras.land/", "github.com/spf13/"},
	},
	{
		why: "values and files are read without a cluster",
		from: func(name string) bool {
			return slices.Contains([]string{"sdk/api", "sdk/spec", "sdk/variation", "sdk/internal/manifest"}, name)
		},
		not: []string{"k8s.io/client-go/kubernetes", "k8s.io/client-go/dynamic", Module + "internal/access", Module + "internal/store"},
	},
}

// direct are the rules for what a package itself imports.
var direct = []rule{
	{
		why:  "the SDK never prints and never exits",
		from: within("sdk"),
		not:  []string{"github.com/spf13/", "k8s.io/kubectl/", "log", "flag"},
	},
	{
		why:  "the plugins bind flags and print; what they do is in the SDK",
		from: within("plugins"),
		not:  []string{Module + "sdk/internal/", "k8s.io/client-go/kubernetes", Module + "internal/store", Module + "internal/access"},
	},
	{
		why:  "text/template keeps all methods in a program, which makes kubectl-vastvol 27 MB larger; use internal/gotemplate",
		from: func(name string) bool { return !within("internal/gotemplate")(name) && !isOutside(name) },
		not:  []string{"text/template", "html/template"},
	},
}

func TestImportsPointDownwards(t *testing.T) {
	level, n := map[string]int{}, 0
	for _, l := range layers {
		name, beside := strings.CutPrefix(l, "=")
		if !beside {
			n++
		}
		if _, twice := level[name]; twice {
			t.Errorf("%s has two layers", name)
		}
		level[name] = n
	}
	own := ours(t)
	for name, pkg := range own {
		at, known := level[name]
		if !known {
			if !isOutside(name) {
				t.Errorf("%s has no layer; give it one in this test", name)
			}
			continue
		}
		for _, imported := range pkg.Imports {
			below, ok := strings.CutPrefix(imported, Module)
			if ok && level[below] >= at {
				t.Errorf("%s may not import %s: imports point downwards", name, below)
			}
		}
	}
	for name := range level {
		if own[name] == nil {
			t.Errorf("%s has a layer, but there is no such package", name)
		}
	}
}

func TestNoPackageLinksWhatItMustNot(t *testing.T) {
	all := graph(t)
	for name, pkg := range ours(t) {
		for _, r := range rules {
			if !r.from(name) {
				continue
			}
			found := 0
			for _, dep := range pkg.Deps {
				if r.forbids(dep) {
					if found++; found == 1 {
						t.Errorf("%s links %s: %s\n\t%s", name, dep, r.why, strings.Join(via(all, pkg.ImportPath, dep), "\n\t-> "))
					}
				}
			}
			if found > 1 {
				t.Errorf("%s links %d packages of this kind", name, found)
			}
		}
	}
}

func TestNoPackageImportsWhatItMustNot(t *testing.T) {
	for name, pkg := range ours(t) {
		for _, r := range direct {
			for _, imported := range pkg.Imports {
				if r.from(name) && r.forbids(imported) {
					t.Errorf("%s imports %s: %s", name, imported, r.why)
				}
			}
		}
	}
}

func TestThePublicPackagesAreTheListedOnes(t *testing.T) {
	for name := range ours(t) {
		if within("sdk")(name) && !strings.Contains(name+"/", "/internal/") && !isPublic(name) {
			t.Errorf("%s is public; move it below sdk/internal, or add it to PublicPackages", name)
		}
	}
}

func (r rule) forbids(path string) bool {
	for _, no := range r.not {
		if path == no || strings.HasSuffix(no, "/") && strings.HasPrefix(path, no) {
			return true
		}
	}
	return false
}

func within(folder string) func(string) bool {
	return func(name string) bool { return name == folder || strings.HasPrefix(name, folder+"/") }
}

func isPublic(name string) bool { return slices.Contains(PublicPackages, name) }

func isOutside(name string) bool {
	return slices.ContainsFunc(outside, func(o string) bool { return within(o)(name) })
}
