package spec

import (
	"reflect"
	"slices"
	"strings"

	"github.com/invopop/jsonschema"
	"go.yaml.in/yaml/v3"
)

// settingsTypes are the settings of the types that are known here.
var settingsTypes = map[string]reflect.Type{
	VariationList:     reflect.TypeFor[listSettings](),
	VariationUniform:  reflect.TypeFor[uniformSettings](),
	VariationGaussian: reflect.TypeFor[gaussianSettings](),
}

// variation reads one entry of variations.
func readVariation(r *reader, item *node) (Variation, bool) {
	if item.kind == yaml.ScalarNode && item.isText() && item.text != "" {
		// A type without settings.
		return Variation{Type: item.text, Settings: map[string]any{}, Path: item.path(), Position: Position{item.line, item.col}}, true
	}
	if item.kind != yaml.MappingNode || len(item.fields) == 0 {
		r.fail(item, `must be a variation, "TYPE: settings", not %s`, item.kindName())
		return Variation{}, false
	}
	f := item.fields[0]
	if !r.textKey(f) {
		return Variation{}, false
	}
	if len(item.fields) > 1 {
		r.fail(item, "has %d keys; write each variation as an item of its own (are the settings indented by less than the type?)", len(item.fields))
		return Variation{}, false
	}
	v := Variation{Type: f.key.text, Settings: map[string]any{}, Path: f.path(), Position: Position{f.key.line, f.key.col}}
	if f.isNull() {
		f = &node{kind: yaml.MappingNode, scalar: scalar{tag: "!!map"}, line: f.line, col: f.col, parent: f.parent, label: f.label, key: f.key}
	}
	if f.kind != yaml.MappingNode {
		r.fail(f, "must be a mapping of settings, not %s", f.kindName())
		return Variation{}, false
	}
	r.textKeys(f)
	v.Settings, _ = f.plainFor(settingsTypes[v.Type]).(map[string]any)
	switch v.Type {
	case VariationList:
		checkListSettings(r, f)
	case VariationUniform:
		var s uniformSettings
		r.decode(f, &s)
		checkRandom(r, s.randomSettings, s.Min, s.Max)
	case VariationGaussian:
		var s gaussianSettings
		r.decode(f, &s)
		checkRandom(r, s.randomSettings, s.Min, s.Max)
	case VariationOneOf:
		var s oneOfSettings
		r.decode(f, &s)
		v.Branches = s.Variations.v.v
		if s.Variations.set() && len(s.Variations.n.items) == 0 {
			r.fail(s.Variations.n, "must have at least 1 entries")
		}
	}
	return v, true
}

func checkListSettings(r *reader, n *node) {
	var s listSettings
	r.decode(n, &s)
	if !s.Name.set() {
		return
	}
	if s.Name.v.a != nil {
		checkParameterName(r, s.Name.n)
		return
	}
	names := s.Name.n.items
	if len(names) == 0 {
		r.fail(s.Name.n, "names no parameter")
		return
	}
	for i, name := range names {
		checkParameterName(r, name)
		if slices.ContainsFunc(names[:i], func(other *node) bool { return other.text == name.text }) {
			r.fail(name, "%s stands in the list twice", name.quote())
		}
	}
	if !s.Values.set() {
		return
	}
	for _, v := range s.Values.n.items {
		switch {
		case v.kind != yaml.SequenceNode:
			r.fail(v, "must be a list of %d values, one for each of %s, not %s", len(names), namesOf(names), v.kindName())
		case len(v.items) != len(names):
			r.fail(v, "has %d values; give one for each of %s", len(v.items), namesOf(names))
		}
	}
}

func checkParameterName(r *reader, n *node) {
	if msg := CheckParameter(n.text); msg != "" {
		r.fail(n, "%s", msg)
	}
}

func namesOf(nodes []*node) string {
	names := make([]string, len(nodes))
	for i, n := range nodes {
		names[i] = n.text
	}
	return shorten(strings.Join(names, ", "))
}

// random checks what holds between the settings of a distribution.
func checkRandom(r *reader, s randomSettings, low, high at[float64]) {
	if s.Name.set() {
		checkParameterName(r, s.Name.n)
	}
	if low.set() && high.set() && low.v > high.v {
		r.fail(high.n, "max is below min (%s)", shorten(low.n.written))
	}
}

// seedField is a whole number of any size.
type seedField struct{}

func (seedField) accepts(n *node) bool               { return n.kind == yaml.ScalarNode && n.tag == "!!int" }
func (seedField) describe() string                   { return "a whole number" }
func (seedField) decode(_ *reader, _ *node, _ rules) {}

func (seedField) JSONSchema() *jsonschema.Schema { return &jsonschema.Schema{Type: "integer"} }
