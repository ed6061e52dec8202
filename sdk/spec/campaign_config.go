package spec

import (
	"fmt"
	"reflect"
	"regexp"

	"github.com/invopop/jsonschema"
	"go.yaml.in/yaml/v3"
)

const maxConfigName = 63

var configName = regexp.MustCompile(`^[a-z0-9]+(?:-+[a-z0-9]+)*$`)

// versionField is checked before all else, absence included.
type versionField struct{}

func (versionField) decode(*reader, *node, rules) {}
func (versionField) accepts(*node) bool           { return true }
func (versionField) describe() string             { return "1" }

func (versionField) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Const: campaignVersion}
}

// metadataFile is free but for the name.
type metadataFile struct {
	v    map[string]any
	name *node
}

func (metadataFile) accepts(n *node) bool { return n.kind == yaml.MappingNode }
func (metadataFile) describe() string     { return "a mapping" }

func (m *metadataFile) decode(r *reader, n *node, _ rules) {
	r.decode(n, &m.v)
	if name := n.get("name"); name != nil && !name.isNull() {
		if !accepts(textType, name) {
			r.mismatch(name, textType)
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
func (r *parser) configurations(f at[[]at[configurationFile]]) []Configuration {
	var out []Configuration
	first := map[string]int{}
	for _, entry := range f.v {
		if !entry.set() {
			continue // it is no mapping, which is reported
		}
		c, name := entry.v, entry.v.Name.v
		if c.Name.set() {
			line, twice := first[name]
			switch {
			case name != "" && twice:
				r.fail(c.Name.n, "%s is the name of the configuration on line %d already", c.Name.n.quote(), line)
			case !configName.MatchString(name):
				r.fail(c.Name.n, `%s is not the name of a configuration: lower-case letters and digits are allowed, and "-" between them`, c.Name.n.quote())
			case len(name) > maxConfigName:
				r.fail(c.Name.n, "has %d characters; %d are allowed", len(name), maxConfigName)
			}
			first[name] = c.Name.n.line
		}
		out = append(out, Configuration{Name: name, Parameters: c.Parameters.v, Variations: c.Variations.v,
			Position: Position{Line: entry.n.line, Column: entry.n.col}})
	}
	return out
}

// parametersField is a list of mappings of names to values, each of one name
// as a rule; one mapping of all will do too.
type parametersField struct{ v []Parameter }

func (parametersField) describe() string { return `a list of "NAME: value"` }

func (parametersField) accepts(n *node) bool {
	return n.kind == yaml.SequenceNode || n.kind == yaml.MappingNode
}

func (p *parametersField) decode(r *reader, n *node, _ rules) {
	items := n.items
	if n.kind == yaml.MappingNode {
		items = []*node{n}
	}
	first := map[string]int{}
	for _, item := range items {
		if item.kind != yaml.MappingNode || len(item.fields) == 0 {
			r.fail(item, `must be a parameter, "NAME: value", not %s`, item.kindName())
			continue
		}
		for _, f := range item.fields {
			if !r.textKey(f) {
				continue
			}
			name := f.key.text
			line, twice := first[name]
			switch msg := CheckParameter(name); {
			case msg != "":
				r.failKey(f, "%s", msg)
			case twice:
				r.failKey(f, "the parameter stands on line %d already", line)
			}
			first[name] = f.key.line
			r.textKeys(f)
			p.v = append(p.v, Parameter{Name: name, Value: f.plain()})
		}
	}
}

func (parametersField) JSONSchema() *jsonschema.Schema {
	one := &jsonschema.Schema{Type: "object"}
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{{Type: "array", Items: one}, one}}
}

// outputDirParameter is what RoboVAST adds to a run's parameters.
const outputDirParameter = "_output_dir"

// CheckParameter says what is wrong with a parameter's name, or "".
func CheckParameter(name string) string {
	switch name {
	case "":
		return "has no name"
	case outputDirParameter:
		return "is set for each run and cannot be given"
	}
	return ""
}

// variationsField is a list of mappings of one type to its settings.
type variationsField struct{ v []Variation }

func (variationsField) describe() string     { return `a list of "TYPE: settings"` }
func (variationsField) accepts(n *node) bool { return n.kind == yaml.SequenceNode }

func (f *variationsField) decode(r *reader, n *node, _ rules) {
	for _, item := range n.items {
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
		settings.Set(t.name, schemaFor(t.typ))
	}
	settings.Set(VariationOneOf, &jsonschema.Schema{Type: "object"}) // it holds itself
	return &jsonschema.Schema{Type: "array", Items: &jsonschema.Schema{
		Type: "object", MinProperties: &one, MaxProperties: &one, Properties: settings,
		Description: fmt.Sprintf("One of %s, %s, %s, %s, or a type that is added", VariationList, VariationUniform, VariationGaussian, VariationOneOf),
	}}
}
