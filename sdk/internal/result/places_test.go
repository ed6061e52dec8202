package result

import (
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/internal/layout"
)

func TestWhereAFileIsPut(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		goos string
		want map[string]string
	}{
		"Linux takes every name": {"linux", map[string]string{
			`back\slash`: `back\slash`, "a\x01\n\xff": "a\x01\n\xff", "CON": "CON", "a.": "a.", "a ": "a ", "A/x": "A/x", "a/x": "a/x", "%41": "%41", "b:c": "b:c"}},
		"but none that is no path": {"linux", map[string]string{
			"..": "%2E%2E", "a/../b": "a/%2E%2E/b", "./c": "%2E/c", "/d": "%/d", "e//f": "e/%/f", "g/": "g/%", "h\x00": "h%00"}},
		"nor one that is empty": {"linux", map[string]string{"": "%"}},
		"nor what is ours":      {"linux", map[string]string{"_vast/x": "%5Fvast/x", "d/_vast": "d/_vast", "_VAST/x": "_VAST/x"}},
		"Windows has characters that mean something": {"windows", map[string]string{
			`back\slash`: "back%5Cslash", `a<b>c:d"e|f?g*h`: "a%3Cb%3Ec%3Ad%22e%7Cf%3Fg%2Ah", "tab\t": "tab%09", "x\xff": "x%FF", "größe": "größe"}},
		"and ends of names that it takes off": {"windows", map[string]string{"a.": "a%2E", "b ": "b%20", "c..": "c.%2E", "d. /e": "d.%20/e", ".f": ".f"}},
		"and devices": {"windows", map[string]string{
			"CON": "%43ON", "nul.txt": "%6Eul.txt", "d/Lpt1.tar.gz": "d/%4Cpt1.tar.gz", "COM¹": "%43OM¹", "aux .h": "%61ux .h", "console": "console", "com10": "com10"}},
		"and one name for several of ours": {"windows", map[string]string{
			"Read.me": "Read.me", "read.me": "read.me~2", "READ.ME": "READ.ME~3", "_VAST/x": "%5FVAST/x", "Dir/a": "Dir/a", "dir/A": "dir/A~2"}},
		"macOS too, and takes no other bytes than text": {"darwin", map[string]string{
			"x\xff": "x%FF", "e\u0301": "e\u0301", "\u00e9": "\u00e9~2", "a:b": "a:b", `c\d`: `c\d`, "CON": "CON"}},
		"a file that is a folder as well": {"linux", map[string]string{"a": "a~2", "a/b": "a/b", "a~2": "a~2~2"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := map[string]string{}
			order := []string{"Read.me", "read.me", "READ.ME", "Dir/a", "dir/A", "e\u0301", "\u00e9", "a", "a/b", "a~2"}
			var files []file
			taken := map[string]bool{}
			for _, name := range order {
				if _, there := c.want[name]; there {
					files, taken[name] = append(files, file{name: name}), true
				}
			}
			for name := range c.want {
				if !taken[name] {
					files = append(files, file{name: name})
				}
			}
			systemOf(c.goos).place(files)
			for _, f := range files {
				got[f.name] = f.path
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Whatever files are called, they lie in the folder, each in its own place, and none
// below another one.
func TestNoTwoFilesArePutAtOnePlace(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	parts := []string{"a", "A", "a~2", "b", "b.", "..", ".", "", "_vast", "_VAST", "manifest.json", "CON", "con.txt", "e\u0301", "\u00e9", `a\b`, "a%5Cb",
		"\xff", "\x00", "%FF", strings.Repeat("x", 300), strings.Repeat("\x01", 200), strings.Repeat("x", 255)}
	for n := range 3000 {
		sys := systemOf([]string{"linux", "windows", "darwin"}[n%3])
		var files []file
		for range 1 + random.IntN(8) {
			var name []string
			for range 1 + random.IntN(3) {
				name = append(name, parts[random.IntN(len(parts))])
			}
			files = append(files, file{name: strings.Join(name, "/"), dir: random.IntN(5) == 0})
		}
		sys.place(files)
		leaves := map[string]bool{}
		for _, f := range files {
			if !layout.Regular(f.path) || sys.text && !utf8.ValidString(f.path) || sys.same(strings.SplitN(f.path, "/", 2)[0]) == "_vast" {
				t.Errorf("%q is put at %q", f.name, f.path)
			}
			for part := range strings.SplitSeq(f.path, "/") {
				if len(part) > maxName || sys.windows && strings.ContainsAny(part, `<>:"|?*\`) {
					t.Errorf("%q is put at %q", f.name, f.path)
				}
			}
			if f.dir {
				continue
			}
			if leaves[sys.same(f.path)] {
				t.Errorf("two are put at %q", f.path)
			}
			leaves[sys.same(f.path)] = true
		}
		for _, f := range files {
			for i, c := range f.path {
				if c == '/' && leaves[sys.same(f.path[:i])] {
					t.Errorf("%q is below a file", f.path)
				}
			}
			if f.dir && leaves[sys.same(f.path)] {
				t.Errorf("folder %q is a file", f.path)
			}
		}
	}
}

func TestLinksThatLeadOut(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		goos, target string
		want         bool
	}{
		"a backslash is a character to Linux": {"linux", `back\slash`, false},
		"and is a slash to Windows":           {"windows", `..\..\x`, true},
		"where it may stay in the folder":     {"windows", `x\y`, false},
		"a drive is elsewhere":                {"windows", `C:\x`, true},
		"and a root":                          {"windows", `\x`, true},
		"as it is to Linux":                   {"linux", "/x", true},
		"and up is out":                       {"linux", "../../x", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := systemOf(c.goos).leadsOut("d/link", c.target); got != c.want {
				t.Errorf("%v", got)
			}
		})
	}
}
