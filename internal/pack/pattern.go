package pack

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/bmatcuk/doublestar/v4"
)

// pattern is a glob of ScanOptions.Globs. A file is chosen by it if one of two
// readings fits: RoboVAST's, by Python's fnmatch, in which "*" matches any text
// with slashes in it, and doublestar's, which has alternatives ("{a,b}") too.
type pattern struct {
	starred string // for doublestar
	python  *regexp.Regexp
	// literal is what the path of each file that fits begins with.
	literal string
}

// ValidGlob reports whether a glob of ScanOptions.Globs can be read.
func ValidGlob(glob string) bool { return doublestar.ValidatePattern(glob) }

func newPattern(glob string) pattern {
	p := pattern{starred: glob}
	tree := strings.HasSuffix(glob, "/")
	p.starred = strings.TrimSuffix(glob, "/")
	expr := pythonGlob(p.starred)
	anywhere := !tree && !strings.Contains(p.starred, "/")
	switch {
	case tree:
		expr += "(?:/.*)?"
		p.starred += "/**"
	case anywhere:
		expr = "(?:.*/)?" + expr
		p.starred = "**/" + p.starred
	}
	// What is no expression, such as [z-a], fits nothing by that reading.
	p.python, _ = regexp.Compile("^(?s:" + expr + ")$")
	if !anywhere {
		p.literal, _, _ = strings.Cut(glob, "*")
		if at := strings.IndexAny(p.literal, `?[{\`); at >= 0 {
			p.literal = p.literal[:at]
		}
		p.literal = strings.TrimSuffix(p.literal, "/")
	}
	return p
}

func (p pattern) fits(name string) bool {
	return doublestar.MatchUnvalidated(p.starred, name) || p.python != nil && p.python.MatchString(name)
}

// mayFitBelow reports whether a pattern can fit something in a folder. It need
// not be exact: a folder too many is only looked at.
func (p pattern) mayFitBelow(folder string) bool {
	folder += "/"
	return strings.HasPrefix(folder, p.literal) || strings.HasPrefix(p.literal, folder)
}

// pythonGlob is the regular expression of a glob of fnmatch. "**" matches any
// folders, also none.
func pythonGlob(glob string) string {
	var b strings.Builder
	for glob != "" {
		end := strings.IndexByte(glob[1:], ']') + 1
		switch {
		case strings.HasPrefix(glob, "**/"):
			b.WriteString("(?:.*/)?")
			glob = glob[3:]
			continue
		case glob[0] == '*':
			b.WriteString(".*")
		case glob[0] == '?':
			b.WriteString(".")
		case glob[0] == '[' && end > 1:
			class := strings.NewReplacer(`\`, `\\`, "[", `\[`, "^", `\^`).Replace(glob[1:end])
			if rest, not := strings.CutPrefix(class, "!"); not {
				class = "^" + rest
			}
			b.WriteString("[" + class + "]")
			glob = glob[end:]
		default:
			_, size := utf8.DecodeRuneInString(glob)
			b.WriteString(regexp.QuoteMeta(glob[:size]))
			glob = glob[size-1:]
		}
		glob = glob[1:]
	}
	return b.String()
}
