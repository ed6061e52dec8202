// Package gotemplate executes templates in the language of text/template over plain
// data: maps, slices, structs and scalars. It never calls a method of the data.
//
// text/template looks methods up by name. A program that can reach that code keeps
// every exported method of every type that it links, since the linker cannot tell
// which of them a template calls. With the typed clients of Kubernetes this is more
// than a third of the program. Templates are parsed by text/template/parse, and the
// tests compare results and errors with those of text/template.
package gotemplate

import (
	"errors"
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

type variable struct {
	name  string
	value reflect.Value
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

func (s *state) pop(mark int) { s.vars = s.vars[:mark] }

// variable returns the innermost variable of this name. The parser has refused
// undefined ones.
func (s *state) variable(name string) *variable {
	for i := len(s.vars) - 1; i >= 0; i-- {
		if s.vars[i].name == name {
			return &s.vars[i]
		}
	}
	s.fail("undefined variable: %s", name)
	return nil
}

func (s *state) assign(name string, v reflect.Value) { s.variable(name).value = v }

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

// command evaluates one command of a pipeline; final is the value of the one before.
func (s *state) command(dot reflect.Value, c *parse.CommandNode, final reflect.Value) reflect.Value {
	hasArgs := len(c.Args) > 1 || final != absent
	switch n := c.Args[0].(type) {
	case *parse.FieldNode:
		return s.fields(dot, n, n.Ident, hasArgs)
	case *parse.ChainNode:
		return s.chain(dot, n, hasArgs)
	case *parse.IdentifierNode:
		return s.call(dot, n, c, c.Args[1:], final)
	case *parse.VariableNode:
		if len(n.Ident) > 1 {
			return s.variableFields(n, hasArgs)
		}
		s.node = n
	case *parse.PipeNode:
	default:
		s.node = n
	}
	if hasArgs {
		s.fail("can't give argument to non-function %s", c.Args[0])
	}
	if _, isNil := c.Args[0].(*parse.NilNode); isNil {
		s.fail("nil is not a command")
	}
	return s.operand(dot, c.Args[0])
}

// operand evaluates a node that is not called with arguments.
func (s *state) operand(dot reflect.Value, node parse.Node) reflect.Value {
	if _, pipe := node.(*parse.PipeNode); !pipe {
		s.node = node
	}
	switch n := node.(type) {
	case *parse.BoolNode:
		return reflect.ValueOf(n.True)
	case *parse.DotNode:
		return dot
	case *parse.StringNode:
		return reflect.ValueOf(n.Text)
	case *parse.NumberNode:
		return s.number(n)
	case *parse.VariableNode:
		return s.variableFields(n, false)
	case *parse.FieldNode:
		return s.fields(dot, n, n.Ident, false)
	case *parse.ChainNode:
		return s.chain(dot, n, false)
	case *parse.PipeNode:
		return s.pipeline(dot, n)
	case *parse.IdentifierNode:
		return s.call(dot, n, n, nil, absent)
	}
	s.fail("can't evaluate command %q", node)
	return none
}

// chain evaluates (pipeline).Field.
func (s *state) chain(dot reflect.Value, n *parse.ChainNode, hasArgs bool) reflect.Value {
	s.node = n
	if n.Node.Type() == parse.NodeNil {
		s.fail("indirection through explicit nil in %s", n)
	}
	return s.fields(s.operand(dot, n.Node), n, n.Field, hasArgs)
}

func (s *state) variableFields(n *parse.VariableNode, hasArgs bool) reflect.Value {
	s.node = n
	return s.fields(s.variable(n.Ident[0]).value, n, n.Ident[1:], hasArgs)
}

// fields returns the value at the end of a chain of fields that begins at v.
func (s *state) fields(v reflect.Value, node parse.Node, names []string, hasArgs bool) reflect.Value {
	if _, chain := node.(*parse.ChainNode); !chain {
		s.node = node
	}
	for i, name := range names {
		v = s.field(v, name, hasArgs && i == len(names)-1)
	}
	return v
}

func (s *state) field(v reflect.Value, name string, hasArgs bool) reflect.Value {
	if !v.IsValid() {
		if s.MissingKeyError {
			s.fail("nil data; no entry for key %q", name)
		}
		return none
	}
	typ := v.Type()
	v, isNil := indirect(v)
	switch {
	case isNil:
		s.fail("nil pointer evaluating %s.%s", typ, name)
	case v.Kind() == reflect.Struct:
		if f, ok := v.Type().FieldByName(name); ok && f.IsExported() {
			if hasArgs {
				s.fail("%s has arguments but cannot be invoked as function", name)
			}
			value, err := v.FieldByIndexErr(f.Index)
			if err != nil {
				s.fail("%w", err)
			}
			return value
		}
	case v.Kind() == reflect.Map && v.Type().Key().Kind() == reflect.String:
		if hasArgs {
			s.fail("%s is not a method but has arguments", name)
		}
		value := v.MapIndex(reflect.ValueOf(name).Convert(v.Type().Key()))
		if !value.IsValid() && s.MissingKeyError {
			s.fail("map has no entry for key %q", name)
		}
		return value
	}
	s.fail("can't evaluate field %s in type %s", name, typ)
	return none
}

// call calls a function with args, and with final as its last argument.
func (s *state) call(dot reflect.Value, id *parse.IdentifierNode, node parse.Node, args []parse.Node, final reflect.Value) reflect.Value {
	s.node = id
	name, f := id.Ident, s.funcs[id.Ident]
	typ := f.Type()
	given := len(args)
	if final != absent {
		given++
	}
	switch fixed := typ.NumIn() - 1; {
	case typ.IsVariadic() && given < fixed:
		s.fail("wrong number of args for %s: want at least %d got %d", name, fixed, len(args))
	case !typ.IsVariadic() && given != typ.NumIn():
		s.fail("wrong number of args for %s: want %d got %d", name, typ.NumIn(), given)
	}
	if name == "and" || name == "or" {
		return s.logic(dot, name == "or", args, final)
	}
	values := make([]reflect.Value, 0, given)
	for i, arg := range args {
		values = append(values, s.argument(dot, parameter(typ, i), arg))
	}
	if final != absent {
		values = append(values, s.assignable(final, parameter(typ, len(args))))
	}
	if name == "call" {
		s.node = node
		s.fail("error calling call: %w", callError(values[0], calleeOf(args, final)))
	}
	out, err := safely(f, values)
	if err != nil {
		s.node = node
		s.fail("error calling %s: %w", name, err)
	}
	return out
}

// logic returns the first of the arguments that decides "and" or "or", or the last.
// What follows it is not evaluated.
func (s *state) logic(dot reflect.Value, decides bool, args []parse.Node, final reflect.Value) reflect.Value {
	var v reflect.Value
	for _, arg := range args {
		if v = unwrap(s.argument(dot, valueType, arg)); truth(v) == decides {
			return v
		}
	}
	if final != absent {
		v = final
	}
	return v
}

// calleeOf returns what a template calls with "call".
func calleeOf(args []parse.Node, final reflect.Value) string {
	if len(args) == 0 {
		return final.String()
	}
	return args[0].String()
}

// parameter returns the type of the argument with this index.
func parameter(f reflect.Type, i int) reflect.Type {
	if last := f.NumIn() - 1; f.IsVariadic() && i >= last {
		return f.In(last).Elem()
	}
	return f.In(i)
}

// argument evaluates an argument for a parameter of type typ.
func (s *state) argument(dot reflect.Value, typ reflect.Type, node parse.Node) reflect.Value {
	s.node = node
	switch node.(type) {
	case *parse.NilNode:
		if typ != valueType && typ != anyType {
			s.fail("cannot assign nil to %s", typ)
		}
		return reflect.Zero(typ)
	case *parse.BoolNode, *parse.NumberNode, *parse.StringNode:
		if v := s.operand(dot, node); typ == valueType || typ == anyType || v.Type() == typ {
			return s.assignable(v, typ)
		}
		s.fail("expected %s; found %s", typ, node)
	}
	return s.assignable(s.operand(dot, node), typ)
}

// assignable returns v as a value for a parameter of type typ.
func (s *state) assignable(v reflect.Value, typ reflect.Type) reflect.Value {
	switch {
	case !v.IsValid() && (typ == valueType || typ == anyType):
		return reflect.Zero(typ)
	case !v.IsValid():
		s.fail("invalid value; expected %s", typ)
	case typ == valueType && v.Type() != valueType:
		return reflect.ValueOf(v)
	case v.Type().AssignableTo(typ):
		return v
	}
	if e := concrete(v); e.IsValid() && e.Type().AssignableTo(typ) {
		return e
	} else if e.IsValid() {
		v = e
	}
	s.fail("wrong type for value; expected %s; got %s", typ, v.Type())
	return none
}

// safely calls f, and returns a panic of it as an error.
func safely(f reflect.Value, args []reflect.Value) (v reflect.Value, err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case error:
			err = r
		default:
			err = fmt.Errorf("%v", r)
		}
	}()
	out := f.Call(args)
	if len(out) == 2 && !out[1].IsNil() {
		err, _ := out[1].Interface().(error)
		return none, errors.Join(err)
	}
	return unwrap(out[0]), nil
}

// unwrap returns the value that a function returned as a reflect.Value.
func unwrap(v reflect.Value) reflect.Value {
	if v.IsValid() && v.Type() == valueType {
		v, _ = v.Interface().(reflect.Value)
	}
	return v
}
