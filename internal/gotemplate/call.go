package gotemplate

import (
	"errors"
	"fmt"
	"reflect"
	"text/template/parse"
)

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
