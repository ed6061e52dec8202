package share

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/kubevast/vast/internal/text"
	"github.com/kubevast/vast/sdk/api"
)

// Registry has the types of shares by name. It may be read, but not added to, by
// several goroutines at once.
type Registry struct{ types map[string]Definition }

// NewRegistry returns a registry of the definitions. It panics as Register does.
func NewRegistry(definitions ...Definition) *Registry {
	r := &Registry{types: map[string]Definition{}}
	for _, d := range definitions {
		r.Register(d)
	}
	return r
}

// Register adds a type. It panics if the type has no name or no Open, or if there is
// one of that name: both are errors of the program.
func (r *Registry) Register(d Definition) {
	if d.Type == "" || d.Open == nil {
		panic(fmt.Sprintf("share: the definition of type %q has no name or no Open", d.Type))
	}
	if _, there := r.types[d.Type]; there {
		panic(fmt.Sprintf("share: type %q is registered twice", d.Type))
	}
	r.types[d.Type] = d
}

// Types returns the names of the types, sorted.
func (r *Registry) Types() []string { return slices.Sorted(maps.Keys(r.types)) }

// Lookup returns the definition of a type. It returns an api.InvalidSpecError, which
// lists the known types, if there is none.
func (r *Registry) Lookup(name string) (Definition, error) {
	if d, ok := r.types[name]; ok {
		return d, nil
	}
	known := strings.Join(r.Types(), ", ")
	if near := text.Nearest(name, r.Types()); near != "" {
		return Definition{}, api.Invalid("", "unknown type of share %q, did you mean %q? Known types: %s", name, near, known)
	}
	return Definition{}, api.Invalid("", "unknown type of share %q; known types: %s", name, known)
}
