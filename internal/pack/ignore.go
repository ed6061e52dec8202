package pack

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

const (
	skyIgnore = ".skyignore"
	gitIgnore = ".gitignore"
)

// ignorer decides which files of a folder are omitted. The folder decides at
// its top: with a .skyignore there, files of that name count, else .gitignore
// and .git/info/exclude do, and .git itself stays behind. Either may stand in
// any folder below; the rules of the inner one go before.
type ignorer struct {
	name  string
	rules []rule
}

// rule is one line of an ignore file, as gitignore(5) has it.
type rule struct {
	// glob is matched against the path below the folder base.
	base, glob     string
	again, dirOnly bool
}

// newIgnorer finds out which ignore files count in the folder.
func newIgnorer(dir string) (*ignorer, error) {
	switch _, err := os.Lstat(filepath.Join(dir, skyIgnore)); {
	case err == nil:
		return &ignorer{name: skyIgnore}, nil
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	i := &ignorer{name: gitIgnore, rules: []rule{{glob: "**/.git"}}}
	return i, i.read(filepath.Join(dir, ".git", "info", "exclude"), "")
}

// enter reads the ignore file of a folder, if it has one; the result is for this
// folder and below.
func (i *ignorer) enter(dir, base string, list []found) (chooser, error) {
	own := func(f found) bool { return f.name == i.name }
	if i.name == "" || !slices.ContainsFunc(list, own) {
		return i, nil
	}
	inner := &ignorer{name: i.name, rules: i.rules[:len(i.rules):len(i.rules)]}
	return inner, inner.read(filepath.Join(dir, i.name), base)
}

func (i *ignorer) read(file, base string) error {
	f, err := os.OpenFile(file, os.O_RDONLY|nonblock, 0) // a pipe is no ignore file, and not waited for
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, errNotDir) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close() // nothing was written
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return err
	}
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if r, ok := parseRule(lines.Text(), base); ok {
			i.rules = append(i.rules, r)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("reading %s: %w", file, err)
	}
	return nil
}

// parseRule reads one line; ok is false for a blank one or a comment.
func parseRule(line, base string) (r rule, ok bool) {
	line = strings.TrimSuffix(strings.TrimPrefix(line, "\ufeff"), "\r")
	if strings.HasPrefix(line, "#") {
		return r, false
	}
	line = trimSpaces(line)
	r.base = base
	if rest, again := strings.CutPrefix(line, "!"); again {
		r.again, line = true, rest
	}
	line, r.dirOnly = strings.CutSuffix(line, "/")
	if line == "" {
		return r, false
	}
	// A slash anywhere but at the end ties the pattern to its folder.
	if rest, tied := strings.CutPrefix(line, "/"); tied {
		line = rest
	} else if !strings.Contains(line, "/") {
		line = "**/" + line
	}
	// "a/**" is all that is in a, and not a itself.
	if rest, all := strings.CutSuffix(line, "/**"); all {
		line = rest + "/**/*"
	}
	r.glob = escapeBraces(line)
	return r, doublestar.ValidatePattern(r.glob)
}

// trimSpaces cuts the spaces at the end that no backslash protects.
func trimSpaces(s string) string {
	for strings.HasSuffix(s, " ") {
		cut := s[:len(s)-1]
		if (len(cut)-len(strings.TrimRight(cut, `\`)))%2 == 1 {
			return s
		}
		s = cut
	}
	return s
}

// escapeBraces escapes braces, which have no meaning in git.
func escapeBraces(glob string) string {
	var b strings.Builder
	for i := 0; i < len(glob); i++ {
		switch c := glob[i]; {
		case c == '\\' && i+1 < len(glob):
			b.WriteByte(c)
			i++
			b.WriteByte(glob[i])
		case c == '{' || c == '}':
			b.WriteByte('\\')
			b.WriteByte(c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// ignores reports whether an entry is omitted. The last rule that fits decides.
// A walk does not enter an omitted folder, so nothing below one can be included
// again.
func (i *ignorer) ignores(name string, isDir bool) bool {
	for n := len(i.rules) - 1; n >= 0; n-- {
		if r := i.rules[n]; r.fits(name, isDir) {
			return !r.again
		}
	}
	return false
}

func (r rule) fits(name string, isDir bool) bool {
	if r.dirOnly && !isDir {
		return false
	}
	if r.base != "" {
		rest, below := strings.CutPrefix(name, r.base+"/")
		if !below {
			return false
		}
		name = rest
	}
	return doublestar.MatchUnvalidated(r.glob, name)
}
