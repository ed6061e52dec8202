package spec

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kubevast/vast/sdk/api"
)

const (
	// maxProblems keeps the answer to a file that is wrong all over readable.
	maxProblems = 100
	// keptProblems bounds the work for such a file. It is more than is shown,
	// since problems are put in the file's order only at the end.
	keptProblems = 10 * maxProblems
)

// reader decodes nodes into the Go types of format.go, which are also what
// the JSON Schema is made of. It is stricter than a YAML library's decoder
// (no unknown fields, no silent conversions), and it goes on after a problem.
type reader struct {
	file     string
	format   format
	problems []api.Problem
	dropped  int
	ignored  map[string]bool
}

// newReader returns a reader of one file; file is its name in problems.
func newReader(file string, f format) *reader { return &reader{file: file, format: f} }

// full reports, and counts, a problem for which there is no room any more.
func (r *reader) full() bool {
	if len(r.problems) < keptProblems {
		return false
	}
	r.dropped++
	return true
}

func (r *reader) add(line, col int, path, msg string) {
	if r.full() {
		return
	}
	r.problems = append(r.problems, api.Problem{File: r.file, Line: line, Column: col, Path: path, Message: msg})
}

// fail reports a problem with a value.
func (r *reader) fail(n *node, format string, args ...any) {
	if !n.pending && !r.full() {
		r.add(n.line, n.col, n.path(), fmt.Sprintf(format, args...))
	}
}

// failKey reports a problem with a field as such, at its key.
func (r *reader) failKey(n *node, format string, args ...any) {
	if r.full() {
		return
	}
	at := n
	if n.key != nil {
		at = n.key
	}
	r.add(at.line, at.col, n.path(), fmt.Sprintf(format, args...))
}

// flag reports a problem with an option of the command line.
func (r *reader) flag(name, format string, args ...any) {
	r.problems = append(r.problems, api.Problem{Path: name, Message: fmt.Sprintf(format, args...)})
}

func (r *reader) ignore(n *node) {
	if r.ignored == nil {
		r.ignored = map[string]bool{}
	}
	if n.list != nil {
		n = n.list
	}
	r.ignored[n.path()] = true
}

// takeIgnored returns the ignored paths since the last call, sorted.
func (r *reader) takeIgnored() []string {
	out := slices.Sorted(maps.Keys(r.ignored))
	r.ignored = nil
	return out
}

// err returns everything that was found, in the file's order.
func (r *reader) err() error {
	if len(r.problems) == 0 {
		return nil
	}
	all := r.problems
	slices.SortStableFunc(all, func(a, b api.Problem) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
	all = slices.CompactFunc(all, func(a, b api.Problem) bool { return a.String() == b.String() })
	if more := len(all) - maxProblems + r.dropped; more > 0 && len(all) > maxProblems {
		all = append(all[:maxProblems:maxProblems], api.Problem{File: r.file, Message: fmt.Sprintf("%d more problems are not shown", more)})
	}
	return &api.InvalidSpecError{Problems: all}
}

// A decoder reads itself from a node.
type decoder interface {
	decode(r *reader, n *node, ru rules)
}

// A shaped type says which nodes it can be read from, for the choice between
// alternatives and for the message when there is none.
type shaped interface {
	accepts(n *node) bool
	describe() string
}

// unknowner is a struct that has something to say about fields it lacks.
type unknowner interface{ unknown(key string) string }

// decode reads n into what v points to.
func (r *reader) decode(n *node, v any) { r.into(n, valueOf(v), rules{}) }

func valueOf(v any) reflect.Value { return reflect.ValueOf(v).Elem() }

// into decodes n into v. A null is for the caller to see to.
func (r *reader) into(n *node, v reflect.Value, ru rules) {
	if !accepts(v.Type(), n) {
		r.mismatch(n, v.Type())
		return
	}
	if d, ok := v.Addr().Interface().(decoder); ok {
		d.decode(r, n, ru)
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		r.into(n, v.Elem(), ru)
	case reflect.Struct:
		r.object(n, v)
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for _, f := range n.fields {
			e := reflect.New(v.Type().Elem()).Elem()
			if r.textKey(f) {
				r.into(f, e, rules{})
				v.SetMapIndex(reflect.ValueOf(f.key.text), e)
			}
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), len(n.items), len(n.items)))
		for i, item := range n.items {
			r.into(item, v.Index(i), ru.items())
		}
		ru.checkList(r, n)
	case reflect.Interface:
		r.textKeys(n)
		v.Set(reflect.ValueOf(&[]any{n.plain()}[0]).Elem())
	case reflect.String:
		v.SetString(n.text)
		ru.checkText(r, n)
	case reflect.Bool:
		v.SetBool(n.plain().(bool))
	case reflect.Int:
		i, err := strconv.ParseInt(n.number(), 10, 32)
		if err != nil {
			r.fail(n, "%s is out of range", shorten(n.written))
			return
		}
		v.SetInt(i)
		ru.checkNumber(r, n, float64(i), "whole number")
	case reflect.Float64:
		f, err := strconv.ParseFloat(n.number(), 64)
		if err != nil {
			r.fail(n, "%s is out of range", shorten(n.written))
			return
		}
		v.SetFloat(f)
		ru.checkNumber(r, n, f, "number")
	default:
		panic("spec: no decoder for " + v.Type().String())
	}
}

// object decodes a mapping into a struct. A field whose value is null is as
// good as absent, unless its type says that it accepts null.
func (r *reader) object(n *node, v reflect.Value) {
	known := structFields(v.Type())
	for _, f := range n.fields {
		i := slices.IndexFunc(known, func(k structField) bool { return k.name == f.key.text })
		if i < 0 || !f.key.isText() {
			r.unknown(f, v, known)
			continue
		}
		k := known[i]
		if k.ignored {
			r.ignore(f)
		}
		if f.isNull() && (!takesNull(k.typ) || k.typ.Kind() == reflect.Interface) {
			continue
		}
		r.into(f, v.FieldByIndex(k.index), k.rules)
	}
	for _, k := range known {
		if f := n.get(k.name); k.rules.required && (f == nil || f.isNull()) {
			r.fail(n, "%s is missing", strconv.Quote(k.name))
		}
	}
}

func takesNull(t reflect.Type) bool { return accepts(t, scalarNode(plainScalar(""))) }

// scalarNode is a scalar that stands nowhere.
func scalarNode(s scalar) *node { return &node{kind: yaml.ScalarNode, scalar: s} }

func (r *reader) unknown(f *node, v reflect.Value, known []structField) {
	if r.full() {
		return // finding the nearest name is dear
	}
	if u, ok := v.Interface().(unknowner); ok {
		if msg := u.unknown(f.key.text); msg != "" {
			r.failKey(f, "%s", msg)
			return
		}
	}
	names := make([]string, len(known))
	for i, k := range known {
		names[i] = k.name
	}
	if s := nearest(f.key.text, names); s != "" {
		r.failKey(f, "unknown field; did you mean %q?", s)
		return
	}
	names = slices.DeleteFunc(names, func(s string) bool { return strings.HasPrefix(s, "_") })
	r.failKey(f, "unknown field; known are %s", strings.Join(names, ", "))
}

// textKey checks that the key of a mapping's value is text.
func (r *reader) textKey(f *node) bool {
	if f.key.isText() {
		return true
	}
	r.failKey(f, "a key must be text, not %s; write it in quotes", f.key.kindName())
	return false
}

// textKeys checks the keys of all mappings in n.
func (r *reader) textKeys(n *node) {
	for _, f := range n.fields {
		r.textKey(f)
		r.textKeys(f)
	}
	for _, item := range n.items {
		r.textKeys(item)
	}
}

// accepts reports whether a value of type t can be read from n.
func accepts(t reflect.Type, n *node) bool {
	if s, ok := reflect.New(t).Interface().(shaped); ok {
		return s.accepts(n)
	}
	scalar := n.kind == yaml.ScalarNode
	switch t.Kind() {
	case reflect.Pointer:
		return accepts(t.Elem(), n)
	case reflect.Struct, reflect.Map:
		return n.kind == yaml.MappingNode
	case reflect.Slice:
		return n.kind == yaml.SequenceNode
	case reflect.Interface:
		return true
	case reflect.String:
		return scalar && n.isText()
	case reflect.Bool:
		return scalar && n.is("!!bool")
	case reflect.Int:
		return scalar && n.is("!!int")
	default:
		return scalar && n.is("!!int", "!!float")
	}
}

func describe(t reflect.Type) string {
	if s, ok := reflect.New(t).Interface().(shaped); ok {
		return s.describe()
	}
	switch t.Kind() {
	case reflect.Pointer:
		return describe(t.Elem())
	case reflect.Struct, reflect.Map:
		return "a mapping"
	case reflect.Slice:
		return "a list"
	case reflect.String:
		return "text"
	case reflect.Bool:
		return "true or false"
	case reflect.Int:
		return "a whole number"
	default:
		return "a number"
	}
}

// mismatch reports a value of the wrong type, with the mend if it is a matter
// of quotes or of a blank.
func (r *reader) mismatch(n *node, t reflect.Type) {
	hint := ""
	switch {
	case n.kind != yaml.ScalarNode:
		if r.format.hint != nil {
			hint = r.format.hint(n)
		}
	case n.tag == "!!str" && accepts(t, scalarNode(plainScalar(n.text))):
		hint = "; write " + shorten(n.written) + " without quotes"
	case n.tag != "!!str" && n.tag != "!!null" && accepts(t, scalarNode(textScalar(""))):
		hint = "; write it in quotes: " + n.quote()
	case n.tag == "!!str" && noBlank.MatchString(n.written):
		hint = "; is a blank missing behind the colon?"
	}
	r.fail(n, "must be %s, not %s%s", describe(t), n.kindName(), hint)
}
