package plugins

import (
	"go/ast"
	"strconv"
	"strings"
	"testing"

	"github.com/kubevast/vast/internal/cli/command"
	"github.com/kubevast/vast/sdk/api"
)

// actions are the constants of type api.Action.
func actions(t *testing.T) map[string]api.Action {
	out := map[string]api.Action{}
	source(t, func(path string, file *ast.File) {
		if path != "sdk/api/remedy.go" {
			return
		}
		for _, d := range file.Decls {
			gen, ok := d.(*ast.GenDecl)
			if !ok {
				continue
			}
			for _, s := range gen.Specs {
				v, ok := s.(*ast.ValueSpec)
				if !ok || len(v.Values) != 1 {
					continue
				}
				if typ, ok := v.Type.(*ast.Ident); ok && typ.Name == "Action" {
					out[v.Names[0].Name] = api.Action(literal(v.Values[0]))
				}
			}
		}
	})
	return out
}

// literal returns the value of a string literal; empty for other expressions.
func literal(e ast.Expr) string {
	if lit, ok := e.(*ast.BasicLit); ok {
		if text, err := strconv.Unquote(lit.Value); err == nil {
			return text
		}
	}
	return ""
}

func TestEveryActionIsACommandThatExists(t *testing.T) {
	all, names := trees(), actions(t)
	if len(names) < 20 {
		t.Fatalf("only %d actions were found", len(names))
	}
	for name, action := range names {
		line := command.Of(command.Target{}, api.Remedy{Action: action})
		words := strings.Fields(line)
		if len(words) < 3 {
			t.Errorf("api.%s has no command; add it in internal/cli/command", name)
			continue
		}
		if err := checkLine(all[words[1]], words[2:]); err != nil {
			t.Errorf("api.%s: %v", name, err)
		}
	}
}

// optionNames are the literal names of options in a file: of remedies, of problems
// and of invalid options. Options of kubectl's own commands are not among them.
func optionNames(file *ast.File) []string {
	var names []string
	add := func(e ast.Expr) {
		name, _, _ := strings.Cut(literal(e), "=")
		if name != "" {
			names = append(names, name)
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			if calledName(n) == "InvalidOption" && len(n.Args) > 0 {
				add(n.Args[0])
			}
		case *ast.CompositeLit:
			kubectl := false
			for _, e := range n.Elts {
				if kv, ok := e.(*ast.KeyValueExpr); ok {
					call, isCall := kv.Value.(*ast.CallExpr)
					kubectl = kubectl || isCall && calledName(call) == "KubectlAction"
				}
			}
			for _, e := range n.Elts {
				kv, ok := e.(*ast.KeyValueExpr)
				if !ok {
					continue
				}
				key, _ := kv.Key.(*ast.Ident)
				switch {
				case key == nil || kubectl:
				case key.Name == "Option":
					add(kv.Value)
				case key.Name == "Options":
					if list, ok := kv.Value.(*ast.CompositeLit); ok {
						for _, one := range list.Elts {
							add(one)
						}
					}
				}
			}
		}
		return true
	})
	return names
}

func TestEveryOptionOfTheSDKIsAFlagThatExists(t *testing.T) {
	known, seen := everywhere(trees()), 0
	source(t, func(path string, file *ast.File) {
		if !strings.HasPrefix(path, "sdk/") && !strings.HasPrefix(path, "internal/") || strings.HasPrefix(path, "internal/cli/") {
			return
		}
		for _, name := range optionNames(file) {
			if strings.ToLower(name[:1]) == name[:1] { // not a field of an options struct
				continue
			}
			seen++
			if flag := strings.TrimPrefix(command.FlagOf(name), "--"); !known[flag] {
				t.Errorf("%s: option %s would be --%s, which no command has; add its flag to optionFlags in internal/cli/command", path, name, flag)
			}
		}
	})
	if seen < 10 {
		t.Errorf("only %d options were found", seen)
	}
}
