package plugins

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// source parses the files of the program that can speak to a user.
func source(t *testing.T, look func(path string, file *ast.File)) {
	t.Helper()
	for _, dir := range []string{"sdk", "agent", "internal", "plugins"} {
		err := filepath.WalkDir(filepath.Join("..", dir), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err == nil {
				look(strings.TrimPrefix(filepath.ToSlash(path), "../"), file)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

var (
	oursTyped    = regexp.MustCompile(`kubectl (vast|vastvol) ([a-z]+)`)
	kubectlTyped = regexp.MustCompile(`kubectl (-|(get|create|delete|patch|annotate|label|auth|logs|describe|apply|rollout) )`)
)

// typed is the command line in a text that a user could type; empty without one.
func typed(all map[string]*cobra.Command, text string) string {
	for _, m := range oursTyped.FindAllStringSubmatch(text, -1) {
		if child(all[m[1]], m[2]) != nil {
			return m[0]
		}
	}
	return strings.TrimSpace(kubectlTyped.FindString(text))
}

// noHints are texts in which a command is a name, and nothing to type.
var noHints = []string{
	"kubectl apply takes %d bytes of one object, but %s %s has %d",
}

// isHelp reports the calls whose texts are help, which has no cluster.
func isHelp(call *ast.CallExpr) bool {
	switch name := calledName(call); name {
	case "LongDesc", "Examples", "NewRoot":
		return true
	default:
		return strings.HasSuffix(name, "Var") || strings.HasSuffix(name, "VarP")
	}
}

func calledName(call *ast.CallExpr) string {
	switch f := call.Fun.(type) {
	case *ast.SelectorExpr:
		return f.Sel.Name
	case *ast.Ident:
		return f.Name
	}
	return ""
}

// bareHints are the command lines in a file that are not made by package hint.
func bareHints(all map[string]*cobra.Command, file *ast.File) []string {
	var found []string
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			return !isHelp(n)
		case *ast.KeyValueExpr:
			key, ok := n.Key.(*ast.Ident)
			return !ok || key.Name != "Short" && key.Name != "Example"
		case *ast.BasicLit:
			text, err := strconv.Unquote(n.Value)
			if n.Kind != token.STRING || err != nil {
				return true
			}
			for _, name := range noHints {
				text = strings.ReplaceAll(text, name, "")
			}
			if line := typed(all, text); line != "" {
				found = append(found, line+": "+n.Value)
			}
		}
		return true
	})
	return found
}

func TestEveryHintIsMadeByOneFunction(t *testing.T) {
	all := trees()
	source(t, func(path string, file *ast.File) {
		if strings.HasPrefix(path, "internal/cli/command/") {
			return
		}
		for _, line := range bareHints(all, file) {
			t.Errorf("%s: %s; make it with a command.Target, which adds what leads to the user's cluster and namespace", path, line)
		}
	})
}

// hinted returns the command lines of ours that a file makes with package hint: by
// plugin, with X for what is not known before the program runs.
func hinted(file *ast.File) map[string][][]string {
	out := map[string][][]string{}
	ast.Inspect(file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		plugin := map[string]string{"Vast": "vast", "Command": "vast", "Vastvol": "vastvol"}[calledName(call)]
		f, isSelector := call.Fun.(*ast.SelectorExpr)
		if plugin == "" || !isSelector {
			return true
		}
		if x, ok := f.X.(*ast.Ident); calledName(call) == "Command" && (!ok || x.Name != "hint") {
			return true
		}
		var words []string
		for _, arg := range call.Args {
			words = append(words, wordsOf(arg)...)
		}
		if len(words) == 0 || words[0] != "X" { // else the command is chosen elsewhere
			out[plugin] = append(out[plugin], words)
		}
		return true
	})
	return out
}

// wordsOf are the constant words of an argument.
func wordsOf(e ast.Expr) []string {
	switch e := e.(type) {
	case *ast.BasicLit:
		if text, err := strconv.Unquote(e.Value); err == nil {
			return []string{text}
		}
	case *ast.BinaryExpr: // "--resume="+id
		return []string{wordsOf(e.X)[0] + "X"}
	case *ast.CompositeLit:
		var out []string
		for _, one := range e.Elts {
			out = append(out, wordsOf(one)...)
		}
		return out
	case *ast.CallExpr:
		if calledName(e) == "append" {
			var out []string
			for _, one := range e.Args {
				out = append(out, wordsOf(one)...)
			}
			return out
		}
	}
	return []string{"X"}
}

func TestHintsNameCommandsAndFlagsThatThereAre(t *testing.T) {
	all, seen := trees(), 0
	source(t, func(path string, file *ast.File) {
		for plugin, lines := range hinted(file) {
			for _, words := range lines {
				seen++
				if err := checkLine(all[plugin], words); err != nil {
					t.Errorf("%s: %v: %s", path, err, strings.Join(words, " "))
				}
			}
		}
	})
	if seen < 40 { // those of errors are remedies, which remedies_test.go goes through
		t.Errorf("only %d hints were found", seen)
	}
}

func TestABareHintIsFound(t *testing.T) {
	for text, want := range map[string]bool{
		`"run: kubectl vast cluster setup"`:                 true,
		`"see kubectl vastvol list"`:                        true,
		"`kubectl -n %s patch job %s`":                      true,
		`"kubectl create namespace " + name`:                true,
		`"containers of kubectl vast, which bring files"`:   false,
		`"use kubectl debug"`:                               false,
		`templates.LongDesc("kubectl vast cluster setup")`:  false,
		`p.StringVar(&x, "y", "", "see kubectl vast list")`: false,
		`say.Vast("cluster", "setup")`:                      false,
	} {
		file, err := parser.ParseFile(token.NewFileSet(), "x.go", "package x\nvar _ = "+text, 0)
		if err != nil {
			t.Fatal(err)
		}
		if found := bareHints(trees(), file); len(found) > 0 != want {
			t.Errorf("%s: %v", text, found)
		}
	}
}

func TestAHintThatLeadsNowhereIsFound(t *testing.T) {
	for text, want := range map[string]string{
		`say.Vast("campaign", "run", "--resume="+id)`:                          "",
		`say.Vast(append([]string{"cluster", "setup"}, flags...)...)`:          "",
		`hint.Command("campaign", "hold")`:                                     "",
		`say.Vast("cluster", "set-up")`:                                        `"kubectl vast cluster" has no command "set-up"`,
		`say.Vast(append([]string{"cluster", "setup", "--yess"}, more...)...)`: `"kubectl vast cluster setup" has no flag --yess`,
		`say.In(ns).Vastvol("list", "--all-user")`:                             `"kubectl vastvol list" has no flag --all-user`,
	} {
		file, err := parser.ParseFile(token.NewFileSet(), "x.go", "package x\nvar _ = "+text, 0)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for plugin, lines := range hinted(file) {
			if err := checkLine(trees()[plugin], lines[0]); err != nil {
				got = err.Error()
			}
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
}
