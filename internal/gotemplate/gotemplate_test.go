package gotemplate_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"text/template"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/internal/gotemplate"
)

const data = `{"items": [
	{"metadata": {"name": "a", "labels": {"x": "1", "b": "2", "a": "3"}}, "n": 1.5, "done": true, "none": null},
	{"metadata": {"name": "b&<c>", "labels": {}}, "n": 0, "done": false, "list": []},
	"text", null, 7
], "empty": "", "count": 3, "null": null, "key": "items", "map": {"k": {"k": "v"}}}`

// seeds are templates: their output and their errors are compared with those of
// text/template.
var seeds = []string{
	"", "plain", "{{.}}", "{{.count}}", "{{.missing}}", "{{.null}}", "{{.missing.deeper}}", "{{.null.deeper}}",
	"{{.count.deeper}}", "{{.items.name}}", "{{range .items}}{{.metadata.name}},{{end}}",
	"{{range $i, $e := .items}}{{$i}}={{$e}};{{end}}", "{{range $e := .items}}[{{$e}}]{{end}}",
	"{{range .items}}{{if eq . \"text\"}}{{break}}{{end}}x{{end}}",
	"{{range $i, $e := .items}}{{if lt $i 2}}{{continue}}{{end}}{{$e}}{{else}}none{{end}}",
	"{{range .empty}}x{{else}}none{{end}}", "{{range .missing}}x{{else}}none{{end}}", "{{range .null}}x{{else}}none{{end}}",
	"{{range .count}}x{{end}}", "{{range 3}}{{.}}{{end}}", "{{range $i := 2}}{{$i}}{{end}}", "{{range $i, $j := 2}}{{$i}}{{end}}",
	"{{with index .items 0}}{{range $k, $v := .metadata.labels}}{{$k}}{{$v}}{{end}}{{end}}",
	"{{with .missing}}x{{else with .map}}{{.k.k}}{{else}}y{{end}}", "{{if .empty}}a{{else if .count}}b{{else}}c{{end}}",
	"{{$x := 1}}{{range .items}}{{$x = .}}{{end}}{{$x}}", "{{$x := .items}}{{len $x}}{{$x.y}}", "{{$y}}",
	"{{index .items 1 \"metadata\" \"name\" | printf \"%s-%d\" \"q\"}}", "{{printf \"%s-%v\" .key .count}}",
	"{{index .items 9}}", "{{index .items 5}}", "{{index .items -1}}", "{{index .items \"x\"}}", "{{index .items nil}}", "{{index .map \"nope\"}}", "{{index .map 1}}",
	"{{index .null 1}}", "{{index .count 1}}", "{{index .missing \"x\"}}", "{{index .map \"k\" \"k\" 0}}", "{{index .map \"a\" \"b\"}}",
	"{{slice .key 1 3}}", "{{slice .key 3 1}}", "{{slice .items 1 2}}", "{{slice .key 1 2 3}}", "{{slice .count 1}}", "{{slice .items 0 1 2}}", "{{slice .key 99}}", "{{slice .null}}", "{{slice .key}}",
	"{{len .items}} {{len .key}} {{len .map}}", "{{len .count}}", "{{len .null}}", "{{len 3}}", "{{len nil}}",
	"{{print 1 2 .key .null .missing}}", "{{println .key}}", "{{printf .count}}", "{{printf 1}}", "{{printf nil}}", "{{printf}}", "{{print nil}}",
	"{{html \"<a>\" .key}} {{js \"'x'\"}} {{urlquery \"a b&c\"}}", "{{(index .items 1).metadata.name | html}}",
	"{{and .count .key}} {{and .empty .nope.x}} {{or .empty .key}} {{or .empty 0}} {{not .empty}} {{.key | and 1}} {{.key | or 0}} {{and}} ", "{{or}}", "{{not}}", "{{and nil 1}}",
	"{{eq .count 3}}", "{{eq .count 3.0}}", "{{eq .key \"a\" \"items\"}}", "{{eq .key}}", "{{eq .null nil}}", "{{eq .missing nil}}", "{{eq .map .map}}", "{{eq .map .items}}", "{{eq .map nil}}", "{{eq .key .map}}", "{{eq .missing .key}}", "{{ne .key \"x\"}}", "{{eq nil nil}}", "{{eq .items 1}}",
	"{{lt .count 4}} {{le .count 3}} {{gt .count 3}} {{ge .count 3}}", "{{lt .key .count}}", "{{lt .map 1}}", "{{lt .key \"z\"}}", "{{gt true false}}", "{{ge .map 1}}", "{{lt .missing 1}}", "{{lt 1.5 2.5}}", "{{lt 1 2 3}}",
	"{{define \"t\"}}<{{.}}{{$}}>{{end}}{{template \"t\" .key}}{{template \"t\"}}", "{{template \"nope\"}}", "{{block \"b\" .map}}{{.k.k}}{{end}}", "{{define \"t\"}}{{.x.y}}{{end}}{{template \"t\" .key}}",
	"{{define \"t\"}}{{template \"t\"}}{{end}}{{template \"t\"}}", "{{exists . \"items\" 0}}", "{{base64decode \"aGk=\"}}", "{{base64decode .key}}", "{{.key | base64decode}}", "{{base64decode 1}}", "{{base64decode .count}}", "{{base64decode .null}}", "{{base64decode nil}}", "{{base64decode .missing}}", "{{base64decode true}}",
	"{{1}} {{1.5}} {{1e3}} {{0x1F}} {{'a'}} {{true}} {{\"s\"}} {{1i}} {{0x1p4}} {{1_000}} {{`raw`}}", "{{99999999999999999999}}", "{{18446744073709551615}}",
	"{{nil}}", "{{1 2}}", "{{.key 1}}", "{{1 | .key}}", "{{1 | 2}}", "{{\"a\" \"b\"}}", "{{(.key) 1}}", "{{$ 1}}", "{{. 1}}", "{{$.key 1}}", "{{(nil).x}}", "{{.key.x 1}}", "{{.map.k 1}}",
	"{{call .key}}", "{{call nil}}", "{{call .null 1}}", "{{undefined .x}}", "{{if}}x{{end}}", "{{.x", "{{end}}", "{{/* c */}}x", "{{- .key -}} x", "{{(.map).k.k}}", "{{((.map).k).x.y}}", "{{$x := .map}}{{$x.k.k}}{{$x.nope}}",
	"{{range .items}}{{.n}}{{end}}", "{{range .map}}{{.k}}{{end}}", "{{range $k, $v := .map}}{{$k}}{{$v.k}}{{end}}", "{{range .key}}{{.}}{{end}}", "{{range true}}{{end}}", "{{range 1.5}}{{end}}",
	"{{with $x := .key}}{{$x}}{{end}}", "{{if $x := .key}}{{$x}}{{.count}}{{end}}", "{{$x := 1}}{{if true}}{{$x := 2}}{{$x}}{{end}}{{$x}}", "{{$x := 1}}{{if true}}{{$x = 2}}{{end}}{{$x}}",
	"{{$a := 0}}{{$b := 0}}{{range $a, $b = .items}}{{end}}{{$a}}{{$b}}", "{{range $i, $e := .items}}{{range $j, $f := $.map}}{{$i}}{{$j}}{{break}}{{end}}{{end}}",
	"{{printf \"%d\" (len .items)}}", "{{print (index .items 0).n}}", "{{print (.missing)}}", "{{.key | len | printf \"%03d\"}}", "{{len (.key | printf \"%s!\")}}", "{{printf \"%T %T\" 1 .count}}", "{{print .null}}{{print .items}}", "{{not .map | not}}",
}

func FuzzTemplatesAreExecutedAsTextTemplateDoes(f *testing.F) {
	for _, s := range seeds {
		f.Add(s, false)
		f.Add(s, true)
	}
	f.Fuzz(func(t *testing.T, text string, missingKeyError bool) {
		var object any
		if err := json.Unmarshal([]byte(data), &object); err != nil {
			t.Fatal(err)
		}
		want, wantErr := withTextTemplate(text, missingKeyError, object)
		got, gotErr := withGoTemplate(text, missingKeyError, object)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: output (-text/template +gotemplate):\n%s", text, diff)
		}
		if diff := cmp.Diff(wantErr, gotErr); diff != "" {
			t.Errorf("%s: error (-text/template +gotemplate):\n%s", text, diff)
		}
	})
}

var functions = map[string]any{
	"exists": func(item any, keys ...any) bool { return item != nil && len(keys) > 0 },
	"base64decode": func(s string) (string, error) {
		if s == "items" {
			return "", errors.New("cannot decode")
		}
		return "decoded " + s, nil
	},
}

func withTextTemplate(text string, missingKeyError bool, object any) (string, string) {
	t, err := template.New("output").Funcs(functions).Parse(text)
	if err != nil {
		return "", err.Error()
	}
	if missingKeyError {
		t.Option("missingkey=error")
	}
	var out strings.Builder
	return executed(&out, t.Execute(&out, object))
}

func withGoTemplate(text string, missingKeyError bool, object any) (string, string) {
	t, err := gotemplate.Parse("output", text, functions)
	if err != nil {
		return "", err.Error()
	}
	t.MissingKeyError = missingKeyError
	var out strings.Builder
	return executed(&out, t.Execute(&out, object))
}

func executed(out *strings.Builder, err error) (string, string) {
	if err != nil {
		return out.String(), err.Error()
	}
	return out.String(), ""
}

func TestStructsAreReadByTheirFields(t *testing.T) {
	type inner struct{ Name string }
	value := struct {
		*inner
		Inner *inner
		Pairs [][2]string
		Count int32
	}{&inner{"a"}, nil, [][2]string{{"k", "v"}}, 2}
	text := `{{.Name}}{{.Inner}}{{.Count}}{{range .Pairs}}{{index . 0}}={{index . 1}}{{end}}{{if eq .Count 2}}two{{end}}{{.Inner.Name}}`
	want, wantErr := withTextTemplate(text, false, value)
	got, gotErr := withGoTemplate(text, false, value)
	if diff := cmp.Diff([]string{want, wantErr}, []string{got, gotErr}); diff != "" {
		t.Errorf("-text/template +gotemplate:\n%s", diff)
	}
}
