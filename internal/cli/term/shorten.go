package term

import (
	"strings"
	"unicode/utf8"
)

// Ellipsis replaces what is cut. It is ASCII because kubectl's tab writer counts
// bytes.
const Ellipsis = "..."

// Shorten cuts a line to at most width characters; 0 cuts nothing.
func Shorten(line string, width int) string {
	if width <= 0 || utf8.RuneCountInString(line) <= width {
		return line
	}
	if width <= len(Ellipsis) {
		return string([]rune(line)[:width])
	}
	return Cut(line, width, false)
}

// ShortenMiddle cuts a name so that both of its ends stay.
func ShortenMiddle(name string, width int) string {
	if width <= len(Ellipsis) {
		return Shorten(name, width)
	}
	return Cut(name, width, true)
}

// Cut shortens s to at most limit characters, at its end or in the middle.
func Cut(s string, limit int, middle bool) string {
	runes := []rune(s)
	if len(runes) <= limit {
		return s
	}
	if limit <= len(Ellipsis) {
		return string(runes[:limit])
	}
	if !middle {
		return strings.TrimRight(string(runes[:limit-len(Ellipsis)]), " ") + Ellipsis
	}
	head := (limit - len(Ellipsis) + 1) / 2
	tail := limit - len(Ellipsis) - head
	return string(runes[:head]) + Ellipsis + string(runes[len(runes)-tail:])
}

// Wrap is a text in lines of at most so many characters; 0 leaves it as it is.
func Wrap(text string, width int) []string {
	if width <= 0 {
		return []string{text}
	}
	return wrapped(text, width)
}

// wrapped is a text in lines of at most so many characters, broken at blanks
// where there are some.
func wrapped(text string, width int) []string {
	var lines []string
	line := []rune{}
	for word := range strings.SplitSeq(text, " ") {
		runes := []rune(word)
		if len(line) > 0 && len(line)+1+len(runes) <= width {
			line = append(append(line, ' '), runes...)
			continue
		}
		if len(line) > 0 {
			lines = append(lines, string(line))
		}
		for len(runes) > width {
			lines = append(lines, string(runes[:width]))
			runes = runes[width:]
		}
		line = append([]rune{}, runes...)
	}
	return append(lines, string(line))
}
