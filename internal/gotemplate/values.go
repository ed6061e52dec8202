package gotemplate

import (
	"reflect"
	"text/template/parse"
)

type variable struct {
	name  string
	value reflect.Value
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

// unwrap returns the value that a function returned as a reflect.Value.
func unwrap(v reflect.Value) reflect.Value {
	if v.IsValid() && v.Type() == valueType {
		v, _ = v.Interface().(reflect.Value)
	}
	return v
}
