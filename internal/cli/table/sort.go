package table

import (
	"cmp"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/client-go/util/jsonpath"
	"k8s.io/kubectl/pkg/cmd/get"
)

// sortByPath sorts items by a JSONPath of their JSON form, as `kubectl get
// --sort-by` does: what lacks the field comes first, and a field that none has is
// an error. kubectl's own sorter ends the program at a pointer that is nil, at a
// bool and at numbers of two types.
func sortByPath[T any](path string, items []T) error {
	path, err := get.RelaxedJSONPathExpression(path)
	if err != nil {
		return err
	}
	parser := jsonpath.New("sort-by").AllowMissingKeys(true)
	if err := parser.Parse(path); err != nil {
		return err
	}
	type keyed struct {
		item T
		key  any
	}
	all, found := make([]keyed, len(items)), false
	for i := range items {
		all[i].item = items[i]
		if all[i].key, err = valueAt(parser, &items[i]); err != nil {
			return err
		}
		found = found || all[i].key != nil
	}
	if !found && len(items) > 0 {
		return fmt.Errorf("no column, and no field of an item, is %s", path)
	}
	slices.SortStableFunc(all, func(a, b keyed) int { return compareJSON(a.key, b.key) })
	for i := range all {
		items[i] = all[i].item
	}
	return nil
}

// valueAt is the first value at a path; nil for none.
func valueAt(parser *jsonpath.JSONPath, item any) (any, error) {
	data, err := json.Marshal(item)
	if err != nil {
		return nil, err
	}
	var tree any
	if err := json.Unmarshal(data, &tree); err != nil {
		return nil, err
	}
	results, err := parser.FindResults(tree)
	if err != nil || len(results) == 0 || len(results[0]) == 0 {
		return nil, err
	}
	value := results[0][0]
	for value.Kind() == reflect.Interface && !value.IsNil() {
		value = value.Elem()
	}
	if !value.IsValid() || !value.CanInterface() {
		return nil, nil
	}
	switch v := value.Interface().(type) {
	case map[string]any, []any:
		return nil, fmt.Errorf("the field holds several values, and cannot be sorted by")
	default:
		return v, nil
	}
}

// compareJSON compares two values of JSON: none, false, true, numbers, texts, in
// this order.
func compareJSON(a, b any) int {
	kind := func(v any) int {
		switch v.(type) {
		case nil:
			return 0
		case bool:
			return 1
		case float64:
			return 2
		}
		return 3
	}
	if order := cmp.Compare(kind(a), kind(b)); order != 0 {
		return order
	}
	switch x := a.(type) {
	case bool:
		return cmp.Compare(fmt.Sprint(x), fmt.Sprint(b))
	case float64:
		return cmp.Compare(x, b.(float64))
	case string:
		return compareTexts(x, b.(string))
	}
	return 0
}

// compareTexts compares times by time and quantities by what they amount to, and
// puts both before other texts.
func compareTexts(a, b string) int {
	x, y := readText(a), readText(b)
	switch {
	case x.kind != y.kind:
		return cmp.Compare(x.kind, y.kind)
	case x.kind == aTime:
		return x.time.Compare(y.time)
	case x.kind == aQuantity:
		return x.quantity.Cmp(y.quantity)
	}
	return strings.Compare(a, b)
}

const (
	aTime = iota
	aQuantity
	aText
)

type readAs struct {
	kind     int
	time     time.Time
	quantity resource.Quantity
}

func readText(s string) readAs {
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return readAs{kind: aTime, time: t}
	}
	if q, err := resource.ParseQuantity(s); err == nil {
		return readAs{kind: aQuantity, quantity: q}
	}
	return readAs{kind: aText}
}

// ByQuantity compares by a quantity's text.
func ByQuantity[T any](value func(*T) string) func(a, b *T) int {
	return func(a, b *T) int { return compareTexts(value(a), value(b)) }
}
