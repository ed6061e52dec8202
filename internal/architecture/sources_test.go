package architecture

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// maxFiles is how many files, tests not counted, one package may have.
const maxFiles = 25

func TestEveryPackageHasAComment(t *testing.T) {
	for name, pkg := range ours(t) {
		if pkg.Doc == "" && len(pkg.GoFiles) > 0 {
			t.Errorf("%s has no package comment", name)
		}
	}
}

func TestNoPackageHasTooManyFiles(t *testing.T) {
	for name, pkg := range ours(t) {
		if n := len(sources(pkg)); n > maxFiles {
			t.Errorf("%s has %d files; at most %d are allowed: merge small ones, or make a package of one idea", name, n, maxFiles)
		}
	}
}

// commandLine matches what only a program with a command line may print: our
// plugins' names, and flags.
var commandLine = regexp.MustCompile(`kubectl[ -]vast|(^|[^-\\w])--[a-z][a-z-]+|(^|[\\s(])-[a-zA-Z]([\\s,;)]|$)`)

// foreign are flags of the programs that run in pods, by package.
var foreign = map[string][]string{
	"internal/kube":                {"-a"},           // is in the names of Jobs
	"internal/share/plugin":        {"kubectl-vast"}, // begins the names of executables
	"sdk/internal/campaign/plan":   {"-t"},
	"sdk/internal/manifest":        {"-c", "--skypilot", "--arch"},
	"internal/workflow/driver":     {"-c"},
	"sdk/internal/cluster/desired": {"--port", "--region", "--health", "--iam-dir", "--iam-cache-disable", "--cert", "--key"},
}

// What to do about an error is an api.Remedy; the program decides which command
// or flag does it.
func TestTheSDKNamesNoCommandsAndNoFlags(t *testing.T) {
	own := ours(t)
	for _, name := range linkedBySDK(t) {
		eachFile(t, own[name], func(fset *token.FileSet, file *ast.File) {
			for _, group := range file.Comments {
				if within("sdk")(name) && strings.Contains(group.Text(), "kubectl vast") {
					t.Errorf("%s: a comment names our command line; the SDK is for all programs", position(fset, own[name], group))
				}
			}
			for lit := range stringsOf(file) {
				text, err := strconv.Unquote(lit.Value)
				if err != nil {
					t.Fatal(err)
				}
				var named []string
				for _, found := range commandLine.FindAllString(text, -1) {
					if found = strings.Trim(found, " \t\n(),;`\"'"); !slices.Contains(foreign[name], found) {
						named = append(named, found)
					}
				}
				if len(named) > 0 {
					t.Errorf("%s: the string %.80q names a command or a flag, %q: use an api.Remedy or api.InvalidOption, or add another program's flag to foreign in this test",
						position(fset, own[name], lit), text, named)
				}
			}
		})
	}
}

// untyped are the files that must look at the text of another program's error,
// because it has no type or reason, and why.
var untyped = map[string]string{
	"internal/access/config.go":    "client-go's loader has no type for a missing user or cluster",
	"sdk/share/sharetest/wrong.go": "a test: the message about a redirect has to name the new address",
}

// Code decides by an error's type or fields. Its text is for people and changes.
func TestNoCodeDecidesByTheTextOfAnError(t *testing.T) {
	needed := map[string]bool{}
	for _, pkg := range ours(t) {
		eachFile(t, pkg, func(fset *token.FileSet, file *ast.File) {
			ast.Inspect(file, func(n ast.Node) bool {
				if !decidesByText(n) {
					return true
				}
				at := position(fset, pkg, n)
				name, _, _ := strings.Cut(at, ":")
				if needed[name] = true; untyped[name] == "" {
					t.Errorf("%s: looks at the text of an error; use errors.Is, errors.As or a function such as api.IsNotFound", at)
				}
				return true
			})
		})
	}
	for name := range untyped {
		if !needed[name] {
			t.Errorf("%s no longer looks at the text of an error; remove it from untyped", name)
		}
	}
}

func TestDecidesByTextFindsComparisonsAndSearches(t *testing.T) {
	for source, want := range map[string]bool{
		`strings.Contains(err.Error(), "x")`:                 true,
		`strings.HasSuffix(cause.Error(), "x")`:              true,
		`err.Error() == "x"`:                                 true,
		`pattern.MatchString(err.Error())`:                   true,
		`strings.Contains(strings.ToLower(err.Error()), "")`: true,
		`strings.TrimPrefix(err.Error(), "x: ")`:             false,
		`strings.Contains(line, "x")`:                        false,
		`errors.Is(err, x)`:                                  false,
	} {
		expr, err := parser.ParseExpr(source)
		if err != nil {
			t.Fatal(err)
		}
		if got := decidesByText(expr); got != want {
			t.Errorf("%s: got %v", source, got)
		}
	}
}

func decidesByText(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.BinaryExpr:
		return (n.Op == token.EQL || n.Op == token.NEQ) && (isErrorText(n.X) || isErrorText(n.Y))
	case *ast.SwitchStmt:
		return n.Tag != nil && isErrorText(n.Tag)
	case *ast.CallExpr:
		sel, ok := n.Fun.(*ast.SelectorExpr)
		if !ok {
			return false
		}
		switch sel.Sel.Name {
		case "Contains", "ContainsAny", "HasPrefix", "HasSuffix", "Index", "LastIndex", "EqualFold", "Cut", "CutPrefix", "CutSuffix",
			"Match", "MatchString", "FindString", "FindStringSubmatch":
			return slices.ContainsFunc(n.Args, isErrorText)
		}
	}
	return false
}

// isErrorText reports whether e is x.Error(), or made of that by one call.
func isErrorText(e ast.Expr) bool {
	call, ok := e.(*ast.CallExpr)
	if !ok {
		return false
	}
	if sel, ok := call.Fun.(*ast.SelectorExpr); ok && sel.Sel.Name == "Error" && len(call.Args) == 0 {
		return true
	}
	return slices.ContainsFunc(call.Args, isErrorText)
}

// linkedBySDK returns the packages of the module that a program links which
// imports the public packages: all below sdk/, and what they import.
func linkedBySDK(t *testing.T) []string {
	t.Helper()
	var names []string
	for name, pkg := range ours(t) {
		if !within("sdk")(name) {
			continue
		}
		names = append(names, name)
		for _, dep := range pkg.Deps {
			if below, ok := strings.CutPrefix(dep, Module); ok {
				names = append(names, below)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// sources returns the files of a package for all platforms, without its tests.
func sources(pkg *Package) []string {
	files := slices.Concat(pkg.GoFiles, pkg.IgnoredGoFiles)
	return slices.DeleteFunc(files, func(f string) bool { return strings.HasSuffix(f, "_test.go") })
}

func eachFile(t *testing.T, pkg *Package, visit func(*token.FileSet, *ast.File)) {
	t.Helper()
	for _, name := range sources(pkg) {
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, filepath.Join(pkg.Dir, name), nil, parser.SkipObjectResolution|parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		visit(fset, file)
	}
}

// stringsOf yields the string literals of a file, imports and tags not among
// them.
func stringsOf(file *ast.File) func(yield func(*ast.BasicLit) bool) {
	return func(yield func(*ast.BasicLit) bool) {
		more := true
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ImportSpec:
				return false
			case *ast.Field:
				n.Tag = nil
			case *ast.BasicLit:
				if more && n.Kind == token.STRING {
					more = yield(n)
				}
			}
			return more
		})
	}
}

// position returns the file, with its package's path below the module, and the
// line of n.
func position(fset *token.FileSet, pkg *Package, n ast.Node) string {
	p := fset.Position(n.Pos())
	name, _ := pkg.Name()
	return fmt.Sprintf("%s/%s:%d", name, filepath.Base(p.Filename), p.Line)
}

var (
	nolint  = regexp.MustCompile(`//nolint:([a-z]+) // \S|//\s*nolint`)
	enabled = regexp.MustCompile(`(?m)^    - ([a-z]+)$`)
)

// A nolint for a linter that does not run would suppress nothing, and stay for
// ever.
func TestEveryNolintNamesALinterThatRuns(t *testing.T) {
	root, err := Root(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	config, err := os.ReadFile(filepath.Join(root, ".golangci.yml"))
	if err != nil {
		t.Fatal(err)
	}
	var linters []string
	for _, m := range enabled.FindAllStringSubmatch(string(config), -1) {
		linters = append(linters, m[1])
	}
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".go" || path == filepath.Join(root, "internal", "architecture", "sources_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, m := range nolint.FindAllStringSubmatch(string(text), -1) {
			if !slices.Contains(linters, m[1]) {
				t.Errorf("%s: %q names no linter that runs, or no reason", path, m[0])
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
