package spec

import (
	"encoding/json"

	"github.com/invopop/jsonschema"

	"github.com/kubevast/vast/sdk/internal/percontext"
	"github.com/kubevast/vast/sdk/internal/yamlfile"
)

// JSONSchema returns the JSON Schema (draft 2020-12) of a task file, for
// editors. It is made of the types that the parser reads. The parser knows
// more than a schema can say: rules between fields, and that the case of
// fixed words does not matter.
func JSONSchema() ([]byte, error) {
	s := yamlfile.SchemaOf[taskFile]()
	s.Version = jsonschema.Version
	s.Title = "kubevast task"
	return json.MarshalIndent(s, "", "  ")
}

// CampaignJSONSchema is JSONSchema for a campaign file (.vast).
func CampaignJSONSchema() ([]byte, error) {
	s := yamlfile.SchemaOf[campaignFile]()
	s.Version = jsonschema.Version
	s.Title = "kubevast campaign"
	s.Required = append([]string{"version"}, s.Required...)
	return json.MarshalIndent(s, "", "  ")
}

// JSONSchemaExtend lets every field of resources have a value per cluster.
func (candidateFile) JSONSchemaExtend(s *jsonschema.Schema) {
	one := uint64(1)
	for pair := s.Properties.Oldest(); pair != nil; pair = pair.Next() {
		if !percontext.MayDiffer(pair.Key) {
			continue
		}
		plain := *pair.Value
		plain.Description = ""
		list := &jsonschema.Schema{Type: "array", MinItems: &one, Items: &jsonschema.Schema{
			Type: "object", MinProperties: &one, MaxProperties: &one, AdditionalProperties: yamlfile.OrNull(&plain),
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
