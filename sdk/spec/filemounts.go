package spec

import (
	"path"
	"strings"

	"github.com/invopop/jsonschema"
	"go.yaml.in/yaml/v3"
)

// workdirTarget is where SkyPilot puts the workdir.
const workdirTarget = "~/sky_workdir"

// fileMountsFile is a task's file_mounts: paths in the task to local files,
// URIs or storage objects.
type fileMountsFile struct {
	n *node
	v []FileMount
}

func (fileMountsFile) describe() string     { return "a mapping of paths to sources" }
func (fileMountsFile) accepts(n *node) bool { return n.kind == yaml.MappingNode }

func (m *fileMountsFile) decode(r *reader, n *node, _ rules) {
	m.n = n
	seen := map[string]int{}
	for _, f := range n.fields {
		if !r.textKey(f) {
			continue
		}
		target := f.key.text
		line, dup := seen[path.Clean(target)]
		switch {
		case f.key.pending:
		case target == "":
			r.failKey(f, "the path in the task is empty")
		case strings.HasSuffix(target, "/"):
			r.failKey(f, "a path in the task cannot end with a slash")
		case dup:
			r.failKey(f, "the same path stands on line %d", line)
		}
		seen[path.Clean(target)] = f.key.line
		fm := FileMount{Path: target, At: Position{Line: f.line, Column: f.col}}
		switch {
		case f.kind == yaml.MappingNode:
			var s storageFile
			r.decode(f, &s)
			fm.Storage, _ = f.plain().(map[string]any)
		case !accepts(textType, f):
			r.fail(f, "must be a local path, a URI or a storage object, not %s", f.kindName())
		case f.text == "":
			r.fail(f, "the source is empty")
		case strings.HasSuffix(f.text, "/"):
			r.fail(f, "a source cannot end with a slash")
		default:
			fm.Source = f.text
		}
		m.v = append(m.v, fm)
	}
}

func (fileMountsFile) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{
		Type:                 "object",
		AdditionalProperties: &jsonschema.Schema{AnyOf: []*jsonschema.Schema{{Type: "string"}, schemaOf[storageFile]()}},
	}
}

// checkTargets reports a file mount in the place of the workdir.
func (m fileMountsFile) checkTargets(r *reader, workdir bool) {
	for _, f := range m.v {
		if workdir && path.Clean(f.Path) == workdirTarget {
			r.failKey(m.n.get(f.Path), "the workdir goes there already")
		}
	}
}
