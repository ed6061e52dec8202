// Package yamlfile reads YAML files strictly into Go types: every problem at once,
// each with its place, and no value converted without being asked for. The JSON
// Schema of a format is generated from the same types.
package yamlfile

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kubevast/vast/internal/text"
	"github.com/kubevast/vast/sdk/api"
)

const (
	// MaxProblems keeps the answer to a file that is wrong all over readable.
	MaxProblems = 100
	// keptProblems bounds the work for such a file. It is more than is shown,
	// since problems are put in the file's order only at the end.
	keptProblems = 10 * MaxProblems
)

// Reader decodes nodes into the Go types of format.go, from which the JSON
// Schema is generated too. It is stricter than a YAML library's decoder (no
// unknown fields, no silent conversions), and it continues after a problem.
type Reader struct {
	File     string
	format   Format
	Problems []api.Problem
	dropped  int
	ignored  map[string]bool
}

// NewReader returns a reader of one file; file is its name in problems.
func NewReader(file string, f Format) *Reader { return &Reader{File: file, format: f} }

// full reports, and counts, a problem for which there is no room any more.
func (r *Reader) full() bool {
	if len(r.Problems) < keptProblems {
		return false
	}
	r.dropped++
	return true
}

// Add adds a problem at a line and a column of the file, which count from 1.
func (r *Reader) Add(line, col int, path, msg string, remedies ...api.Remedy) {
	if r.full() {
		return
	}
	r.Problems = append(r.Problems, api.Problem{File: r.File, Line: line, Column: col, Path: path, Message: msg, Remedies: remedies})
}

// Fail adds a problem with a value. The value of a pending node is not known, and
// has none.
func (r *Reader) Fail(n *Node, format string, args ...any) {
	if !n.Pending && !r.full() {
		r.Add(n.Line, n.Column, n.Path(), fmt.Sprintf(format, args...))
	}
}

// FailKey adds a problem with a field as such, at its key.
func (r *Reader) FailKey(n *Node, format string, args ...any) {
	if !r.full() {
		r.addAtKey(n, fmt.Sprintf(format, args...))
	}
}

// FailKeyWith is FailKey for a problem that a caller can do something about besides
// correcting the file.
func (r *Reader) FailKeyWith(remedy api.Remedy, n *Node, format string, args ...any) {
	if !r.full() {
		r.addAtKey(n, fmt.Sprintf(format, args...), remedy)
	}
}

// FailWith is Fail for a problem that a caller can do something about besides
// correcting the file.
func (r *Reader) FailWith(remedy api.Remedy, n *Node, format string, args ...any) {
	if !n.Pending && !r.full() {
		r.Add(n.Line, n.Column, n.Path(), fmt.Sprintf(format, args...), remedy)
	}
}

func (r *Reader) addAtKey(n *Node, msg string, remedies ...api.Remedy) {
	at := n
	if n.Key != nil {
		at = n.Key
	}
	r.Add(at.Line, at.Column, n.Path(), msg, remedies...)
}

// FailOption adds a problem with an option of the call, which is outside the file.
func (r *Reader) FailOption(option, format string, args ...any) {
	r.Problems = append(r.Problems, api.Problem{Option: option, Message: fmt.Sprintf(format, args...)})
}

func (r *Reader) Ignore(n *Node) {
	if r.ignored == nil {
		r.ignored = map[string]bool{}
	}
	if n.PerContext != nil {
		n = n.PerContext
	}
	r.ignored[n.Path()] = true
}

// TakeIgnored returns the ignored paths since the last call, sorted.
func (r *Reader) TakeIgnored() []string {
	out := slices.Sorted(maps.Keys(r.ignored))
	r.ignored = nil
	return out
}

// Err returns everything that was found, in the file's order.
func (r *Reader) Err() error {
	if len(r.Problems) == 0 {
		return nil
	}
	all := r.Problems
	slices.SortStableFunc(all, func(a, b api.Problem) int {
		return cmp.Or(r.fileOrder(a, b), a.Line-b.Line, a.Column-b.Column)
	})
	all = slices.CompactFunc(all, same)
	if more := len(all) - MaxProblems + r.dropped; more > 0 && len(all) > MaxProblems {
		all = append(all[:MaxProblems:MaxProblems], api.Problem{File: r.File, Message: fmt.Sprintf("%d more problems are not shown", more)})
	}
	return &api.InvalidSpecError{Problems: all}
}

// fileOrder puts the problems of other files, which this one names, behind its own.
func (r *Reader) fileOrder(a, b api.Problem) int {
	other := func(p api.Problem) string {
		if p.File == r.File {
			return ""
		}
		return p.File
	}
	return cmp.Compare(other(a), other(b))
}

// same reports whether two problems of a file are one that was found twice.
func same(a, b api.Problem) bool {
	return a.File == b.File && a.Line == b.Line && a.Column == b.Column && a.Option == b.Option && a.Path == b.Path && a.Message == b.Message
}

// A decoder reads itself from a node.
type decoder interface {
	Decode(r *Reader, n *Node, ru Rules)
}

// A shaped type reports which nodes it can be read from, for the choice between
// alternatives and for the message when there is none.
type shaped interface {
	Accepts(n *Node) bool
	Describe() string
}

// unknowner is a struct that has something to say about fields it lacks.
type unknowner interface{ Unknown(key string) string }

// Decode reads n into what v points to.
func (r *Reader) Decode(n *Node, v any) { r.Into(n, ValueOf(v), Rules{}) }

func ValueOf(v any) reflect.Value { return reflect.ValueOf(v).Elem() }

// Into decodes n into v. A null is for the caller to see to.
func (r *Reader) Into(n *Node, v reflect.Value, ru Rules) {
	if !Accepts(v.Type(), n) {
		r.Mismatch(n, v.Type())
		return
	}
	if d, ok := v.Addr().Interface().(decoder); ok {
		d.Decode(r, n, ru)
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		r.Into(n, v.Elem(), ru)
	case reflect.Struct:
		r.object(n, v)
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for _, f := range n.Fields {
			e := reflect.New(v.Type().Elem()).Elem()
			if r.TextKey(f) {
				r.Into(f, e, Rules{})
				v.SetMapIndex(reflect.ValueOf(f.Key.Text), e)
			}
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), len(n.Items), len(n.Items)))
		for i, item := range n.Items {
			r.Into(item, v.Index(i), ru.items())
		}
		ru.checkList(r, n)
	case reflect.Interface:
		r.TextKeys(n)
		v.Set(reflect.ValueOf(&[]any{n.Plain()}[0]).Elem())
	case reflect.String:
		v.SetString(n.Text)
		ru.CheckText(r, n)
	case reflect.Bool:
		v.SetBool(n.Plain().(bool))
	case reflect.Int:
		i, err := strconv.ParseInt(n.Number(), 10, 32)
		if err != nil {
			r.Fail(n, "%s is out of range", Shorten(n.Written))
			return
		}
		v.SetInt(i)
		ru.checkNumber(r, n, float64(i), "whole number")
	case reflect.Float64:
		f, err := strconv.ParseFloat(n.Number(), 64)
		if err != nil {
			r.Fail(n, "%s is out of range", Shorten(n.Written))
			return
		}
		v.SetFloat(f)
		ru.checkNumber(r, n, f, "number")
	default:
		panic("yamlfile: no decoder for " + v.Type().String())
	}
}

// object decodes a mapping into a struct. A field whose value is null is as
// good as absent, unless its type says that it accepts null.
func (r *Reader) object(n *Node, v reflect.Value) {
	known := StructFields(v.Type())
	for _, f := range n.Fields {
		i := slices.IndexFunc(known, func(k structField) bool { return k.Name == f.Key.Text })
		if i < 0 || !f.Key.IsText() {
			r.unknownField(f, v, known)
			continue
		}
		k := known[i]
		if k.ignored {
			r.Ignore(f)
		}
		if f.IsNull() && (!takesNull(k.Typ) || k.Typ.Kind() == reflect.Interface) {
			continue
		}
		r.Into(f, v.FieldByIndex(k.index), k.Rules)
	}
	for _, k := range known {
		if f := n.Get(k.Name); k.Rules.Required && (f == nil || f.IsNull()) {
			r.Fail(n, "%s is missing", strconv.Quote(k.Name))
		}
	}
}

func takesNull(t reflect.Type) bool { return Accepts(t, scalarNode(plainScalar(""))) }

// scalarNode is a scalar without a position.
func scalarNode(s Scalar) *Node { return &Node{Kind: yaml.ScalarNode, Scalar: s} }

func (r *Reader) unknownField(f *Node, v reflect.Value, known []structField) {
	if r.full() {
		return // finding the nearest name is dear
	}
	if u, ok := v.Interface().(unknowner); ok {
		if msg := u.Unknown(f.Key.Text); msg != "" {
			r.FailKey(f, "%s", msg)
			return
		}
	}
	names := make([]string, len(known))
	for i, k := range known {
		names[i] = k.Name
	}
	// Internal fields are accepted, not advertised.
	names = slices.DeleteFunc(names, func(s string) bool { return strings.HasPrefix(s, "_") })
	if s := text.Nearest(f.Key.Text, names); s != "" {
		r.FailKey(f, "unknown field; did you mean %q?", s)
		return
	}
	r.FailKey(f, "unknown field; known are %s", strings.Join(names, ", "))
}

// TextKey checks that the key of a mapping's value is text.
func (r *Reader) TextKey(f *Node) bool {
	if f.Key.IsText() {
		return true
	}
	r.FailKey(f, "a key must be text, not %s; write it in quotes", f.Key.KindName())
	return false
}

// TextKeys checks the keys of all mappings in n.
func (r *Reader) TextKeys(n *Node) {
	for _, f := range n.Fields {
		r.TextKey(f)
		r.TextKeys(f)
	}
	for _, item := range n.Items {
		r.TextKeys(item)
	}
}

// Accepts reports whether a value of type t can be read from n.
func Accepts(t reflect.Type, n *Node) bool {
	if s, ok := reflect.New(t).Interface().(shaped); ok {
		return s.Accepts(n)
	}
	scalar := n.Kind == yaml.ScalarNode
	switch t.Kind() {
	case reflect.Pointer:
		return Accepts(t.Elem(), n)
	case reflect.Struct, reflect.Map:
		return n.Kind == yaml.MappingNode
	case reflect.Slice:
		return n.Kind == yaml.SequenceNode
	case reflect.Interface:
		return true
	case reflect.String:
		return scalar && n.IsText()
	case reflect.Bool:
		return scalar && n.Is("!!bool")
	case reflect.Int:
		return scalar && n.Is("!!int")
	default:
		return scalar && n.Is("!!int", "!!float")
	}
}

func describe(t reflect.Type) string {
	if s, ok := reflect.New(t).Interface().(shaped); ok {
		return s.Describe()
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

// Mismatch reports a value of the wrong type, with the fix if it is a matter of
// quotes or of a space.
func (r *Reader) Mismatch(n *Node, t reflect.Type) {
	hint := ""
	switch {
	case n.Kind != yaml.ScalarNode:
		if r.format.Hint != nil {
			hint = r.format.Hint(n)
		}
	case n.Tag == "!!str" && Accepts(t, scalarNode(plainScalar(n.Text))):
		hint = "; write " + Shorten(n.Written) + " without quotes"
	case n.Tag != "!!str" && n.Tag != "!!null" && Accepts(t, scalarNode(TextScalar(""))):
		hint = "; write it in quotes: " + n.Quote()
	case n.Tag == "!!str" && NoBlank.MatchString(n.Written):
		hint = "; is a blank missing behind the colon?"
	}
	r.Fail(n, "must be %s, not %s%s", describe(t), n.KindName(), hint)
}
