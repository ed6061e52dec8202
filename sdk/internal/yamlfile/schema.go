package yamlfile

import (
	"reflect"
	"slices"

	"github.com/invopop/jsonschema"
)

func SchemaOf[T any]() *jsonschema.Schema { return SchemaFor(reflect.TypeFor[T]()) }

func SchemaFor(t reflect.Type) *jsonschema.Schema {
	r := &jsonschema.Reflector{
		Anonymous:                  true, // no $id made of the Go package
		DoNotReference:             true, // small enough to stand inline
		ExpandedStruct:             true,
		RequiredFromJSONSchemaTags: true,
	}
	s := r.ReflectFromType(t)
	s.Version = ""
	allowNull(s)
	return s
}

// allowNull makes null good for every field that is not required, since it
// means to the parser that the field is absent.
func allowNull(s *jsonschema.Schema) {
	if s == nil {
		return
	}
	for pair := s.Properties.Oldest(); pair != nil; pair = pair.Next() {
		allowNull(pair.Value)
		if !slices.Contains(s.Required, pair.Key) {
			pair.Value = OrNull(pair.Value)
		}
	}
	allowNull(s.Items)
	if s.AdditionalProperties != jsonschema.FalseSchema {
		allowNull(s.AdditionalProperties)
	}
}

func OrNull(s *jsonschema.Schema) *jsonschema.Schema {
	null := &jsonschema.Schema{Type: "null"}
	isNull := func(a *jsonschema.Schema) bool { return a.Type == "null" }
	switch {
	case s.Type == "" && s.AnyOf == nil, slices.ContainsFunc(s.AnyOf, isNull):
		return s // anything goes, or null does already
	case s.AnyOf != nil:
		wide := *s
		wide.AnyOf = append(slices.Clip(s.AnyOf), null)
		return &wide
	}
	narrow := *s
	narrow.Description = ""
	return &jsonschema.Schema{Description: s.Description, AnyOf: []*jsonschema.Schema{&narrow, null}}
}
