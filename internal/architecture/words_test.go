package architecture

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// These words have plain replacements, see docs/style.md: programs return,
// report, write and send; Kueue admits; users have a name or a role.
var (
	unclear     = regexp.MustCompile(`(?i)\b(tells?|told|somebody|nobody|sort of|mends?|lets? in|wish(es)?)\b`)
	unclearTest = regexp.MustCompile(`^Test\w*(Tells?|Told|Somebody|Nobody|Says|SortOf|LetIn)([A-Z]|$)`)

	// quoted is not the text of a comment itself.
	quoted = regexp.MustCompile(`"[^"]*"|` + "`[^`]*`")
	// account is the user nobody of Unix, whose constant begins its comment.
	account = regexp.MustCompile(`^nobody is `)
)

// The test reads all Go files of the repository, those of the other modules and
// of tests too.
func TestCommentsAndNamesOfTestsUseTheWordsOfTheStyleGuide(t *testing.T) {
	read := 0
	err := filepath.WalkDir("../..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name := entry.Name(); entry.IsDir() && (name == "testdata" || strings.HasPrefix(name, ".") && name != "..") {
			return filepath.SkipDir
		}
		if entry.IsDir() || filepath.Ext(path) != ".go" || filepath.Base(path) == "words_test.go" {
			return nil
		}
		read++
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, path, nil, parser.SkipObjectResolution|parser.ParseComments)
		if err != nil {
			return err
		}
		for _, group := range file.Comments {
			text := account.ReplaceAllString(quoted.ReplaceAllString(group.Text(), ""), "")
			if word := unclear.FindString(text); word != "" {
				t.Errorf("%s: a comment has the word %q; see docs/style.md", fset.Position(group.Pos()), word)
			}
		}
		for _, decl := range file.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil && unclearTest.MatchString(f.Name.Name) {
				t.Errorf("%s: the name %s; see docs/style.md", fset.Position(f.Pos()), f.Name.Name)
			}
		}
		return nil
	})
	if err != nil || read == 0 {
		t.Fatalf("%d files were read: %v", read, err)
	}
}
