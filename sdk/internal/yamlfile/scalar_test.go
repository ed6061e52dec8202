package yamlfile

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/sdk/internal/yaml11"
)

// What PyYAML makes of documents is in a table that PyYAML has made.
func TestDocumentsAreReadAsPyYAMLReadsThem(t *testing.T) {
	data, err := os.ReadFile("testdata/documents.json")
	if err != nil {
		t.Fatal(err)
	}
	var table struct {
		Documents []struct {
			YAML string
			JSON any
		}
	}
	exactly := func(data []byte, into any) {
		dec := json.NewDecoder(bytes.NewReader(data))
		dec.UseNumber()
		if err := dec.Decode(into); err != nil {
			t.Fatal(err)
		}
	}
	exactly(data, &table)
	if len(table.Documents) == 0 {
		t.Fatal("the table is empty")
	}
	for _, d := range table.Documents {
		t.Run(d.YAML, func(t *testing.T) {
			r := NewReader("a.yaml", Format{MaxBytes: 1 << 20, MaxAliased: 100})
			docs := r.Documents([]byte(d.YAML))
			if err := r.Err(); err != nil {
				t.Fatal(err)
			}
			text, err := json.Marshal(asPython(docs[0].Plain()))
			if err != nil {
				t.Fatal(err)
			}
			var got any
			exactly(text, &got)
			if diff := cmp.Diff(d.JSON, got); diff != "" {
				t.Errorf("PyYAML and here (-want,+got):\n%s", diff)
			}
		})
	}
}

// asPython writes numbers with a fraction as Python's json does.
func asPython(v any) any {
	switch v := v.(type) {
	case float64:
		return json.Number(yaml11.FloatText(v))
	case []any:
		for i := range v {
			v[i] = asPython(v[i])
		}
	case map[string]any:
		for key := range v {
			v[key] = asPython(v[key])
		}
	}
	return v
}
