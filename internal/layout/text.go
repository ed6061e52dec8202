package layout

import (
	"strings"
	"unicode"

	"github.com/dustin/go-humanize"
)

// Bytes writes a size as Kubernetes counts: "1.5 GiB". All sizes that people read
// are written so.
func Bytes(n int64) string { return humanize.IBytes(uint64(max(n, 0))) }

// maxLine is how much of a message from elsewhere is quoted in one of ours.
const maxLine = 2000

// Line is a message from elsewhere (a server's, a library's) as a part of one of
// ours: OneLine, with room for all that such a message says.
func Line(s string) string { return OneLine(s, maxLine) }

// OneLine makes a text that a user's container, or anybody, has written one line
// of at most so many characters that does no harm on a terminal: white space
// becomes one blank, what cannot be seen is left out.
func OneLine(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return -1
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most-3]) + "..."
	}
	return s
}
