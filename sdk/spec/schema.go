package spec

import (
	"encoding/json"
	"reflect"

	"github.com/invopop/jsonschema"
)

// JSONSchema returns the JSON Schema (draft 2020-12) of a task file, for
// editors. It is made of the types that the parser reads.
func JSONSchema() ([]byte, error) {
	s := schemaOf[taskFile]()
	s.Version = jsonschema.Version
	s.Title = "kubectl vast task"
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
	return s
}
