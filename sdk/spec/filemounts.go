package spec

import (
	"path"
	"strings"

	"github.com/invopop/jsonschema"
	"go.yaml.in/yaml/v3"

	"github.com/kubevast/vast/sdk/internal/yamlfile"
)

// workdirTarget is where SkyPilot puts the workdir.
const workdirTarget = "~/sky_workdir"

// fileMountsFile is a task's file_mounts: paths in the task to local files,
// URIs or storage objects.
type fileMountsFile struct {
	n *yamlfile.Node
	v []FileMount
}

func (fileMountsFile) Describe() string              { return "a mapping of paths to sources" }
func (fileMountsFile) Accepts(n *yamlfile.Node) bool { return n.Kind == yaml.MappingNode }

func (m *fileMountsFile) Decode(r *yamlfile.Reader, n *yamlfile.Node, _ yamlfile.Rules) {
	m.n = n
	seen := map[string]int{}
	for _, f := range n.Fields {
		if !r.TextKey(f) {
			continue
		}
		target := f.Key.Text
		line, dup := seen[path.Clean(target)]
		switch {
		case f.Key.Pending:
		case target == "":
			r.FailKey(f, "the path in the task is empty")
		case strings.HasSuffix(target, "/"):
			r.FailKey(f, "a path in the task cannot end with a slash")
		case dup:
			r.FailKey(f, "the same path stands on line %d", line)
		}
		seen[path.Clean(target)] = f.Key.Line
		fm := FileMount{Path: target, At: Position{Line: f.Line, Column: f.Column}}
		switch {
		case f.Kind == yaml.MappingNode:
			var s storageFile
			r.Decode(f, &s)
			fm.Storage, _ = f.Plain().(map[string]any)
		case !yamlfile.Accepts(textType, f):
			r.Fail(f, "must be a local path, a URI or a storage object, not %s", f.KindName())
		case f.Text == "":
			r.Fail(f, "the source is empty")
		case strings.HasSuffix(f.Text, "/"):
			r.Fail(f, "a source cannot end with a slash")
		default:
			fm.Source = f.Text
		}
		m.v = append(m.v, fm)
	}
}

func (fileMountsFile) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{
		Type:                 "object",
		AdditionalProperties: &jsonschema.Schema{AnyOf: []*jsonschema.Schema{{Type: "string"}, yamlfile.SchemaOf[storageFile]()}},
	}
}

// checkTargets reports a file mount in the place of the workdir.
func (m fileMountsFile) checkTargets(r *yamlfile.Reader, workdir bool) {
	for _, f := range m.v {
		if workdir && path.Clean(f.Path) == workdirTarget {
			r.FailKey(m.n.Get(f.Path), "the workdir goes there already")
		}
	}
}
