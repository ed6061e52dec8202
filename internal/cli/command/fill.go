package command

import (
	"reflect"
	"sync"

	"github.com/kubevast/vast/sdk/api"
)

// Fill sets the command line of every remedy in value, which is a pointer to what
// is printed as JSON or YAML. target is called only if value can hold remedies.
func Fill(target func() Target, value any) {
	if v := reflect.ValueOf(value); v.IsValid() && holdsRemedies(v.Type()) {
		fill(target(), v)
	}
}

var remedyType = reflect.TypeFor[api.Remedy]()

func fill(to Target, v reflect.Value) {
	if !holdsRemedies(v.Type()) {
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			fill(to, v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			fill(to, v.Index(i))
		}
	case reflect.Struct:
		if v.Type() == remedyType {
			if r, ok := v.Addr().Interface().(*api.Remedy); ok {
				r.Command = Of(to, *r)
			}
			return
		}
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(to, v.Field(i))
			}
		}
	}
}

// holding caches holdsRemedies by type.
var holding sync.Map

// holdsRemedies reports whether values of a type can hold remedies. Types of other
// packages than api do not, and neither do maps and interfaces.
func holdsRemedies(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice:
		return holdsRemedies(t.Elem())
	case reflect.Struct:
	default:
		return false
	}
	if t == remedyType {
		return true
	}
	if t.PkgPath() != remedyType.PkgPath() {
		return false
	}
	if known, ok := holding.Load(t); ok {
		return known == true
	}
	holding.Store(t, false) // for types that hold themselves
	holds := false
	for i := range t.NumField() {
		holds = holds || holdsRemedies(t.Field(i).Type)
	}
	holding.Store(t, holds)
	return holds
}
