package text

import (
	"regexp"
	"strings"
)

// Quoted returns s in single quotes, as one word of a POSIX shell.
func Quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

var plainWord = regexp.MustCompile(`^[A-Za-z0-9@%+=:,./_-]+$`)

// longFlag is a long flag with a value.
var longFlag = regexp.MustCompile(`(?s)^(--[a-z-]+=)(.+)$`)

// Word returns s as one word of a command line that people read: quoted only
// where a POSIX shell needs it, and of "--flag=value" only the value.
func Word(s string) string {
	if plainWord.MatchString(s) {
		return s
	}
	if m := longFlag.FindStringSubmatch(s); m != nil {
		return m[1] + Quoted(m[2])
	}
	return Quoted(s)
}
