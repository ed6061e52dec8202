package spec

import (
	"reflect"
	"slices"
	"strings"

	"github.com/invopop/jsonschema"
	"go.yaml.in/yaml/v3"

	"github.com/kubevast/vast/sdk/internal/rules"
	"github.com/kubevast/vast/sdk/internal/yamlfile"
)

// settingsTypes are the settings of the types that are known here.
var settingsTypes = map[string]reflect.Type{
	VariationList:     reflect.TypeFor[listSettings](),
	VariationUniform:  reflect.TypeFor[uniformSettings](),
	VariationGaussian: reflect.TypeFor[gaussianSettings](),
}

// variation reads one entry of variations.
func readVariation(r *yamlfile.Reader, item *yamlfile.Node) (Variation, bool) {
	if item.Kind == yaml.ScalarNode && item.IsText() && item.Text != "" {
		// A type without settings.
		return Variation{Type: item.Text, Settings: map[string]any{}, Path: item.Path(), Position: Position{item.Line, item.Column}}, true
	}
	if item.Kind != yaml.MappingNode || len(item.Fields) == 0 {
		r.Fail(item, `must be a variation, "TYPE: settings", not %s`, item.KindName())
		return Variation{}, false
	}
	f := item.Fields[0]
	if !r.TextKey(f) {
		return Variation{}, false
	}
	if len(item.Fields) > 1 {
		r.Fail(item, "has %d keys; write each variation as an item of its own (are the settings indented by less than the type?)", len(item.Fields))
		return Variation{}, false
	}
	v := Variation{Type: f.Key.Text, Settings: map[string]any{}, Path: f.Path(), Position: Position{f.Key.Line, f.Key.Column}}
	if f.IsNull() {
		f = &yamlfile.Node{Kind: yaml.MappingNode, Scalar: yamlfile.Scalar{Tag: "!!map"}, Line: f.Line, Column: f.Column, Parent: f.Parent, Label: f.Label, Key: f.Key}
	}
	if f.Kind != yaml.MappingNode {
		r.Fail(f, "must be a mapping of settings, not %s", f.KindName())
		return Variation{}, false
	}
	r.TextKeys(f)
	v.Settings, _ = f.PlainFor(settingsTypes[v.Type]).(map[string]any)
	switch v.Type {
	case VariationList:
		checkListSettings(r, f)
	case VariationUniform:
		var s uniformSettings
		r.Decode(f, &s)
		checkRandom(r, s.randomSettings, s.Min, s.Max)
	case VariationGaussian:
		var s gaussianSettings
		r.Decode(f, &s)
		checkRandom(r, s.randomSettings, s.Min, s.Max)
	case VariationOneOf:
		var s oneOfSettings
		r.Decode(f, &s)
		v.Branches = s.Variations.Value.v
		if s.Variations.IsSet() && len(s.Variations.Node.Items) == 0 {
			r.Fail(s.Variations.Node, "must have at least 1 entries")
		}
	}
	return v, true
}

func checkListSettings(r *yamlfile.Reader, n *yamlfile.Node) {
	var s listSettings
	r.Decode(n, &s)
	if !s.Name.IsSet() {
		return
	}
	if s.Name.Value.First != nil {
		checkParameterName(r, s.Name.Node)
		return
	}
	names := s.Name.Node.Items
	if len(names) == 0 {
		r.Fail(s.Name.Node, "names no parameter")
		return
	}
	for i, name := range names {
		checkParameterName(r, name)
		if slices.ContainsFunc(names[:i], func(other *yamlfile.Node) bool { return other.Text == name.Text }) {
			r.Fail(name, "%s is listed twice", name.Quote())
		}
	}
	if !s.Values.IsSet() {
		return
	}
	for _, v := range s.Values.Node.Items {
		switch {
		case v.Kind != yaml.SequenceNode:
			r.Fail(v, "must be a list of %d values, one for each of %s, not %s", len(names), namesOf(names), v.KindName())
		case len(v.Items) != len(names):
			r.Fail(v, "has %d values; give one for each of %s", len(v.Items), namesOf(names))
		}
	}
}

func checkParameterName(r *yamlfile.Reader, n *yamlfile.Node) {
	if msg := rules.Parameter(n.Text); msg != "" {
		r.Fail(n, "%s", msg)
	}
}

func namesOf(nodes []*yamlfile.Node) string {
	names := make([]string, len(nodes))
	for i, n := range nodes {
		names[i] = n.Text
	}
	return yamlfile.Shorten(strings.Join(names, ", "))
}

// random checks what holds between the settings of a distribution.
func checkRandom(r *yamlfile.Reader, s randomSettings, low, high yamlfile.At[float64]) {
	if s.Name.IsSet() {
		checkParameterName(r, s.Name.Node)
	}
	if low.IsSet() && high.IsSet() && low.Value > high.Value {
		r.Fail(high.Node, "max is below min (%s)", yamlfile.Shorten(low.Node.Written))
	}
}

// seedField is a whole number of any size.
type seedField struct{}

func (seedField) Accepts(n *yamlfile.Node) bool                                 { return n.Kind == yaml.ScalarNode && n.Tag == "!!int" }
func (seedField) Describe() string                                              { return "a whole number" }
func (seedField) Decode(_ *yamlfile.Reader, _ *yamlfile.Node, _ yamlfile.Rules) {}

func (seedField) JSONSchema() *jsonschema.Schema { return &jsonschema.Schema{Type: "integer"} }
