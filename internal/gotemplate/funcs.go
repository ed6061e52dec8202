package gotemplate

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"text/template"
	"text/template/parse"
)

// predefined are the functions of text/template.
var predefined = map[string]any{
	"and":      func(v reflect.Value, _ ...reflect.Value) reflect.Value { return v }, // see state.logic
	"or":       func(v reflect.Value, _ ...reflect.Value) reflect.Value { return v }, // see state.logic
	"not":      func(v reflect.Value) bool { return !truth(v) },
	"call":     func(v reflect.Value, _ ...reflect.Value) reflect.Value { return v }, // see state.call
	"html":     template.HTMLEscaper,
	"js":       template.JSEscaper,
	"urlquery": template.URLQueryEscaper,
	"index":    index,
	"slice":    slice,
	"len":      length,
	"print":    fmt.Sprint,
	"printf":   fmt.Sprintf,
	"println":  fmt.Sprintln,
	"eq":       equal,
	"ne": func(a, b reflect.Value) (bool, error) {
		eq, err := equal(a, b)
		return !eq, err
	},
	"lt": less,
	"le": lessOrEqual,
	"gt": func(a, b reflect.Value) (bool, error) {
		le, err := lessOrEqual(a, b)
		return !le && err == nil, err
	},
	"ge": func(a, b reflect.Value) (bool, error) {
		lt, err := less(a, b)
		return !lt && err == nil, err
	},
}

// concrete returns the value in an interface; none for nil.
func concrete(v reflect.Value) reflect.Value {
	if v.Kind() == reflect.Interface {
		return v.Elem()
	}
	return v
}

// indirect follows pointers and interfaces. If one is nil it returns that one.
func indirect(v reflect.Value) (_ reflect.Value, isNil bool) {
	for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		if v.IsNil() {
			return v, true
		}
		v = v.Elem()
	}
	return v, false
}

// truth reports whether a value is not the zero of its type, nor empty.
func truth(v reflect.Value) bool {
	v = concrete(v)
	switch v.Kind() {
	case reflect.Invalid:
		return false
	case reflect.Array, reflect.Map, reflect.Slice, reflect.String:
		return v.Len() > 0
	case reflect.Struct:
		return true
	}
	return !v.IsZero()
}

// sortedKeys returns the keys of a map of strings or numbers in their order.
func sortedKeys(m reflect.Value) []reflect.Value {
	keys := m.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int {
		switch {
		case a.CanInt():
			return cmp.Compare(a.Int(), b.Int())
		case a.CanUint():
			return cmp.Compare(a.Uint(), b.Uint())
		case a.CanFloat():
			return cmp.Compare(a.Float(), b.Float())
		}
		return strings.Compare(a.String(), b.String())
	})
	return keys
}

// number returns a constant as the type that its syntax gives it.
func (s *state) number(n *parse.NumberNode) reflect.Value {
	integer := strings.HasPrefix(n.Text, "'") || strings.HasPrefix(strings.ToLower(n.Text), "0x") && !strings.ContainsAny(n.Text, "pP")
	switch {
	case n.IsComplex:
		return reflect.ValueOf(n.Complex128)
	case n.IsFloat && !integer && strings.ContainsAny(n.Text, ".eEpP"):
		return reflect.ValueOf(n.Float64)
	case n.IsInt && int64(int(n.Int64)) == n.Int64:
		return reflect.ValueOf(int(n.Int64))
	}
	s.fail("%s overflows int", n.Text)
	return none
}

// callError returns the error of "call": data has no functions that it could call.
func callError(f reflect.Value, name string) error {
	if f = concrete(unwrap(f)); !f.IsValid() {
		return errors.New("call of nil")
	}
	return fmt.Errorf("non-function %s of type %s", name, f.Type())
}

// index returns the element of item at the indexes, one after the other.
func index(item reflect.Value, indexes ...reflect.Value) (reflect.Value, error) {
	item = concrete(item)
	if !item.IsValid() {
		return none, errors.New("index of untyped nil")
	}
	for _, at := range indexes {
		at = concrete(at)
		var isNil bool
		if item, isNil = indirect(item); isNil {
			return none, errors.New("index of nil pointer")
		}
		switch item.Kind() {
		case reflect.Array, reflect.Slice, reflect.String:
			i, err := position(at, item.Len())
			if err != nil {
				return none, err
			}
			item = item.Index(i)
		case reflect.Map:
			typ := item.Type()
			switch {
			case !at.IsValid():
				return none, fmt.Errorf("value is nil; should be of type %s", typ.Key())
			case !at.Type().AssignableTo(typ.Key()):
				return none, fmt.Errorf("value has type %s; should be %s", at.Type(), typ.Key())
			}
			if item = item.MapIndex(at); !item.IsValid() {
				item = reflect.Zero(typ.Elem())
			}
		default:
			return none, fmt.Errorf("can't index item of type %s", item.Type())
		}
	}
	return item, nil
}

// slice returns item[i:j:k].
func slice(item reflect.Value, indexes ...reflect.Value) (reflect.Value, error) {
	item, isNil := indirect(concrete(item))
	switch {
	case !item.IsValid():
		return none, errors.New("slice of untyped nil")
	case isNil:
		return none, errors.New("slice of nil pointer")
	case len(indexes) > 3:
		return none, fmt.Errorf("too many slice indexes: %d", len(indexes))
	case item.Kind() == reflect.String && len(indexes) == 3:
		return none, errors.New("cannot 3-index slice a string")
	}
	var limit int
	switch item.Kind() {
	case reflect.String:
		limit = item.Len()
	case reflect.Slice:
		limit = item.Cap()
	default:
		return none, fmt.Errorf("can't slice item of type %s", item.Type())
	}
	bounds := []int{0, item.Len(), limit}
	for i, at := range indexes {
		var err error
		if bounds[i], err = position(concrete(at), limit); err != nil {
			return none, err
		}
	}
	for i := range max(len(indexes)-1, 1) {
		if bounds[i] > bounds[i+1] {
			return none, fmt.Errorf("invalid slice index: %d > %d", bounds[i], bounds[i+1])
		}
	}
	if len(indexes) == 3 {
		return item.Slice3(bounds[0], bounds[1], bounds[2]), nil
	}
	return item.Slice(bounds[0], bounds[1]), nil
}

// position returns an index, which is limit at most.
func position(v reflect.Value, limit int) (int, error) {
	var i int64
	switch {
	case !v.IsValid():
		return 0, errors.New("cannot index slice/array with nil")
	case v.CanInt():
		i = v.Int()
	case v.CanUint():
		i = int64(v.Uint()) // a larger one becomes negative
	default:
		return 0, fmt.Errorf("cannot index slice/array with type %s", v.Type())
	}
	if i < 0 || i > int64(limit) {
		return 0, fmt.Errorf("index out of range: %d", i)
	}
	return int(i), nil
}

func length(v reflect.Value) (int, error) {
	v, isNil := indirect(v)
	if isNil {
		return 0, errors.New("len of nil pointer")
	}
	switch v.Kind() {
	case reflect.Array, reflect.Map, reflect.Slice, reflect.String:
		return v.Len(), nil
	}
	return 0, fmt.Errorf("len of type %s", v.Type())
}

var errNotComparable = errors.New("invalid type for comparison")

// family is a set of types whose values can be compared.
type family int

const (
	other family = iota
	booleans
	integers
	unsigned
	floats
	complexes
	texts
)

func familyOf(v reflect.Value) family {
	switch {
	case v.Kind() == reflect.Bool:
		return booleans
	case v.CanInt():
		return integers
	case v.CanUint():
		return unsigned
	case v.CanFloat():
		return floats
	case v.CanComplex():
		return complexes
	case v.Kind() == reflect.String:
		return texts
	}
	return other
}

// equal reports whether a is equal to one of the others.
func equal(a reflect.Value, others ...reflect.Value) (bool, error) {
	if len(others) == 0 {
		return false, errors.New("missing argument for comparison")
	}
	a = concrete(a)
	for _, b := range others {
		if eq, err := same(a, concrete(b)); eq || err != nil {
			return eq, err
		}
	}
	return false, nil
}

func same(a, b reflect.Value) (bool, error) {
	fa, fb := familyOf(a), familyOf(b)
	switch {
	case fa == integers && fb == unsigned:
		return a.Int() >= 0 && uint64(a.Int()) == b.Uint(), nil
	case fa == unsigned && fb == integers:
		return same(b, a)
	case fa == fb && fa == booleans:
		return a.Bool() == b.Bool(), nil
	case fa == fb && fa == integers:
		return a.Int() == b.Int(), nil
	case fa == fb && fa == unsigned:
		return a.Uint() == b.Uint(), nil
	case fa == fb && fa == floats:
		return a.Float() == b.Float(), nil
	case fa == fb && fa == complexes:
		return a.Complex() == b.Complex(), nil
	case fa == fb && fa == texts:
		return a.String() == b.String(), nil
	case isNil(a) || isNil(b):
		if fa != fb && a.IsValid() && b.IsValid() {
			break
		}
		return isNil(a) == isNil(b), nil
	case fa == other && fb == other && a.Kind() != b.Kind():
		return false, fmt.Errorf("non-comparable types %s: %v, %s: %v", a, a.Type(), b.Type(), b)
	case fa == other && fb == other && !b.Type().Comparable():
		return false, fmt.Errorf("non-comparable type %s: %v", b, b.Type())
	case fa == other && fb == other:
		return a.Interface() == b.Interface(), nil
	}
	return false, fmt.Errorf("incompatible types for comparison: %v and %v", a.Type(), b.Type())
}

func isNil(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Invalid:
		return true
	case reflect.Chan, reflect.Func, reflect.Interface, reflect.Map, reflect.Pointer, reflect.Slice:
		return v.IsNil()
	}
	return false
}

func less(a, b reflect.Value) (bool, error) {
	a, b = concrete(a), concrete(b)
	fa, fb := familyOf(a), familyOf(b)
	switch {
	case fa == other || fb == other:
		return false, errNotComparable
	case fa == integers && fb == unsigned:
		return a.Int() < 0 || uint64(a.Int()) < b.Uint(), nil
	case fa == unsigned && fb == integers:
		return b.Int() >= 0 && a.Uint() < uint64(b.Int()), nil
	case fa != fb:
		return false, fmt.Errorf("incompatible types for comparison: %v and %v", a.Type(), b.Type())
	case fa == integers:
		return a.Int() < b.Int(), nil
	case fa == unsigned:
		return a.Uint() < b.Uint(), nil
	case fa == floats:
		return a.Float() < b.Float(), nil
	case fa == texts:
		return a.String() < b.String(), nil
	}
	return false, errNotComparable
}

func lessOrEqual(a, b reflect.Value) (bool, error) {
	if lt, err := less(a, b); lt || err != nil {
		return lt, err
	}
	return equal(a, b)
}
