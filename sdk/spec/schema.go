package spec

import (
	"encoding/json"
	"reflect"
	"slices"

	"github.com/invopop/jsonschema"

	"github.com/kubevast/vast/sdk/contexts"
)

// JSONSchema returns the JSON Schema (draft 2020-12) of a task file, for
// editors. It is made of the types that the parser reads. The parser knows
// more than a schema can say: rules between fields, and that the case of
// fixed words does not matter.
func JSONSchema() ([]byte, error) {
	s := schemaOf[taskFile]()
	s.Version = jsonschema.Version
	s.Title = "kubectl vast task"
	return json.MarshalIndent(s, "", "  ")
}

// CampaignJSONSchema is JSONSchema for a campaign file (.vast).
func CampaignJSONSchema() ([]byte, error) {
	s := schemaOf[campaignFile]()
	s.Version = jsonschema.Version
	s.Title = "kubectl vast campaign"
	s.Required = append([]string{"version"}, s.Required...)
	return json.MarshalIndent(s, "", "  ")
}

func schemaOf[T any]() *jsonschema.Schema { return schemaFor(reflect.TypeFor[T]()) }

func schemaFor(t reflect.Type) *jsonschema.Schema {
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
			pair.Value = orNull(pair.Value)
		}
	}
	allowNull(s.Items)
	if s.AdditionalProperties != jsonschema.FalseSchema {
		allowNull(s.AdditionalProperties)
	}
}

func orNull(s *jsonschema.Schema) *jsonschema.Schema {
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

// JSONSchemaExtend lets every field of resources have a value per cluster.
func (candidateFile) JSONSchemaExtend(s *jsonschema.Schema) {
	one := uint64(1)
	for pair := s.Properties.Oldest(); pair != nil; pair = pair.Next() {
		if !contexts.MayDiffer(pair.Key) {
			continue
		}
		plain := *pair.Value
		plain.Description = ""
		list := &jsonschema.Schema{Type: "array", MinItems: &one, Items: &jsonschema.Schema{
			Type: "object", MinProperties: &one, MaxProperties: &one, AdditionalProperties: orNull(&plain),
		}}
		pair.Value = &jsonschema.Schema{Description: pair.Value.Description, AnyOf: []*jsonschema.Schema{&plain, list}}
	}
}

// JSONSchemaExtend lets a variable stand where a fixed word would: they are
// substituted before the word is checked.
func (storageFile) JSONSchemaExtend(s *jsonschema.Schema) {
	for pair := s.Properties.Oldest(); pair != nil; pair = pair.Next() {
		if pair.Value.Enum != nil {
			words := *pair.Value
			pair.Value = &jsonschema.Schema{AnyOf: []*jsonschema.Schema{&words, {Type: "string", Pattern: `\$`}}}
		}
	}
}
