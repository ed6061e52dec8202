package spec

import (
	"fmt"
	"reflect"

	"github.com/invopop/jsonschema"
	"go.yaml.in/yaml/v3"

	"github.com/kubevast/vast/sdk/internal/rules"
	"github.com/kubevast/vast/sdk/internal/yamlfile"
)

const maxConfigName = 63

// versionField is checked before all else, absence included.
type versionField struct{}

func (versionField) Decode(*yamlfile.Reader, *yamlfile.Node, yamlfile.Rules) {}
func (versionField) Accepts(*yamlfile.Node) bool                             { return true }
func (versionField) Describe() string                                        { return "1" }

func (versionField) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Const: campaignVersion}
}

// metadataFile is free but for the name.
type metadataFile struct {
	v    map[string]any
	name *yamlfile.Node
}

func (metadataFile) Accepts(n *yamlfile.Node) bool { return n.Kind == yaml.MappingNode }
func (metadataFile) Describe() string              { return "a mapping" }

func (m *metadataFile) Decode(r *yamlfile.Reader, n *yamlfile.Node, _ yamlfile.Rules) {
	r.Decode(n, &m.v)
	if name := n.Get("name"); name != nil && !name.IsNull() {
		if !yamlfile.Accepts(textType, name) {
			r.Mismatch(name, textType)
			return
		}
		m.name = name
	}
}

func (metadataFile) JSONSchema() *jsonschema.Schema {
	s := &jsonschema.Schema{Type: "object", Properties: jsonschema.NewProperties()}
	s.Properties.Set("name", &jsonschema.Schema{Type: "string", Pattern: namePattern})
	return s
}

// configurations checks what holds between the entries of configuration.
func (r *parser) configurations(f yamlfile.At[[]yamlfile.At[configurationFile]]) []Configuration {
	var out []Configuration
	first := map[string]int{}
	for _, entry := range f.Value {
		if !entry.IsSet() {
			continue // it is no mapping, which is reported
		}
		c, name := entry.Value, entry.Value.Name.Value
		if c.Name.IsSet() {
			line, twice := first[name]
			switch {
			case name != "" && twice:
				r.Fail(c.Name.Node, "%s is the name of the configuration on line %d already", c.Name.Node.Quote(), line)
			case !rules.IsConfig(name):
				r.Fail(c.Name.Node, `%s is not the name of a configuration: lower-case letters and digits are allowed, and "-" between them`, c.Name.Node.Quote())
			case len(name) > maxConfigName:
				r.Fail(c.Name.Node, "has %d characters; %d are allowed", len(name), maxConfigName)
			}
			first[name] = c.Name.Node.Line
		}
		out = append(out, Configuration{Name: name, Parameters: c.Parameters.v, Variations: c.Variations.v,
			Position: Position{Line: entry.Node.Line, Column: entry.Node.Column}})
	}
	return out
}

// parametersField is a list of mappings of names to values, each of one name
// as a rule; one mapping of all will do too.
type parametersField struct{ v []Parameter }

func (parametersField) Describe() string { return `a list of "NAME: value"` }

func (parametersField) Accepts(n *yamlfile.Node) bool {
	return n.Kind == yaml.SequenceNode || n.Kind == yaml.MappingNode
}

func (p *parametersField) Decode(r *yamlfile.Reader, n *yamlfile.Node, _ yamlfile.Rules) {
	items := n.Items
	if n.Kind == yaml.MappingNode {
		items = []*yamlfile.Node{n}
	}
	first := map[string]int{}
	for _, item := range items {
		if item.Kind != yaml.MappingNode || len(item.Fields) == 0 {
			r.Fail(item, `must be a parameter, "NAME: value", not %s`, item.KindName())
			continue
		}
		for _, f := range item.Fields {
			if !r.TextKey(f) {
				continue
			}
			name := f.Key.Text
			line, twice := first[name]
			switch msg := rules.Parameter(name); {
			case msg != "":
				r.FailKey(f, "%s", msg)
			case twice:
				r.FailKey(f, "duplicate parameter: already set on line %d", line)
			}
			first[name] = f.Key.Line
			r.TextKeys(f)
			p.v = append(p.v, Parameter{Name: name, Value: f.Plain()})
		}
	}
}

func (parametersField) JSONSchema() *jsonschema.Schema {
	one := &jsonschema.Schema{Type: "object"}
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{{Type: "array", Items: one}, one}}
}

// variationsField is a list of mappings of one type to its settings.
type variationsField struct{ v []Variation }

func (variationsField) Describe() string              { return `a list of "TYPE: settings"` }
func (variationsField) Accepts(n *yamlfile.Node) bool { return n.Kind == yaml.SequenceNode }

func (f *variationsField) Decode(r *yamlfile.Reader, n *yamlfile.Node, _ yamlfile.Rules) {
	for _, item := range n.Items {
		if v, ok := readVariation(r, item); ok {
			f.v = append(f.v, v)
		}
	}
}

func (variationsField) JSONSchema() *jsonschema.Schema {
	one := uint64(1)
	settings := jsonschema.NewProperties()
	for _, t := range []struct {
		name string
		typ  reflect.Type
	}{
		{VariationList, reflect.TypeFor[listSettings]()},
		{VariationUniform, reflect.TypeFor[uniformSettings]()},
		{VariationGaussian, reflect.TypeFor[gaussianSettings]()},
	} {
		settings.Set(t.name, yamlfile.SchemaFor(t.typ))
	}
	settings.Set(VariationOneOf, &jsonschema.Schema{Type: "object"}) // it holds itself
	return &jsonschema.Schema{Type: "array", Items: &jsonschema.Schema{
		Type: "object", MinProperties: &one, MaxProperties: &one, Properties: settings,
		Description: fmt.Sprintf("One of %s, %s, %s, %s, or a type that is added", VariationList, VariationUniform, VariationGaussian, VariationOneOf),
	}}
}
