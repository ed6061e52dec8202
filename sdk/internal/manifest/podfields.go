package manifest

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	kjson "sigs.k8s.io/json"

	"github.com/kubevast/vast/internal/text"
	"github.com/kubevast/vast/sdk/internal/yamlfile"
)

// podFields checks pod_config, as it is written, against the fields of a pod and
// their types, which are those of Kubernetes' own Go package. A decoder would stop
// at the first value of a wrong type, and the pod that is merged has other places.
type podFields struct{ *reach }

// check returns the values of pod_config that a pod can have, with every list as
// long as it is in the file, and notes the others.
func (f podFields) check(config map[string]any) map[string]any {
	own := maps.Clone(config)
	for _, key := range []string{"apiVersion", "kind"} { // some write a whole Pod
		delete(own, key)
	}
	out, _ := f.value("", own, reflect.TypeFor[corev1.PodTemplateSpec]()).(map[string]any)
	return out
}

var unmarshaler = reflect.TypeFor[json.Unmarshaler]()

// value returns v as far as it can be a T, or nil.
func (f podFields) value(path string, v any, t reflect.Type) any {
	if v == nil { // null takes out what is there
		return nil
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if reflect.PointerTo(t).Implements(unmarshaler) {
		return f.leaf(path, v, t)
	}
	switch t.Kind() {
	case reflect.Struct:
		return f.mapping(path, v, t)
	case reflect.Map:
		m, ok := v.(map[string]any)
		if !ok {
			return f.not(path, "a mapping", v)
		}
		out := map[string]any{}
		for _, key := range slices.Sorted(maps.Keys(m)) {
			if x := f.value(yamlfile.Below(path, key), m[key], t.Elem()); x != nil || m[key] == nil {
				out[key] = x
			}
		}
		return out
	case reflect.Slice:
		return f.list(path, v, t)
	}
	return f.scalar(path, v, t)
}

func (f podFields) mapping(path string, v any, t reflect.Type) any {
	m, ok := v.(map[string]any)
	if !ok {
		return f.not(path, "a mapping", v)
	}
	fields := fieldsOf(t)
	out := map[string]any{}
	for _, key := range slices.Sorted(maps.Keys(m)) {
		below := yamlfile.Below(path, key)
		field, known := fields[key]
		if !known {
			f.unknown(below, key, slices.Sorted(maps.Keys(fields)))
			continue
		}
		if x := f.value(below, m[key], field); x != nil || m[key] == nil {
			out[key] = x
		}
	}
	return out
}

func (f podFields) list(path string, v any, t reflect.Type) any {
	items, ok := v.([]any)
	if !ok {
		return f.not(path, "a list", v)
	}
	out := make([]any, len(items))
	for i, item := range items {
		at := fmt.Sprintf("%s[%d]", path, i)
		if out[i] = f.value(at, item, t.Elem()); item == nil {
			f.refuse(at, "is empty; remove it, or write what belongs there")
		}
		if out[i] == nil { // keep the places of the others
			out[i] = zeroOf(t.Elem())
		}
	}
	return out
}

// zeroOf is an empty value in the place of one that cannot be.
func zeroOf(t reflect.Type) any {
	if t.Kind() == reflect.Struct {
		return map[string]any{}
	}
	return reflect.Zero(t).Interface()
}

// fieldsOf returns the fields of a struct by their names in a file, with those of
// the structs that stand in it inline.
func fieldsOf(t reflect.Type) map[string]reflect.Type {
	out := map[string]reflect.Type{}
	for i := range t.NumField() {
		field := t.Field(i)
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case name == "-":
		case field.Anonymous && name == "" || strings.Contains(options, "inline"):
			maps.Copy(out, fieldsOf(field.Type))
		case name != "":
			out[name] = field.Type
		}
	}
	return out
}

// index is an entry of a list in a path.
var index = regexp.MustCompile(`\[[0-9]+\]`)

func (f podFields) unknown(path, key string, known []string) {
	at, full := f.task.PodConfigKey(path), podConfigPath+"."+path
	if near := text.Nearest(key, known); near != "" {
		f.addAt(at, full, "unknown field; did you mean %q?", near)
		return
	}
	above := index.ReplaceAllString(path[:max(strings.LastIndex(path, "."), 0)], "")
	f.addAt(at, full, "unknown field; kubectl explain %s lists those that there are", strings.TrimSuffix("pod."+above, "."))
}

// leaf checks a value that has a form of its own, such as a quantity.
func (f podFields) leaf(path string, v any, t reflect.Type) any {
	data, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(data, reflect.New(t).Interface())
	}
	switch _, isMap := v.(map[string]any); {
	case err == nil:
		return v
	case t == reflect.TypeFor[resource.Quantity]() && !isMap:
		return f.not(path, `a quantity, such as 2, "500m" or "4Gi"`, v)
	case t.Name() == "IntOrString":
		return f.not(path, "a number or a name", v)
	}
	return f.not(path, "a "+t.Name(), v)
}

func (f podFields) scalar(path string, v any, t reflect.Type) any {
	switch t.Kind() {
	case reflect.String:
		if _, ok := v.(string); ok {
			return v
		}
		if _, list := v.([]any); !list && !isMapping(v) {
			f.refuse(path, "must be text, not %s; write it in quotes: %q", describeValue(v), fmt.Sprint(v))
			return nil
		}
		return f.not(path, "text", v)
	case reflect.Bool:
		if _, ok := v.(bool); ok {
			return v
		}
		return f.not(path, "true or false", v)
	case reflect.Int, reflect.Int32, reflect.Int64:
		n, ok := wholeNumber(v)
		if ok && !reflect.Zero(t).OverflowInt(n) {
			return n
		}
		if ok {
			f.refuse(path, "%d is out of range", n)
			return nil
		}
		return f.not(path, "a whole number", v)
	case reflect.Float64:
		switch v.(type) {
		case float64, int64:
			return v
		}
		return f.not(path, "a number", v)
	}
	return v
}

func wholeNumber(v any) (int64, bool) {
	switch n := v.(type) {
	case int64:
		return n, true
	case float64:
		return int64(n), n == math.Trunc(n) && math.Abs(n) < 1<<53
	}
	return 0, false
}

func isMapping(v any) bool { _, ok := v.(map[string]any); return ok }

// not notes that a value is not what it must be, and returns nil.
func (f podFields) not(path, must string, v any) any {
	f.refuse(path, "must be %s, not %s", must, describeValue(v))
	return nil
}

// describeValue describes a value, shortened.
func describeValue(v any) string {
	switch v := v.(type) {
	case map[string]any:
		return "a mapping"
	case []any:
		return "a list"
	case string:
		return "the text " + strconv.Quote(text.Short(v, 60))
	case bool:
		return "the boolean " + strconv.FormatBool(v)
	}
	return fmt.Sprintf("the number %v", v)
}

// plain brings YAML's numbers and maps to the forms that JSON has.
func plain(in map[string]any) (map[string]any, error) {
	data, err := json.Marshal(in)
	if err != nil {
		return nil, err
	}
	out := map[string]any{}
	return out, kjson.UnmarshalCaseSensitivePreserveInts(data, &out)
}
