package layout

import (
	"crypto/sha256"
	"encoding/hex"
	"path"
	"strings"
	"unicode/utf8"
)

// Linux allows names that a key of a store cannot have: an S3 server lists keys
// in XML, which has no control characters and nothing but UTF-8, some take a
// backslash for a slash, and a key has at most 1024 bytes and a part of it 255.
// A file of such a name has another key. All others have their path as key.

const (
	// LongDir holds the files whose keys would be too long. They lie as
	// <LongDir><SHA-256 of the path>, and their paths beside them.
	LongDir = Own + "long/"
	// longPath ends the key of an object whose content is a path.
	longPath = ".path"

	maxKey     = 1024
	maxKeyPart = 255
	hexDigits  = "0123456789ABCDEF"
)

// FileKey is the key below a result's prefix of the file of this path. The path
// is relative and clean, of any bytes. No two paths have one key.
//
// A safe path is its own key. Otherwise each byte of these is written as % and
// two hex digits:
//
//   - control characters, a backslash, and what is not UTF-8;
//   - U+FFFD, U+FFFE and U+FFFF, which stand for what is none in a list;
//   - the first byte of a first part "_vast", and of a part ".sgwtmp", which
//     belong to us and to versitygw;
//   - a % that would look like one of these.
//
// If that makes a part or the key too long, the key is LongKey.
func FileKey(prefix, name string) string {
	if plain(name) && len(prefix)+len(name) <= maxKey {
		return name
	}
	parts := strings.Split(name, "/")
	for i, part := range parts {
		if parts[i] = escapePart(part, i == 0); len(parts[i]) > maxKeyPart {
			return LongKey(name)
		}
	}
	key := strings.Join(parts, "/")
	if len(prefix)+len(key) > maxKey {
		return LongKey(name)
	}
	return key
}

// LongKey is FileKey of a path that is too long to be a key. The path itself is
// to be stored as LongPathKey before the file is.
func LongKey(name string) string {
	sum := sha256.Sum256([]byte(name))
	return LongDir + hex.EncodeToString(sum[:])
}

// LongPathKey is the key of the path of such a file.
func LongPathKey(key string) string { return key + longPath }

// LongKeyOf is the key of the file whose path has this key, empty if it is
// none.
func LongKeyOf(pathKey string) string {
	key, is := strings.CutSuffix(pathKey, longPath)
	if !is || !IsLongKey(key) {
		return ""
	}
	return key
}

// IsLongKey reports a key of LongKey, below a result's prefix.
func IsLongKey(key string) bool {
	sum, long := strings.CutPrefix(key, LongDir)
	return long && len(sum) == 2*sha256.Size && !strings.ContainsAny(sum, "./")
}

// FilePath is the path of the file of a key below a result's prefix. It undoes
// FileKey, but for a LongKey, which does not contain its path.
func FilePath(key string) string {
	if !strings.Contains(key, "%") {
		return key
	}
	var b strings.Builder
	for i := 0; i < len(key); i++ {
		c := key[i]
		if original, ok := escaped(key[i:]); ok {
			c, i = original, i+2
		}
		b.WriteByte(c)
	}
	return b.String()
}

// plain reports quickly that a path is its own key: most are.
func plain(name string) bool {
	start := 0
	for i := 0; i < len(name); i++ {
		switch c := name[i]; {
		case c < 0x20, c >= 0x7f, c == '\\', c == '%':
			return false
		case c == '/':
			start = i + 1
		case i == start && (c == '.' || c == '_'):
			return false
		case i-start >= maxKeyPart:
			return false
		}
	}
	return true
}

func escapePart(part string, first bool) string {
	var b strings.Builder
	for i := 0; i < len(part); {
		r, n := utf8.DecodeRuneInString(part[i:])
		reserved := i == 0 && (part == ".sgwtmp" || part == "." || part == ".." || first && part+"/" == Own)
		_, looks := escaped(part[i:])
		if reserved || looks || r < 0x20 || r == 0x7f || r == '\\' || r == utf8.RuneError || r == 0xFFFE || r == 0xFFFF {
			for _, c := range []byte(part[i : i+n]) {
				b.WriteByte('%')
				b.WriteByte(hexDigits[c>>4])
				b.WriteByte(hexDigits[c&0xf])
			}
		} else {
			b.WriteString(part[i : i+n])
		}
		i += n
	}
	return b.String()
}

// escaped is the byte that a text begins with, if it is one that escapePart has
// written: of those only, so that "100%41" stays what it is.
func escaped(s string) (byte, bool) {
	if len(s) < 3 || s[0] != '%' {
		return 0, false
	}
	high, low := strings.IndexByte(hexDigits, s[1]), strings.IndexByte(hexDigits, s[2])
	if high < 0 || low < 0 {
		return 0, false
	}
	c := byte(high<<4 | low)
	return c, c != 0 && (c < 0x20 || c >= 0x7f || strings.IndexByte(`\%._`, c) >= 0)
}

// Regular reports a path that a file below a folder can have: parts that are
// neither empty nor "." nor "..", without zero bytes.
func Regular(name string) bool {
	return name != "" && name != "." && path.Clean("/"+name) == "/"+name && !strings.Contains(name, "\x00")
}
