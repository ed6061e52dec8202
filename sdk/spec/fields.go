package spec

import (
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"github.com/invopop/jsonschema"
	"go.yaml.in/yaml/v3"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation"
)

// quantityNode accepts what a quantity can be written as.
type quantityNode struct{ n *node }

func (quantityNode) accepts(n *node) bool {
	return n.kind == yaml.ScalarNode && n.is("!!str", "!!int", "!!float")
}

func (quantityNode) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{{Type: "string"}, {Type: "number"}}}
}

// quantity parses a node's text; its errors quote the text, so what was
// substituted is left out of them.
func quantity[T any](r *reader, n *node, parse func(string) (T, error)) T {
	v, err := parse(n.number())
	switch {
	case err == nil:
	case n.text != n.written:
		r.fail(n, "%s is not an amount once the variables are filled in", n.quote())
	default:
		r.fail(n, "%s", err)
	}
	return v
}

type cpuField struct {
	quantityNode
	v Amount
}

func (cpuField) describe() string { return "a number of CPUs" }

func (f *cpuField) decode(r *reader, n *node, _ rules) { f.n, f.v = n, quantity(r, n, ParseCPUs) }

// memoryField is an amount of memory. SkyPilot's "4x" (as many GB per CPU)
// waits in perCPU until the CPUs are known.
type memoryField struct {
	quantityNode
	v      Amount
	perCPU string
}

func (memoryField) describe() string { return "an amount of memory" }

var memoryPerCPU = regexp.MustCompile(`^([0-9]{1,9}(?:\.[0-9]{1,9})?)x(\+?)$`)

func (f *memoryField) decode(r *reader, n *node, _ rules) {
	f.n = n
	if m := memoryPerCPU.FindStringSubmatch(n.text); m != nil {
		f.perCPU, f.v.AtLeast = m[1], m[2] != ""
		return
	}
	f.v = quantity(r, n, ParseMemory)
}

type sizeField struct {
	quantityNode
	v resource.Quantity
}

func (sizeField) describe() string { return "a size" }

func (f *sizeField) decode(r *reader, n *node, _ rules) { f.n, f.v = n, quantity(r, n, ParseSize) }

// portsField is a port, a range of ports, or a list of both.
type portsField struct {
	n *node
	v []Port
}

func (portsField) describe() string { return `a port, a range ("8000-8010") or a list of them` }

func (portsField) accepts(n *node) bool {
	return n.kind == yaml.SequenceNode || n.kind == yaml.ScalarNode && n.is("!!int", "!!str")
}

var portForm = regexp.MustCompile(`^([0-9]{1,5})(?:-([0-9]{1,5}))?$`)

func (f *portsField) decode(r *reader, n *node, _ rules) {
	f.n = n
	entries := n.items
	if n.kind == yaml.ScalarNode {
		entries = []*node{n}
	}
	for _, e := range entries {
		if e.kind != yaml.ScalarNode || !f.accepts(e) {
			r.mismatch(e, reflect.TypeFor[portsField]())
			continue
		}
		text := e.number()
		if strings.Contains(e.text, ":") { // a port, and another one, are no number of base 60
			text = e.text
		}
		m := portForm.FindStringSubmatch(text)
		if m == nil {
			r.fail(e, `%s is not a port; write 8080 or a range, "8000-8010"`, e.quote())
			continue
		}
		first, _ := strconv.Atoi(m[1])
		last := first
		if m[2] != "" {
			last, _ = strconv.Atoi(m[2])
		}
		switch {
		case first < 1 || first > 65535 || last > 65535:
			r.fail(e, "a port is a number from 1 to 65535, not %s", e.written)
		case last < first:
			r.fail(e, "the range %s ends before it begins", e.written)
		default:
			f.v = append(f.v, Port{First: int32(first), Last: int32(last)})
		}
	}
}

func (portsField) JSONSchema() *jsonschema.Schema {
	one := []*jsonschema.Schema{{Type: "integer", Minimum: "1", Maximum: "65535"}, {Type: "string", Pattern: `^[0-9]+(-[0-9]+)?$`}}
	list := &jsonschema.Schema{Type: "array", Items: &jsonschema.Schema{AnyOf: one}}
	return &jsonschema.Schema{AnyOf: append(one[:2:2], list, &jsonschema.Schema{Type: "null"})}
}

// labelsField is a mapping of Kubernetes labels.
type labelsField struct {
	n *node
	v map[string]string
}

// ownLabels is the prefix of the labels that we find our objects by.
const ownLabels = "kubevast.io/"

func (labelsField) describe() string     { return "a mapping of labels to values" }
func (labelsField) accepts(n *node) bool { return n.kind == yaml.MappingNode }
func (labelsField) JSONSchemaAlias() any { return map[string]string{} }

func (f *labelsField) decode(r *reader, n *node, _ rules) {
	f.n, f.v = n, make(map[string]string, len(n.fields))
	for _, l := range n.fields {
		if !r.textKey(l) {
			continue
		}
		if !accepts(textType, l) {
			r.mismatch(l, textType)
			continue
		}
		if strings.HasPrefix(l.key.text, ownLabels) && !l.key.pending {
			r.failKey(l, "labels of %s are set by kubectl vast", ownLabels)
		} else if errs := validation.IsQualifiedName(l.key.text); len(errs) > 0 && !l.key.pending {
			r.failKey(l, "not the name of a label: at most 63 letters, digits, \"-\", \"_\" and \".\", which begin and end with a letter or digit, behind an optional \"domain/\"")
		} else if errs := validation.IsValidLabelValue(l.text); len(errs) > 0 {
			r.fail(l, "%s is not the value of a label: at most 63 letters, digits, \"-\", \"_\" and \".\", which begin and end with a letter or digit", l.quote())
		} else {
			f.v[l.key.text] = l.text
		}
	}
}

// durationField is minutes, or a number with a unit. It only stands in fields
// that have no meaning here, so nothing is kept of it.
type durationField struct{}

const durationPattern = `^[0-9]+[smhdwSMHDW]?$`

var durationForm = regexp.MustCompile(durationPattern)

func (durationField) describe() string { return `a duration ("30m", "2h", or minutes)` }

func (durationField) accepts(n *node) bool {
	return n.kind == yaml.ScalarNode && n.is("!!int", "!!str")
}

func (durationField) decode(r *reader, n *node, _ rules) {
	if !durationForm.MatchString(n.text) {
		r.fail(n, `%s is not a duration; write minutes (30) or "30m", "2h", "1d"`, n.quote())
	}
}

func (durationField) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{{Type: "string", Pattern: durationPattern}, {Type: "integer", Minimum: "0"}}}
}

type exitCode int

func (e *exitCode) decode(r *reader, n *node, _ rules) {
	var i int
	low, high := 0.0, 255.0
	r.into(n, reflect.ValueOf(&i).Elem(), rules{min: &low, max: &high})
	*e = exitCode(i)
}

func (exitCode) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "integer", Minimum: "0", Maximum: "255"}
}

// metadataField is what SkyPilot puts on all its Kubernetes objects.
type metadataField struct{}

func (metadataField) describe() string     { return "a mapping" }
func (metadataField) accepts(n *node) bool { return n.kind == yaml.MappingNode }
func (metadataField) JSONSchemaAlias() any { return map[string]any{} }

func (metadataField) decode(r *reader, n *node, _ rules) {
	r.textKeys(n)
	for _, key := range []string{"name", "namespace"} {
		if f := n.get(key); f != nil {
			r.failKey(f, "cannot be set for all objects at once")
		}
	}
}

type dockerMode string

func (dockerMode) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Enum: []any{"ALL", "BUILD"}}
}

func (m *dockerMode) decode(r *reader, n *node, _ rules) {
	*m = dockerMode(n.text)
	rules{enum: []string{"ALL", "BUILD"}}.checkText(r, n)
}
