package yamlfile

import (
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"
)

// PlainFor is plain for what will be read into a type by its JSON names: of a
// scalar that the two YAMLs read differently it takes the reading that fits the
// field, and YAML 1.1's where both do or neither. t may be nil, for anything.
func (n *Node) PlainFor(t reflect.Type) any {
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch n.Kind {
	case yaml.MappingNode:
		m := make(map[string]any, len(n.Fields))
		for _, f := range n.Fields {
			m[f.Key.Text] = f.PlainFor(fieldOf(t, f.Key.Text))
		}
		return m
	case yaml.SequenceNode:
		var item reflect.Type
		if t != nil && t.Kind() == reflect.Slice {
			item = t.Elem()
		}
		s := make([]any, len(n.Items))
		for i := range n.Items {
			s[i] = n.Items[i].PlainFor(item)
		}
		return s
	}
	if n.other == "" || t == nil || Accepts(t, scalarNode(Scalar{Tag: n.Tag})) || !Accepts(t, scalarNode(Scalar{Tag: n.other})) {
		return n.Plain()
	}
	if n.other == "!!str" {
		return n.Text
	}
	if v, err := later(n.other, n.Text); err == nil {
		return v
	}
	return n.Plain()
}

// fieldOf is the type of what a JSON object that is read into t has under a key;
// nil for anything.
func fieldOf(t reflect.Type, key string) reflect.Type {
	switch {
	case t == nil:
	case t.Kind() == reflect.Map:
		return t.Elem()
	case t.Kind() == reflect.Struct:
		for _, f := range reflect.VisibleFields(t) {
			if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name == key {
				return f.Type
			}
		}
	}
	return nil
}
