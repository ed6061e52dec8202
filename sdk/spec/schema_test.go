package spec

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/invopop/jsonschema"

	"github.com/kubevast/vast/sdk/internal/percontext"
	"github.com/kubevast/vast/sdk/internal/yamlfile"
)

// formats are the struct types of format.go that the schema can reach.
func formats(t reflect.Type, seen map[reflect.Type]bool) {
	if a, ok := reflect.New(t).Interface().(interface{ JSONSchemaAlias() any }); ok {
		formats(reflect.TypeOf(a.JSONSchemaAlias()), seen)
		return
	}
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		formats(t.Elem(), seen)
	case reflect.Struct:
		if seen[t] {
			return
		}
		fields := yamlfile.StructFields(t)
		if len(fields) > 0 {
			seen[t] = true
		}
		for _, f := range fields {
			formats(f.Typ, seen)
		}
	}
}

func TestParserAndSchemaKnowTheSameFields(t *testing.T) {
	seen := map[reflect.Type]bool{}
	for _, root := range []reflect.Type{
		reflect.TypeFor[taskFile](), reflect.TypeFor[volumeFile](), reflect.TypeFor[headerFile](),
		reflect.TypeFor[namedVolume](), reflect.TypeFor[ephemeralVolume](), reflect.TypeFor[storageFile](),
		reflect.TypeFor[jobRecovery](), reflect.TypeFor[autostop](), reflect.TypeFor[dockerObj](),
		reflect.TypeFor[managedSecretMount](), reflect.TypeFor[workdirFile](),
		reflect.TypeFor[workflowFile](), reflect.TypeFor[workflowTaskFile](), reflect.TypeFor[approvalFile](), reflect.TypeFor[inputFile](),
		reflect.TypeFor[scheduleFile](), reflect.TypeFor[webhookFile](), reflect.TypeFor[outputEnvFile](),
	} {
		formats(root, seen)
	}
	if len(seen) < 25 {
		t.Errorf("only %d types found", len(seen))
	}
	for typ := range seen {
		t.Run(typ.Name(), func(t *testing.T) {
			s := yamlfile.SchemaFor(typ)
			var inSchema, inParser, needed []string
			for p := s.Properties.Oldest(); p != nil; p = p.Next() {
				inSchema = append(inSchema, p.Key)
			}
			for _, f := range yamlfile.StructFields(typ) {
				inParser = append(inParser, f.Name)
				if f.Rules.Required {
					needed = append(needed, f.Name)
				}
			}
			slices.Sort(inSchema)
			slices.Sort(inParser)
			if diff := cmp.Diff(inSchema, inParser); diff != "" {
				t.Errorf("fields (-schema,+parser):\n%s", diff)
			}
			if diff := cmp.Diff(s.Required, needed); diff != "" {
				t.Errorf("required fields (-schema,+parser):\n%s", diff)
			}
			if s.AdditionalProperties != jsonschema.FalseSchema {
				t.Errorf("the schema accepts unknown fields")
			}
		})
	}
}

func TestTheParserReadsEveryFieldOfTheSchema(t *testing.T) {
	data, err := JSONSchema()
	if err != nil {
		t.Fatal(err)
	}
	var s struct {
		Schema     string `json:"$schema"`
		Properties map[string]json.RawMessage
	}
	if err := json.Unmarshal(data, &s); err != nil {
		t.Fatal(err)
	}
	if s.Schema != jsonschema.Version || len(s.Properties) < 15 {
		t.Errorf("$schema %q with %d properties", s.Schema, len(s.Properties))
	}
	for key := range s.Properties {
		if key == "run" {
			continue
		}
		if _, err := Parse("task.yaml", fmt.Appendf(nil, "%s: null\nrun: x\n", key), Inputs{}); err != nil {
			t.Errorf("%v", err)
		}
	}
}

func TestTheSchemaTakesValuesPerCluster(t *testing.T) {
	s := yamlfile.SchemaOf[taskFile]().Properties.Value("resources")
	s = s.AnyOf[0] // the other is null
	if s.Properties.Len() < 30 {
		t.Fatalf("resources have %d fields", s.Properties.Len())
	}
	perCluster := func(s *jsonschema.Schema) bool {
		return slices.ContainsFunc(s.AnyOf, func(a *jsonschema.Schema) bool {
			return a.Type == "array" && a.Items.Type == "object" && a.Items.AdditionalProperties != nil &&
				a.Items.MinProperties != nil && *a.Items.MinProperties == 1 && a.Items.MaxProperties != nil && *a.Items.MaxProperties == 1
		})
	}
	for p := s.Properties.Oldest(); p != nil; p = p.Next() {
		if got := perCluster(p.Value); got != percontext.MayDiffer(p.Key) {
			t.Errorf("%s: takes values per cluster: %v", p.Key, got)
		}
	}
	entry := s.Properties.Value("any_of").AnyOf[0].Items
	if !perCluster(entry.Properties.Value("cpus")) {
		t.Error("the fields of a candidate take none")
	}
}

func TestTheParserReadsEveryFieldOfTheWorkflowSchema(t *testing.T) {
	data, err := WorkflowJSONSchema()
	if err != nil {
		t.Fatal(err)
	}
	type object struct {
		Schema            string `json:"$schema"`
		Properties        map[string]json.RawMessage
		PatternProperties map[string]struct{ Properties map[string]json.RawMessage }
	}
	var s, tasks object
	if err := json.Unmarshal(data, &s); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(s.Properties["tasks"], &tasks); err != nil {
		t.Fatal(err)
	}
	task := tasks.PatternProperties[nodePattern].Properties
	if s.Schema != jsonschema.Version || len(s.Properties) != 10 || len(task) < 30 {
		t.Fatalf("$schema %q with %d properties, and %d of a task", s.Schema, len(s.Properties), len(task))
	}
	delete(s.Properties, "kind")
	delete(s.Properties, "tasks")
	delete(task, "run")
	for key := range s.Properties {
		if _, err := ParseWorkflow("wf.yaml", fmt.Appendf(nil, "kind: Workflow\n%s: null\ntasks: {a: {run: x}}\n", key), Inputs{}); err != nil {
			t.Error(err)
		}
	}
	for key := range task {
		if _, err := ParseWorkflow("wf.yaml", fmt.Appendf(nil, "kind: Workflow\ntasks: {a: {%s: null, run: x}}\n", key), Inputs{}); err != nil {
			t.Error(err)
		}
	}
}
