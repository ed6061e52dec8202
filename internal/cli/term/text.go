// Package term prepares text for a terminal: it escapes control characters, shortens,
// wraps, and redraws lines in place.
package term

import (
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxCell is the maximum length of a cell in characters.
const maxCell = 256

// Cell returns foreign text, such as a file name or a message of the cluster, as one
// cell of a table: one line, shortened, with control characters escaped. -o json
// prints the exact text.
func Cell(s string) string { return Cut(Line(s), maxCell, true) }

// Line returns foreign text as part of one line, with control characters escaped.
func Line(s string) string {
	return safe(s, func(rune) bool { return false })
}

// Words is Line with each sequence of white space replaced by one space.
func Words(s string) string { return Line(strings.Join(strings.Fields(s), " ")) }

// Text returns text of several lines with control characters escaped.
func Text(s string) string {
	return safe(s, func(r rune) bool { return r == '\n' || r == '\t' })
}

// WriteText writes Text(s).
func WriteText(w io.Writer, s string) error {
	_, err := io.WriteString(w, Text(s))
	return err
}

// safe writes characters that are seen as nothing, or turn others around, as
// \x1b or \u202e, and bytes that are no text as \xff.
func safe(s string, allowed func(rune) bool) string {
	if strings.IndexFunc(s, func(r rune) bool { return harmful(r) && !allowed(r) }) < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case !harmful(r) || r == utf8.RuneError || allowed(r):
			b.WriteString(s[i : i+n])
		default:
			b.WriteString(escapeOf(r))
		}
		i += n
	}
	return b.String()
}

// harmful: control characters and those that only set how others are to be
// written. Those that join letters are part of many scripts. RuneError may be a
// byte that is none.
func harmful(r rune) bool {
	const joiner, nonJoiner, lineSeparator, paragraphSeparator = 0x200D, 0x200C, 0x2028, 0x2029
	switch r {
	case joiner, nonJoiner:
		return false
	case lineSeparator, paragraphSeparator, utf8.RuneError:
		return true
	}
	return unicode.IsControl(r) || unicode.Is(unicode.Cf, r)
}

func escapeOf(r rune) string {
	switch {
	case r == '\n':
		return `\n`
	case r == '\t':
		return `\t`
	case r == '\r':
		return `\r`
	case r < utf8.RuneSelf:
		return fmt.Sprintf(`\x%02x`, r)
	case r <= 0xFFFF:
		return fmt.Sprintf(`\u%04x`, r)
	}
	return fmt.Sprintf(`\U%08x`, r)
}
