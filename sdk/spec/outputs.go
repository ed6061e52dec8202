package spec

import (
	"path"
	"slices"
	"strings"

	"github.com/invopop/jsonschema"
	"go.yaml.in/yaml/v3"

	"github.com/kubevast/vast/sdk/internal/yamlfile"
)

// outputsFile is a task's outputs: a list of paths, which is an addition of
// this project. SkyPilot has a mapping of names to sizes there, which has no
// effect here.
type outputsFile struct{ items []*yamlfile.Node }

func (outputsFile) Describe() string { return "a list of paths" }

func (outputsFile) Accepts(n *yamlfile.Node) bool {
	return n.Kind == yaml.SequenceNode || n.Kind == yaml.MappingNode
}

func (o *outputsFile) Decode(r *yamlfile.Reader, n *yamlfile.Node, ru yamlfile.Rules) {
	if n.Kind == yaml.MappingNode {
		var sizes map[string]float64
		r.Into(n, yamlfile.ValueOf(&sizes), ru)
		r.Ignore(n)
		return
	}
	o.items = n.Items
}

func (outputsFile) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{
		{Type: "array", Items: &jsonschema.Schema{Type: "string"}}, yamlfile.SchemaOf[map[string]float64](),
	}}
}

// systemFolders are those that an empty folder, which an absolute output is,
// would take from the image, and those that are ours.
var systemFolders = []string{"/bin", "/boot", "/dev", "/etc", "/lib", "/lib64", "/proc", "/run", "/sbin", "/sys", "/usr", "/var/run", "/vast", "/keep"}

// outputDir is $OUTPUT_DIR of a task.
const outputDir = "/out"

// outputs checks the paths, and returns them clean.
func (r *parser) outputs(o outputsFile, t *Task) []string {
	var out []string
	for _, n := range o.items {
		if !yamlfile.Accepts(textType, n) {
			r.Mismatch(n, textType)
			continue
		}
		p := path.Clean(n.Text)
		if n.Pending {
			continue
		}
		if msg := outputProblem(n.Text, p, out, t); msg != "" {
			r.Fail(n, "%s %s", n.Quote(), msg)
			continue
		}
		out = append(out, p)
	}
	return out
}

// outputProblem returns what is wrong with an output, or "".
func outputProblem(written, p string, before []string, t *Task) string {
	within := func(dir string) bool { return p == dir || strings.HasPrefix(p, strings.TrimSuffix(dir, "/")+"/") }
	inWorkdir := func(m FileMount) bool { return !path.IsAbs(m.Path) && !strings.HasPrefix(m.Path, "~") }
	mounted := func(m FileMount) bool { return path.Clean(m.Path) == p }
	volume := func(v VolumeMount) bool { return v.Path == p }
	switch {
	case strings.TrimSpace(written) == "":
		return "is empty; name a path in the workdir, or an absolute folder"
	case strings.HasPrefix(written, "~"):
		return "is no path that can be kept: the home depends on the image; name a path in the workdir, or an absolute folder"
	case hasDotDot(written):
		return `is no path that can be kept: it cannot hold ".."`
	case p == ".":
		return "is the whole workdir; name what is to be kept of it"
	case p == "/":
		return "is the whole file system; name a folder, for example /results"
	case slices.Contains(before, p):
		return "is listed twice"
	case !path.IsAbs(p):
		if t.Workdir == nil && !slices.ContainsFunc(t.FileMounts, inWorkdir) {
			return "is relative, and there is no workdir; name an absolute folder, or write to $OUTPUT_DIR"
		}
	case strings.ContainsAny(p, ":*?[{"):
		return `is no folder: an absolute path cannot hold ":" or a pattern`
	case within(outputDir):
		return "is kept already: it is in $OUTPUT_DIR"
	case slices.ContainsFunc(systemFolders, within):
		return "belongs to the system, and an output is a new, empty folder; choose another one, for example /results"
	case slices.ContainsFunc(before, func(b string) bool { return path.IsAbs(b) && (within(b) || strings.HasPrefix(b, p+"/")) }):
		return "is inside another output, or contains one"
	case slices.ContainsFunc(t.Volumes, volume):
		return "is a volume, which keeps its files anyway"
	case slices.ContainsFunc(t.FileMounts, mounted):
		return "is a file mount; an output is a new, empty folder"
	}
	return ""
}
