// Package gotemplate executes templates in the language of text/template over plain
// data: maps, slices, structs and scalars. It never calls a method of the data.
//
// text/template looks methods up by name. A program that can reach that code keeps
// every exported method of every type that it links, since the linker cannot find
// which of them are called. With the typed clients of Kubernetes this is more
// than a third of the program. Templates are parsed by text/template/parse, and the
// tests compare results and errors with those of text/template.
package gotemplate

import (
	"fmt"
	"io"
	"maps"
	"reflect"
	"text/template/parse"
)

// Funcs are functions that a template may call besides the predefined ones. Each
// returns one value, or a value and an error.
type Funcs map[string]any

// Template is a parsed template with the templates that it defines. It is safe for
// concurrent use.
type Template struct {
	// MissingKeyError makes a key that a map does not have an error. Otherwise the
	// value is printed as "<no value>".
	MissingKeyError bool

	name  string
	trees map[string]*parse.Tree
	funcs map[string]reflect.Value
}

// Parse parses text. Errors are those of text/template.
func Parse(name, text string, funcs Funcs) (*Template, error) {
	all := maps.Clone(predefined)
	maps.Copy(all, funcs)
	trees, err := parse.Parse(name, text, "", "", all)
	if err != nil {
		return nil, err
	}
	t := &Template{name: name, trees: trees, funcs: map[string]reflect.Value{}}
	for name, f := range all {
		t.funcs[name] = reflect.ValueOf(f)
	}
	return t, nil
}

// Execute applies the template to data and writes the output to w. When it returns an
// error, a part of the output may have been written.
func (t *Template) Execute(w io.Writer, data any) (err error) {
	dot := reflect.ValueOf(data)
	s := &state{Template: t, tree: t.trees[t.name], w: w, vars: []variable{{"$", dot}}}
	defer func() {
		switch r := recover().(type) {
		case nil:
		case failure:
			err = r.error
		default:
			panic(r)
		}
	}()
	s.walk(dot, s.tree.Root)
	return nil
}

// maxDepth is how deep templates may call templates, as in text/template.
const maxDepth = 100000

var (
	anyType   = reflect.TypeFor[any]()
	valueType = reflect.TypeFor[reflect.Value]()

	none = reflect.Value{}
	// absent is the final argument of a command that has no pipeline before it.
	absent = reflect.ValueOf(new(struct{ byte }))
)

// state is the state of one execution of one template.
type state struct {
	*Template
	tree  *parse.Tree
	w     io.Writer
	node  parse.Node // being executed, for errors
	vars  []variable
	depth int
}

// failure carries an error up to Execute.
type failure struct{ error }

// fail ends the execution with an error that names the current node.
func (s *state) fail(format string, args ...any) {
	location, context := s.tree.ErrorContext(s.node)
	panic(failure{fmt.Errorf("template: %s: executing %q at <%s>: %w", location, s.tree.Name, context,
		fmt.Errorf(format, args...))})
}

// flow is how a node ended: normally, or with break or continue.
type flow int

const (
	proceed flow = iota
	breaks
	continues
)

func (s *state) walk(dot reflect.Value, node parse.Node) flow {
	s.node = node
	switch node := node.(type) {
	case *parse.ActionNode:
		value := s.pipeline(dot, node.Pipe)
		if len(node.Pipe.Decl) == 0 {
			s.print(node, value)
		}
	case *parse.BreakNode:
		return breaks
	case *parse.ContinueNode:
		return continues
	case *parse.CommentNode:
	case *parse.IfNode:
		return s.branch(dot, &node.BranchNode, false)
	case *parse.WithNode:
		return s.branch(dot, &node.BranchNode, true)
	case *parse.ListNode:
		for _, n := range node.Nodes {
			if f := s.walk(dot, n); f != proceed {
				return f
			}
		}
	case *parse.RangeNode:
		return s.loop(dot, node)
	case *parse.TemplateNode:
		s.include(dot, node)
	case *parse.TextNode:
		s.write(string(node.Text))
	default:
		s.fail("unknown node: %s", node)
	}
	return proceed
}

func (s *state) write(what any) {
	if _, err := fmt.Fprint(s.w, what); err != nil {
		panic(failure{err})
	}
}

func (s *state) print(node parse.Node, v reflect.Value) {
	s.node = node
	if v.Kind() == reflect.Pointer {
		v, _ = indirect(v)
	}
	switch v.Kind() {
	case reflect.Invalid:
		s.write("<no value>")
	case reflect.Chan, reflect.Func:
		s.fail("can't print %s of type %s", node, v.Type())
	default:
		s.write(v.Interface())
	}
}

func (s *state) branch(dot reflect.Value, b *parse.BranchNode, with bool) flow {
	defer s.pop(len(s.vars))
	value := s.pipeline(dot, b.Pipe)
	switch {
	case truth(value) && with:
		return s.walk(value, b.List)
	case truth(value):
		return s.walk(dot, b.List)
	case b.ElseList != nil:
		return s.walk(dot, b.ElseList)
	}
	return proceed
}

func (s *state) loop(dot reflect.Value, r *parse.RangeNode) flow {
	s.node = r
	defer s.pop(len(s.vars))
	over, _ := indirect(s.pipeline(dot, r.Pipe))
	mark, decl, empty := len(s.vars), r.Pipe.Decl, true
	once := func(index, elem reflect.Value) bool {
		empty = false
		defer s.pop(mark)
		// The last variable is the element, the one before it the index.
		for i, v := range [2]reflect.Value{elem, index} {
			switch at := len(decl) - 1 - i; {
			case at < 0:
			case r.Pipe.IsAssign:
				s.assign(decl[at].Ident[0], v)
			default:
				s.vars[mark-1-i].value = v
			}
		}
		return s.walk(elem, r.List) != breaks
	}
	switch {
	case over.CanInt() || over.CanUint():
		if len(decl) > 1 {
			s.fail("can't use %v to iterate over more than one variable", over)
		}
		count := reflect.New(over.Type()).Elem()
		if over.CanInt() {
			for i := int64(0); i < over.Int(); i++ {
				count.SetInt(i)
				if !once(none, reflect.ValueOf(count.Interface())) {
					break
				}
			}
		} else {
			for i := uint64(0); i < over.Uint(); i++ {
				count.SetUint(i)
				if !once(none, reflect.ValueOf(count.Interface())) {
					break
				}
			}
		}
	case over.Kind() == reflect.Slice || over.Kind() == reflect.Array:
		for i := range over.Len() {
			if !once(reflect.ValueOf(i), over.Index(i)) {
				break
			}
		}
	case over.Kind() == reflect.Map:
		for _, key := range sortedKeys(over) {
			if !once(key, over.MapIndex(key)) {
				break
			}
		}
	case over.IsValid():
		s.fail("range can't iterate over %v", over)
	}
	if empty && r.ElseList != nil {
		return s.walk(dot, r.ElseList)
	}
	return proceed
}

func (s *state) include(dot reflect.Value, node *parse.TemplateNode) {
	s.node = node
	tree := s.trees[node.Name]
	if tree == nil {
		s.fail("template %q not defined", node.Name)
	}
	if s.depth == maxDepth {
		s.fail("exceeded maximum template depth (%v)", maxDepth)
	}
	dot = s.pipeline(dot, node.Pipe)
	called := &state{Template: s.Template, tree: tree, w: s.w, vars: []variable{{"$", dot}}, depth: s.depth + 1}
	called.walk(dot, tree.Root)
}

func (s *state) pipeline(dot reflect.Value, pipe *parse.PipeNode) reflect.Value {
	if pipe == nil {
		return none
	}
	s.node = pipe
	value := absent
	for _, c := range pipe.Cmds {
		value = concrete(s.command(dot, c, value))
	}
	for _, v := range pipe.Decl {
		if pipe.IsAssign {
			s.assign(v.Ident[0], value)
		} else {
			s.vars = append(s.vars, variable{v.Ident[0], value})
		}
	}
	return value
}
