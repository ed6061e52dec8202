package spec

import (
	"path"
	"regexp"
	"strings"

	"github.com/invopop/jsonschema"
	"go.yaml.in/yaml/v3"

	"github.com/kubevast/vast/sdk/internal/rules"
	"github.com/kubevast/vast/sdk/internal/yamlfile"
)

const (
	volumePVC      = "k8s-pvc"
	volumeHostPath = "k8s-hostpath"
	volumeRunPod   = "runpod-network-volume"
)

var (
	subPath = regexp.MustCompile(`^[a-zA-Z0-9._-][a-zA-Z0-9./_-]*$`)
)

func checkVolumeName(r *yamlfile.Reader, n *yamlfile.Node) {
	if msg := rules.Volume(n.Text); msg != "" {
		r.Fail(n, "%s %s", n.Quote(), msg)
	}
}

// volumeEntry is one value of volumes: a name, a name with a sub path, or a
// volume that lives as long as the task.
type volumeEntry struct {
	n         *yamlfile.Node
	named     namedVolume
	ephemeral *ephemeralVolume
}

func (volumeEntry) Describe() string { return "the name of a volume, or a mapping" }

func (volumeEntry) Accepts(n *yamlfile.Node) bool {
	return n.Kind == yaml.MappingNode || n.Kind == yaml.ScalarNode && n.IsText()
}

func (e *volumeEntry) Decode(r *yamlfile.Reader, n *yamlfile.Node, ru yamlfile.Rules) {
	e.n = n
	switch {
	case n.Kind == yaml.ScalarNode:
		e.named.Name = yamlfile.At[string]{Value: n.Text, Node: n}
		checkVolumeName(r, n)
	case n.Has("name", "sub_path") || !n.Has("size", "type", "labels", "config"):
		r.Decode(n, &e.named)
		if e.named.Name.IsSet() {
			checkVolumeName(r, e.named.Name.Node)
		}
		if s := e.named.SubPath; s.IsSet() && (!subPath.MatchString(s.Value) || hasDotDot(s.Value)) {
			r.Fail(s.Node, "%s is not a path inside a volume: it must be relative, without \"..\"", s.Node.Quote())
		}
	default:
		e.ephemeral = new(ephemeralVolume)
		r.Decode(n, e.ephemeral)
	}
}

func (volumeEntry) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{
		{Type: "string"}, yamlfile.SchemaOf[namedVolume](), yamlfile.SchemaOf[ephemeralVolume](),
	}}
}

func hasDotDot(p string) bool {
	for part := range strings.SplitSeq(p, "/") {
		if part == ".." {
			return true
		}
	}
	return false
}

// volumesFile is a task's volumes, in the file's order.
type volumesFile struct{ entries []volumeEntry }

func (volumesFile) Describe() string              { return "a mapping of mount paths to volumes" }
func (volumesFile) Accepts(n *yamlfile.Node) bool { return n.Kind == yaml.MappingNode }
func (volumesFile) JSONSchemaAlias() any          { return map[string]volumeEntry{} }

func (v *volumesFile) Decode(r *yamlfile.Reader, n *yamlfile.Node, _ yamlfile.Rules) {
	seen := map[string]int{}
	for _, f := range n.Fields {
		if !r.TextKey(f) {
			continue
		}
		clean := path.Clean(f.Key.Text)
		line, dup := seen[clean]
		switch {
		case f.Key.Pending:
		case !path.IsAbs(f.Key.Text) || strings.ContainsRune(f.Key.Text, ':'):
			r.FailKey(f, "a volume is mounted at an absolute path without \":\", for example /data")
		case hasDotDot(f.Key.Text):
			r.FailKey(f, "a mount path cannot hold \"..\"")
		case clean == "/":
			r.FailKey(f, "a volume cannot be mounted over the whole file system; choose a path such as /data")
		case dup:
			r.FailKey(f, "the same path is mounted on line %d", line)
		}
		seen[clean] = f.Key.Line
		var e volumeEntry
		r.Decode(f, &e)
		if e.n != nil {
			v.entries = append(v.entries, e)
		}
	}
}

// mounts turns a task's volumes into values.
func (r *parser) mounts(d yamlfile.Deferred[volumesFile], nodes int) []VolumeMount {
	var out []VolumeMount
	for _, e := range d.Read(r.Reader).entries {
		m := VolumeMount{
			Path: path.Clean(e.n.Key.Text), Volume: e.named.Name.Value, SubPath: e.named.SubPath.Value,
			Line: e.n.Key.Line, Column: e.n.Key.Column,
		}
		if e.ephemeral != nil {
			m.Ephemeral = r.ephemeral(e, nodes)
		}
		out = append(out, m)
	}
	return out
}

func (r *parser) ephemeral(e volumeEntry, nodes int) *Volume {
	v := &Volume{
		Source: Source{File: r.File, Line: e.n.Line},
		Type:   volumePVC,
		Size:   &e.ephemeral.Size.v,
		Labels: e.ephemeral.Labels.v,
	}
	r.volumeConfig(v, e.ephemeral.Config)
	if single := strings.HasPrefix(v.AccessModes[0], "ReadWriteOnce"); single && nodes > 1 {
		r.Fail(e.n, "a %s volume cannot be shared by %d nodes; set config.access_mode to ReadWriteMany", v.AccessModes[0], nodes)
	}
	return v
}

func (r *parser) volumeConfig(v *Volume, c volumeConfigFile) {
	v.StorageClass, v.Namespace, v.HostPath = c.StorageClassName, c.Namespace, c.HostPath.Value
	v.CleanupOnDeletion = c.CleanupOnDeletion
	v.AccessModes = []string{"ReadWriteOnce"}
	for _, mode := range []string{"ReadWriteOncePod", "ReadWriteMany", "ReadOnlyMany"} {
		if strings.EqualFold(c.AccessMode.Value, mode) {
			v.AccessModes = []string{mode}
		}
	}
}

// isVolume distinguishes a volume document from a task by the fields that only
// one of them has.
func isVolume(doc *yamlfile.Node) bool {
	return doc.Has("type", "size", "use_existing") &&
		!doc.Has("run", "setup", "resources", "num_nodes", "envs", "secrets", "volumes", "workdir", "file_mounts")
}

// volume reads a volume document.
func (r *parser) volume(doc *yamlfile.Node, in Inputs) *Volume {
	var f volumeFile
	r.Decode(doc, &f)
	v := &Volume{
		Source: Source{File: r.File, Line: firstLine(doc)},
		Name:   f.Name.Value, Type: strings.ToLower(f.Type.Value), Labels: f.Labels.v,
		UseExisting: f.UseExisting, Context: f.Infra.context,
	}
	r.claim(f.Infra.n, f.Infra.context)
	r.volumeConfig(v, f.Config)
	if f.Size.n != nil {
		v.Size = &f.Size.v
	}
	if f.Name.IsSet() {
		checkVolumeName(r.Reader, f.Name.Node)
	}
	if in.Name != "" {
		v.Name = in.Name
		if rules.Volume(in.Name) != "" {
			r.FailOption("Name", "%q is not the name of a volume", yamlfile.Shorten(in.Name))
		}
	}
	switch {
	case v.Type == volumeHostPath && !f.Config.HostPath.IsSet():
		r.Fail(doc, "config.host_path is missing: a %s volume is a folder of the node", volumeHostPath)
	case v.Type == volumeHostPath && (!path.IsAbs(v.HostPath) || hasDotDot(v.HostPath)):
		r.Fail(f.Config.HostPath.Node, "%s is not an absolute path", f.Config.HostPath.Node.Quote())
	case v.Type == volumePVC && f.Config.HostPath.IsSet():
		r.FailKey(f.Config.HostPath.Node, "belongs to a volume of type %s", volumeHostPath)
	case v.Type == volumePVC && v.Size == nil && !v.UseExisting:
		r.Fail(doc, "size is missing; give it, or use_existing: true for a claim that is there")
	case v.Type == volumeRunPod:
		r.Fail(f.Type.Node, "%s is not a volume of Kubernetes; %s and %s are", f.Type.Node.Quote(), volumePVC, volumeHostPath)
	}
	v.Ignored = r.TakeIgnored()
	return v
}

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
			r.FailKey(f, "duplicate path: already on line %d", line)
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
