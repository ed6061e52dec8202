package spec

import (
	"reflect"

	"github.com/invopop/jsonschema"
)

// at is a value together with the place it was read from. The zero at is an
// absent field.
type at[T any] struct {
	v T
	n *node
}

func (a *at[T]) decode(r *reader, n *node, ru rules) {
	a.n = n
	r.into(n, reflect.ValueOf(&a.v).Elem(), ru)
}

func (a at[T]) set() bool          { return a.n != nil }
func (at[T]) accepts(n *node) bool { return accepts(reflect.TypeFor[T](), n) }
func (at[T]) describe() string     { return describe(reflect.TypeFor[T]()) }
func (at[T]) JSONSchemaAlias() any { return *new(T) }

// deferred is a field that can only be read once the environment variables
// are known, because they are substituted in it.
type deferred[T any] struct{ n *node }

func (d *deferred[T]) decode(_ *reader, n *node, _ rules) { d.n = n }
func (deferred[T]) accepts(*node) bool                    { return true }
func (deferred[T]) describe() string                      { return describe(reflect.TypeFor[T]()) }
func (deferred[T]) JSONSchemaAlias() any                  { return *new(T) }

func (d deferred[T]) read(r *reader) (v T) {
	if d.n != nil && !d.n.isNull() {
		r.decode(d.n, &v)
	}
	return v
}

// either is a field that may be written in two ways. Nested, in more.
type either[A, B any] struct {
	a *A
	b *B
}

func (e *either[A, B]) decode(r *reader, n *node, ru rules) {
	if accepts(reflect.TypeFor[A](), n) {
		e.a = new(A)
		r.into(n, reflect.ValueOf(e.a).Elem(), ru)
		return
	}
	e.b = new(B)
	r.into(n, reflect.ValueOf(e.b).Elem(), ru)
}

func (either[A, B]) accepts(n *node) bool {
	return accepts(reflect.TypeFor[A](), n) || accepts(reflect.TypeFor[B](), n)
}

func (either[A, B]) describe() string {
	return describe(reflect.TypeFor[A]()) + " or " + describe(reflect.TypeFor[B]())
}

func (either[A, B]) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{schemaOf[A](), schemaOf[B]()}}
}
