// Package dotenv reads files of environment variables by the rules of
// python-dotenv 1.2.4, which SkyPilot reads them with: the same file gives the
// same variables. Where python-dotenv passes over a statement that it cannot
// read, or keeps a name without a value, this package reports a problem.
package dotenv

import (
	"strings"
	"unicode"
)

// Variable is one assignment. A later one of the same name takes the place of
// an earlier one.
type Variable struct {
	Name, Value string
	// Line is its line, counted from 1.
	Line int
}

// Problem is a statement that is no assignment. Its message contains nothing of
// the text, which may be a secret.
type Problem struct {
	Line    int
	Message string
}

// Parse reads the assignments of a text in UTF-8, in its order, and expands
// ${NAME} and ${NAME:-default} in their values. NAME is an earlier variable, or
// else the result of lookup. All problems are returned; the
// variables besides them are those that could be read, not expanded.
func Parse(text string, lookup func(string) (string, bool)) ([]Variable, []Problem) {
	variables, problems := Read(text)
	if len(problems) > 0 {
		return variables, problems
	}
	return expand(variables, lookup)
}

// Read is Parse without expansion: a value is the text with quotes and escapes
// removed.
func Read(text string) ([]Variable, []Problem) {
	// Python reads text files with any line end, and shows "\n".
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(strings.TrimPrefix(text, "\ufeff"))
	p := parser{rest: text, line: 1}
	for p.statement() {
	}
	return p.variables, p.problems
}

type parser struct {
	rest      string
	line      int
	variables []Variable
	problems  []Problem
}

// statement reads the next one, and reports whether more may follow.
func (p *parser) statement() bool {
	p.skip(isSpace)
	if p.rest == "" {
		return false
	}
	v := Variable{Line: p.line}
	problem := p.assignment(&v)
	if problem != "" {
		p.problems = append(p.problems, Problem{v.Line, problem})
		p.skip(notNewline)
	} else if v.Name != "" {
		p.variables = append(p.variables, v)
	}
	// Behind a quote that is not closed all may belong to the value.
	return problem != unclosedSingle && problem != unclosedDouble
}

const (
	notAnAssignment = `there is no "=" behind a name; a line is NAME=value`
	noName          = `the name is missing; a line is NAME=value`
	unclosedName    = `the closing ' of the name is missing`
	unclosedSingle  = `the closing ' of the value is missing; \' does not close it, and \\ is a backslash`
	unclosedDouble  = `the closing " of the value is missing; \" does not close it, and \\ is a backslash`
	behindQuote     = `something follows the closing quote of the value; a quote within the value is written \' or \"`
)

// assignment reads one statement into v, whose name stays empty for a comment,
// and returns what is wrong.
func (p *parser) assignment(v *Variable) string {
	if rest, ok := strings.CutPrefix(p.rest, "export"); ok && rest != strings.TrimLeftFunc(rest, isBlank) {
		p.take(len("export"))
		p.skip(isBlank)
	}
	var problem string
	if v.Name, problem = p.name(); problem != "" {
		return problem
	}
	if v.Name == "" {
		p.skip(notNewline)
		return ""
	}
	p.skip(isBlank)
	if !strings.HasPrefix(p.rest, "=") {
		return notAnAssignment
	}
	p.take(1)
	blank := p.skip(isBlank) != ""
	switch {
	case strings.HasPrefix(p.rest, "'"):
		v.Value, problem = p.quoted('\'', `\'`, unclosedSingle)
	case strings.HasPrefix(p.rest, `"`):
		v.Value, problem = p.quoted('"', `\'"abfnrtv`, unclosedDouble)
	default:
		v.Value = unquoted(p.skip(notNewline), blank)
	}
	if problem != "" {
		return problem
	}
	p.skip(isBlank)
	if strings.HasPrefix(p.rest, "#") {
		p.skip(notNewline)
	}
	if p.rest != "" && p.rest[0] != '\n' {
		return behindQuote
	}
	return ""
}

// name reads a name, which may stand in single quotes; it is empty before a
// comment.
func (p *parser) name() (name, problem string) {
	switch {
	case strings.HasPrefix(p.rest, "#"):
		return "", ""
	case strings.HasPrefix(p.rest, "'"):
		end := strings.IndexByte(p.rest[1:], '\'')
		if end < 0 {
			return "", unclosedName
		}
		if end == 0 {
			return "", noName
		}
		return p.take(end + 2)[1 : end+1], ""
	}
	name = p.skip(func(r rune) bool { return r != '=' && r != '#' && !isSpace(r) })
	if name == "" {
		return "", noName
	}
	return name, ""
}

// quoted reads a value in quotes; escapes are the characters that mean another
// one behind a backslash. Any other backslash stays.
func (p *parser) quoted(quote byte, escapes, unclosed string) (value, problem string) {
	var b strings.Builder
	for i := 1; i < len(p.rest); i++ {
		c := p.rest[i]
		switch {
		case c == quote:
			p.take(i + 1)
			return b.String(), ""
		case c != '\\' || i+1 == len(p.rest):
			b.WriteByte(c)
		default:
			i++
			if strings.IndexByte(escapes, p.rest[i]) < 0 {
				b.WriteByte('\\')
			}
			b.WriteByte(unescape(escapes, p.rest[i]))
		}
	}
	return "", unclosed
}

// unescape is the character of an escape sequence.
func unescape(escapes string, c byte) byte {
	if i := strings.IndexByte("abfnrtv", c); i >= 0 && strings.IndexByte(escapes, c) >= 0 {
		return "\a\b\f\n\r\t\v"[i]
	}
	return c
}

// unquoted is the value in what follows "=" on a line: up to a "#" behind white
// space, which may be before the value.
func unquoted(text string, blankBefore bool) string {
	if blankBefore && strings.HasPrefix(text, "#") {
		return ""
	}
	blank := false
	for i, r := range text {
		if r == '#' && blank {
			text = text[:i]
			break
		}
		blank = isSpace(r)
	}
	return strings.TrimRightFunc(text, isSpace)
}

// skip takes all characters that fit.
func (p *parser) skip(fits func(rune) bool) string {
	end := strings.IndexFunc(p.rest, func(r rune) bool { return !fits(r) })
	if end < 0 {
		end = len(p.rest)
	}
	return p.take(end)
}

func (p *parser) take(n int) string {
	taken := p.rest[:n]
	p.line += strings.Count(taken, "\n")
	p.rest = p.rest[n:]
	return taken
}

// isSpace is Python's white space.
func isSpace(r rune) bool { return unicode.IsSpace(r) || r >= 0x1c && r <= 0x1f }

func isBlank(r rune) bool { return isSpace(r) && r != '\n' }

func notNewline(r rune) bool { return r != '\n' }
