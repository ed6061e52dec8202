// Package text writes values as parts of messages: lines of bounded length,
// counts with their nouns, lists in words, the nearest of several names, and
// words of a shell.
package text

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxLine is how many characters Line returns at most.
const maxLine = 2000

// Line returns a message from elsewhere, such as a server's, as part of one of
// ours: OneLine with at most 2000 characters.
func Line(s string) string { return OneLine(s, maxLine) }

// OneLine returns s as one line of at most the given number of characters, "..."
// included, that a terminal prints as it is: white space becomes one blank, and
// characters that are not printable are omitted.
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
	if utf8.RuneCountInString(s) > most {
		return Short(s, most-len(more))
	}
	return s
}

// more replaces what was cut off.
const more = "..."

// Short returns the first characters of s, with "..." behind them if it has more.
// It keeps characters that a terminal may interpret: print it with %q.
func Short(s string, most int) string {
	if len(s) <= most {
		return s
	}
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most]) + more
	}
	return s
}

// Count returns a number with its noun in the regular plural: "1 node", "4 nodes".
func Count[N int | int32 | int64](n N, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// And returns items as part of a sentence: "a", "a and b", "a, b and c".
func And(items []string) string { return joined(items, "and") }

// Or returns items as part of a sentence: "a", "a or b", "a, b or c".
func Or(items []string) string { return joined(items, "or") }

func joined(items []string, word string) string {
	if len(items) < 2 {
		return strings.Join(items, "")
	}
	last := len(items) - 1
	return strings.Join(items[:last], ", ") + " " + word + " " + items[last]
}

// First returns the first items of a long list, and how many follow:
// "a, b and 3 more". A list of at most that many items is "a, b, c".
func First(items []string, most int) string {
	if rest := len(items) - most; rest > 0 {
		return And(append(slices.Clone(items[:most]), fmt.Sprintf("%d more", rest)))
	}
	return strings.Join(items, ", ")
}
