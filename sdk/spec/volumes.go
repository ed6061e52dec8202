package spec

import (
	"path"
	"regexp"
	"strings"

	"github.com/invopop/jsonschema"
	"go.yaml.in/yaml/v3"
	"k8s.io/apimachinery/pkg/util/validation"
)

const (
	volumePVC      = "k8s-pvc"
	volumeHostPath = "k8s-hostpath"
	volumeRunPod   = "runpod-network-volume"
)

var (
	volumeName = regexp.MustCompile(`^[a-zA-Z0-9](?:[a-zA-Z0-9._-]*[a-zA-Z0-9])?$`)
	subPath    = regexp.MustCompile(`^[a-zA-Z0-9._-][a-zA-Z0-9./_-]*$`)
)

// CheckVolumeName says what is wrong with a volume's name, or "".
func CheckVolumeName(name string) string {
	if !volumeName.MatchString(name) || len(name) > validation.DNS1123SubdomainMaxLength {
		return `is not the name of a volume: letters, digits, "-", "_" and "." are allowed, and a letter or digit at both ends`
	}
	return ""
}

func checkVolumeName(r *reader, n *node) {
	if msg := CheckVolumeName(n.text); msg != "" {
		r.fail(n, "%s %s", n.quote(), msg)
	}
}

// volumeEntry is one value of volumes: a name, a name with a sub path, or a
// volume that lives as long as the task.
type volumeEntry struct {
	n         *node
	named     namedVolume
	ephemeral *ephemeralVolume
}

func (volumeEntry) describe() string { return "the name of a volume, or a mapping" }

func (volumeEntry) accepts(n *node) bool {
	return n.kind == yaml.MappingNode || n.kind == yaml.ScalarNode && n.isText()
}

func (e *volumeEntry) decode(r *reader, n *node, ru rules) {
	e.n = n
	switch {
	case n.kind == yaml.ScalarNode:
		e.named.Name = at[string]{v: n.text, n: n}
		checkVolumeName(r, n)
	case n.has("name", "sub_path") || !n.has("size", "type", "labels", "config"):
		r.decode(n, &e.named)
		if e.named.Name.set() {
			checkVolumeName(r, e.named.Name.n)
		}
		if s := e.named.SubPath; s.set() && (!subPath.MatchString(s.v) || hasDotDot(s.v)) {
			r.fail(s.n, "%s is not a path inside a volume: it must be relative, without \"..\"", s.n.quote())
		}
	default:
		e.ephemeral = new(ephemeralVolume)
		r.decode(n, e.ephemeral)
	}
}

func (volumeEntry) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{
		{Type: "string"}, schemaOf[namedVolume](), schemaOf[ephemeralVolume](),
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

func (volumesFile) describe() string     { return "a mapping of mount paths to volumes" }
func (volumesFile) accepts(n *node) bool { return n.kind == yaml.MappingNode }
func (volumesFile) JSONSchemaAlias() any { return map[string]volumeEntry{} }

func (v *volumesFile) decode(r *reader, n *node, _ rules) {
	seen := map[string]int{}
	for _, f := range n.fields {
		if !r.textKey(f) {
			continue
		}
		clean := path.Clean(f.key.text)
		line, dup := seen[clean]
		switch {
		case f.key.pending:
		case !path.IsAbs(f.key.text) || strings.ContainsRune(f.key.text, ':'):
			r.failKey(f, "a volume is mounted at an absolute path without \":\", for example /data")
		case hasDotDot(f.key.text):
			r.failKey(f, "a mount path cannot hold \"..\"")
		case clean == "/":
			r.failKey(f, "a volume cannot be mounted over the whole file system; choose a path such as /data")
		case dup:
			r.failKey(f, "the same path is mounted on line %d", line)
		}
		seen[clean] = f.key.line
		var e volumeEntry
		r.decode(f, &e)
		if e.n != nil {
			v.entries = append(v.entries, e)
		}
	}
}

// mounts turns a task's volumes into values.
func (r *parser) mounts(d deferred[volumesFile], nodes int) []VolumeMount {
	var out []VolumeMount
	for _, e := range d.read(r.reader).entries {
		m := VolumeMount{
			Path: path.Clean(e.n.key.text), Volume: e.named.Name.v, SubPath: e.named.SubPath.v,
			Line: e.n.key.line, Column: e.n.key.col,
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
		Source: Source{File: r.file, Line: e.n.line},
		Type:   volumePVC,
		Size:   &e.ephemeral.Size.v,
		Labels: e.ephemeral.Labels.v,
	}
	r.volumeConfig(v, e.ephemeral.Config)
	if single := strings.HasPrefix(v.AccessModes[0], "ReadWriteOnce"); single && nodes > 1 {
		r.fail(e.n, "a %s volume cannot be shared by %d nodes; set config.access_mode to ReadWriteMany", v.AccessModes[0], nodes)
	}
	return v
}

func (r *parser) volumeConfig(v *Volume, c volumeConfigFile) {
	v.StorageClass, v.Namespace, v.HostPath = c.StorageClassName, c.Namespace, c.HostPath.v
	v.CleanupOnDeletion = c.CleanupOnDeletion
	v.AccessModes = []string{"ReadWriteOnce"}
	for _, mode := range []string{"ReadWriteOncePod", "ReadWriteMany", "ReadOnlyMany"} {
		if strings.EqualFold(c.AccessMode.v, mode) {
			v.AccessModes = []string{mode}
		}
	}
}

// isVolume tells a volume document from a task by the fields that only one of
// them has.
func isVolume(doc *node) bool {
	return doc.has("type", "size", "use_existing") &&
		!doc.has("run", "setup", "resources", "num_nodes", "envs", "secrets", "volumes", "workdir", "file_mounts")
}

// volume reads a volume document.
func (r *parser) volume(doc *node, in Inputs) *Volume {
	var f volumeFile
	r.decode(doc, &f)
	v := &Volume{
		Source: Source{File: r.file, Line: firstLine(doc)},
		Name:   f.Name.v, Type: strings.ToLower(f.Type.v), Labels: f.Labels.v,
		UseExisting: f.UseExisting, Context: f.Infra.context,
	}
	r.claim(f.Infra.n, f.Infra.context)
	r.volumeConfig(v, f.Config)
	if f.Size.n != nil {
		v.Size = &f.Size.v
	}
	if f.Name.set() {
		checkVolumeName(r.reader, f.Name.n)
	}
	if in.Name != "" {
		v.Name = in.Name
		if !volumeName.MatchString(in.Name) {
			r.flag("--name", "%q is not the name of a volume", shorten(in.Name))
		}
	}
	switch {
	case v.Type == volumeHostPath && !f.Config.HostPath.set():
		r.fail(doc, "config.host_path is missing: a %s volume is a folder of the node", volumeHostPath)
	case v.Type == volumeHostPath && (!path.IsAbs(v.HostPath) || hasDotDot(v.HostPath)):
		r.fail(f.Config.HostPath.n, "%s is not an absolute path", f.Config.HostPath.n.quote())
	case v.Type == volumePVC && f.Config.HostPath.set():
		r.failKey(f.Config.HostPath.n, "belongs to a volume of type %s", volumeHostPath)
	case v.Type == volumePVC && v.Size == nil && !v.UseExisting:
		r.fail(doc, "size is missing; give it, or use_existing: true for a claim that is there")
	case v.Type == volumeRunPod:
		r.fail(f.Type.n, "%s is not a volume of Kubernetes; %s and %s are", f.Type.n.quote(), volumePVC, volumeHostPath)
	}
	v.Ignored = r.takeIgnored()
	return v
}
