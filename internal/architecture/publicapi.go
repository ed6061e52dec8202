package architecture

import (
	"context"
	"fmt"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"os"
	"path"
	"slices"
	"strings"
)

// PublicPackages are the packages that programs outside of the module may
// import. Others below sdk/ are internal.
var PublicPackages = []string{
	"sdk",
	"sdk/api",
	"sdk/contexts",
	"sdk/sdktest",
	"sdk/setup",
	"sdk/share",
	"sdk/share/sharetest",
	"sdk/spec",
	"sdk/variation",
}

// API is what a public package exports.
type API struct {
	// Package is its path below the module.
	Package string
	// Identifiers and Methods count the exported package-level identifiers, and
	// the exported methods of exported types, those of interfaces included.
	Identifiers, Methods int
	// Lines has a line for each declaration, field and method, sorted. Any change
	// or removal of a line can break a program that uses the package; an
	// addition cannot.
	Lines []string
}

// PublicAPI returns the API of each public package that exists. It compiles
// them, so that the result follows from types and not from source text.
func PublicAPI(ctx context.Context) ([]API, error) {
	pkgs, err := List(ctx, nil, "-export", "-deps", Module+"sdk/...")
	if err != nil {
		return nil, err
	}
	export := map[string]string{}
	for _, p := range pkgs {
		export[p.ImportPath] = p.Export
	}
	imp := importer.ForCompiler(token.NewFileSet(), "gc", func(path string) (io.ReadCloser, error) {
		return os.Open(export[path])
	})
	var all []API
	for _, name := range PublicPackages {
		if _, ok := export[Module+name]; !ok {
			continue
		}
		pkg, err := imp.Import(Module + name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		all = append(all, describe(name, pkg))
	}
	return all, nil
}

func describe(name string, pkg *types.Package) API {
	d := &describer{pkg: pkg, api: API{Package: name}}
	for _, id := range pkg.Scope().Names() {
		if obj := pkg.Scope().Lookup(id); obj.Exported() {
			d.api.Identifiers++
			d.object(obj)
		}
	}
	slices.Sort(d.api.Lines)
	d.api.Lines = slices.Compact(d.api.Lines)
	return d.api
}

type describer struct {
	pkg *types.Package
	api API
}

func (d *describer) line(format string, args ...any) {
	d.api.Lines = append(d.api.Lines, fmt.Sprintf(format, args...))
}

func (d *describer) object(obj types.Object) {
	switch obj := obj.(type) {
	case *types.Const:
		d.line("const %s %s = %s", obj.Name(), d.typ(obj.Type()), obj.Val().ExactString())
	case *types.Var:
		d.line("var %s %s", obj.Name(), d.typ(obj.Type()))
	case *types.Func:
		d.line("func %s%s", obj.Name(), d.signature(obj))
	case *types.TypeName:
		d.typeName(obj)
	}
}

func (d *describer) typeName(obj *types.TypeName) {
	if obj.IsAlias() {
		d.line("type %s = %s", obj.Name(), d.typ(types.Unalias(obj.Type())))
		return
	}
	named := obj.Type().(*types.Named)
	name := obj.Name() + d.typeParams(named.TypeParams())
	switch u := named.Underlying().(type) {
	case *types.Struct:
		d.line("type %s struct", name)
		d.fields(name, u)
	case *types.Interface:
		d.interfaceType(name, u)
		return
	default:
		d.line("type %s %s", name, d.typ(u))
	}
	d.methods(name, named)
}

// fields writes the exported fields of a struct, with their tags: names in
// JSON are part of what a program may rely on.
func (d *describer) fields(of string, s *types.Struct) {
	for i := range s.NumFields() {
		f := s.Field(i)
		if !f.Exported() {
			continue
		}
		kind, tag := "", ""
		if f.Embedded() {
			kind = "embedded "
		}
		if t := s.Tag(i); t != "" {
			tag = " `" + t + "`"
		}
		d.line("type %s struct, %s%s %s%s", of, kind, f.Name(), d.typ(f.Type()), tag)
	}
}

// interfaceType writes the methods, and in one line the set of them: an
// addition to it breaks what implements the interface.
func (d *describer) interfaceType(name string, i *types.Interface) {
	var set []string
	for m := range i.Methods() {
		if !m.Exported() {
			set = append(set, "unexported methods")
			continue
		}
		d.api.Methods++
		set = append(set, m.Name())
		d.line("type %s interface, %s%s", name, m.Name(), d.signature(m))
	}
	slices.Sort(set)
	d.line("type %s interface { %s }", name, strings.Join(slices.Compact(set), ", "))
}

// methods writes the methods of a type and of a pointer to it, those of
// embedded fields included.
func (d *describer) methods(of string, named *types.Named) {
	value := types.NewMethodSet(named)
	for sel := range types.NewMethodSet(types.NewPointer(named)).Methods() {
		m := sel.Obj().(*types.Func)
		if !m.Exported() {
			continue
		}
		if len(sel.Index()) == 1 {
			d.api.Methods++
		} else if m.Pkg() != d.pkg {
			continue // of an embedded type of another module, which the field's line names
		}
		receiver := "*" + of
		if value.Lookup(m.Pkg(), m.Name()) != nil {
			receiver = of
		}
		d.line("method (%s) %s%s", receiver, m.Name(), d.signature(m))
	}
}

func (d *describer) typeParams(params *types.TypeParamList) string {
	var list []string
	for p := range params.TypeParams() {
		list = append(list, p.Obj().Name()+" "+d.typ(p.Constraint()))
	}
	if len(list) == 0 {
		return ""
	}
	return "[" + strings.Join(list, ", ") + "]"
}

// signature leaves out the names of parameters, which no caller depends on.
func (d *describer) signature(f *types.Func) string {
	sig := f.Signature()
	bare := types.NewSignatureType(nil, nil, nil, unnamed(sig.Params()), unnamed(sig.Results()), sig.Variadic())
	return d.typeParams(sig.TypeParams()) + strings.TrimPrefix(d.typ(bare), "func")
}

func unnamed(t *types.Tuple) *types.Tuple {
	var vars []*types.Var
	for v := range t.Variables() {
		vars = append(vars, types.NewParam(token.NoPos, v.Pkg(), "", v.Type()))
	}
	return types.NewTuple(vars...)
}

func (d *describer) typ(t types.Type) string {
	return types.TypeString(t, func(p *types.Package) string {
		if p == d.pkg {
			return ""
		}
		if name, ours := strings.CutPrefix(p.Path(), Module); ours {
			return path.Base(name)
		}
		return p.Path()
	})
}
