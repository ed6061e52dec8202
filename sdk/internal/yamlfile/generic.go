package yamlfile

import (
	"reflect"

	"github.com/invopop/jsonschema"
)

// At is a value together with the place it was read from. The zero at is an
// absent field.
type At[T any] struct {
	Value T
	Node  *Node
}

func (a *At[T]) Decode(r *Reader, n *Node, ru Rules) {
	a.Node = n
	r.Into(n, reflect.ValueOf(&a.Value).Elem(), ru)
}

func (a At[T]) IsSet() bool        { return a.Node != nil }
func (At[T]) Accepts(n *Node) bool { return Accepts(reflect.TypeFor[T](), n) }
func (At[T]) Describe() string     { return describe(reflect.TypeFor[T]()) }
func (At[T]) JSONSchemaAlias() any { return *new(T) }

// Deferred is a field that can only be read once the environment variables
// are known, because they are substituted in it.
type Deferred[T any] struct{ Node *Node }

func (d *Deferred[T]) Decode(_ *Reader, n *Node, _ Rules) { d.Node = n }
func (Deferred[T]) Accepts(*Node) bool                    { return true }
func (Deferred[T]) Describe() string                      { return describe(reflect.TypeFor[T]()) }
func (Deferred[T]) JSONSchemaAlias() any                  { return *new(T) }

func (d Deferred[T]) Read(r *Reader) (v T) {
	if d.Node != nil && !d.Node.IsNull() {
		r.Decode(d.Node, &v)
	}
	return v
}

// Either is a field that may be written in two ways. Nested, in more.
type Either[A, B any] struct {
	First  *A
	Second *B
}

func (e *Either[A, B]) Decode(r *Reader, n *Node, ru Rules) {
	if Accepts(reflect.TypeFor[A](), n) {
		e.First = new(A)
		r.Into(n, reflect.ValueOf(e.First).Elem(), ru)
		return
	}
	e.Second = new(B)
	r.Into(n, reflect.ValueOf(e.Second).Elem(), ru)
}

func (Either[A, B]) Accepts(n *Node) bool {
	return Accepts(reflect.TypeFor[A](), n) || Accepts(reflect.TypeFor[B](), n)
}

func (Either[A, B]) Describe() string {
	return describe(reflect.TypeFor[A]()) + " or " + describe(reflect.TypeFor[B]())
}

func (Either[A, B]) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{SchemaOf[A](), SchemaOf[B]()}}
}
