package architecture

import (
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// maxIdentifiers is how many identifiers the public packages may export.
const maxIdentifiers = 400

var accept = flag.Bool("accept-incompatible", false, "with -update, record also what is changed or removed in the public packages")

func TestThePublicPackagesStaySmall(t *testing.T) {
	n := 0
	for _, api := range publicAPI(t) {
		n += api.Identifiers
		t.Logf("%s: %d identifiers, %d methods", api.Package, api.Identifiers, api.Methods)
	}
	if n > maxIdentifiers {
		t.Errorf("the public packages export %d identifiers; at most %d are allowed: unexport some, or move them below sdk/internal", n, maxIdentifiers)
	}
}

// What the public packages export is recorded in api/<package>.txt. A change or
// a removal breaks programs; an addition does not.
func TestThePublicAPIIsTheRecordedOne(t *testing.T) {
	recorded := map[string]bool{}
	for _, api := range publicAPI(t) {
		file := filepath.Join("api", strings.ReplaceAll(api.Package, "/", "-")+".txt")
		recorded[file] = true
		before := readLines(t, file)
		gone, added := missing(before, api.Lines), missing(api.Lines, before)
		if len(gone)+len(added) == 0 {
			continue
		}
		switch {
		case *update && (len(gone) == 0 || *accept):
			writeLines(t, file, api.Lines)
		case len(gone) > 0:
			t.Errorf("%s has changed incompatibly. Programs that use these lines may no longer compile:\n-\t%s\n+\t%s\n"+
				"If that is intended, add it to CHANGELOG.md under Changed or Removed and run\n\tgo test ./internal/architecture -update -accept-incompatible",
				api.Package, strings.Join(gone, "\n-\t"), strings.Join(added, "\n+\t"))
		default:
			t.Errorf("%s exports more than is recorded; this is compatible:\n+\t%s\nRecord it with\n\tgo test ./internal/architecture -update",
				api.Package, strings.Join(added, "\n+\t"))
		}
	}
	files, err := filepath.Glob("api/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		switch {
		case recorded[file]:
		case *update && *accept:
			if err := os.Remove(file); err != nil {
				t.Fatal(err)
			}
		default:
			t.Errorf("the package of %s no longer exists, which is incompatible; accept it with\n\tgo test ./internal/architecture -update -accept-incompatible", file)
		}
	}
}

func TestMissingReturnsTheLinesOfTheFirstListThatTheSecondLacks(t *testing.T) {
	gone := missing([]string{"func A()", "func B()"}, []string{"func B()", "func C()"})
	if !slices.Equal(gone, []string{"func A()"}) {
		t.Errorf("got %q", gone)
	}
}

func publicAPI(t *testing.T) []API {
	t.Helper()
	all, err := PublicAPI(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(all) == 0 {
		t.Fatal("no public package found")
	}
	return all
}

// missing returns the lines of a that b does not have.
func missing(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(line string) bool { return slices.Contains(b, line) })
}

func readLines(t *testing.T, file string) []string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return strings.FieldsFunc(string(text), func(r rune) bool { return r == '\n' })
}

func writeLines(t *testing.T, file string, lines []string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
}
