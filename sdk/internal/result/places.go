package result

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"runtime"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/kubevast/vast/internal/layout"
)

// system decides which names a file can have in its destination. The zero value
// is Linux: any.
type system struct {
	// windows has names and characters that mean something else, and takes a
	// backslash for a slash.
	windows bool
	// text: names are Unicode, and two that differ in case, or in how a letter
	// is composed, are one.
	text bool
}

func thisSystem() system { return systemOf(runtime.GOOS) }

func systemOf(goos string) system {
	windows := goos == "windows"
	return system{windows: windows, text: windows || goos == "darwin" || goos == "ios"}
}

const (
	maxName = 255
	// cutName is how much stays of a name that is too long.
	cutName = 200
)

// devices are names that Windows keeps for itself, with any extension.
var devices = func() map[string]bool {
	all := map[string]bool{"CON": true, "PRN": true, "AUX": true, "NUL": true, "CONIN$": true, "CONOUT$": true}
	for _, n := range []string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "¹", "²", "³"} {
		all["COM"+n], all["LPT"+n] = true, true
	}
	return all
}()

// place gives every file its path below the unit's folder. That is its name where
// it can be. Otherwise:
//
//   - each byte that the system does not take is written as % and two hex digits;
//     so are the parts "." and "..", the first of "_vast", where our own files
//     are, and the first letter of a device of Windows;
//   - an empty part becomes %, and one that is too long is cut and gets a hash;
//   - what has the name of another one, or of the folder of others, gets ~2, ~3 and
//     so on behind its name.
//
// So nothing is placed outside the folder, and nothing below a path that is no
// folder: an inventory is written in a pod that runs a user's program.
func (s system) place(files []file) {
	taken := map[string]bool{s.same(layout.InventoryFile): true, s.same(fetchedFile): true}
	folders := map[string]bool{}
	above := func(p string) {
		for dir := path.Dir(p); dir != "." && !folders[s.same(dir)]; dir = path.Dir(dir) {
			folders[s.same(dir)] = true
		}
	}
	above(layout.InventoryFile)
	for i := range files {
		f := &files[i]
		f.path = s.path(f.name, !f.log)
		above(f.path)
		if f.dir {
			folders[s.same(f.path)] = true
		}
	}
	last := map[string]int{} // number behind a name: there may be very many alike
	for i := range files {
		f := &files[i]
		if f.dir {
			continue
		}
		wanted := f.path
		for n := max(2, last[wanted]+1); taken[s.same(f.path)] || folders[s.same(f.path)]; n++ {
			f.path = numbered(wanted, n)
			last[wanted] = n
		}
		taken[s.same(f.path)] = true
	}
}

// numbered is a path that a number distinguishes from another one.
func numbered(p string, n int) string {
	dir, name := path.Split(p)
	end := fmt.Sprintf("~%d", n)
	if len(name)+len(end) > maxName {
		name = shortened(name)
	}
	return dir + name + end
}

// same is equal for paths that are one.
func (s system) same(p string) string {
	if s.text {
		return norm.NFC.String(cases.Fold().String(p))
	}
	return p
}

func (s system) path(name string, ours bool) string {
	parts := strings.Split(name, "/")
	for i, part := range parts {
		parts[i] = s.part(part, ours && i == 0)
	}
	return strings.Join(parts, "/")
}

// part is a part of a name as the system takes it; first of those that must not
// be ours.
func (s system) part(part string, first bool) string {
	var b strings.Builder
	for i := 0; i < len(part); {
		r, n := utf8.DecodeRuneInString(part[i:])
		if s.takes(part, i, r, n, first) {
			b.WriteString(part[i : i+n])
		} else {
			for _, c := range []byte(part[i : i+n]) {
				fmt.Fprintf(&b, "%%%02X", c)
			}
		}
		i += n
	}
	switch {
	case b.Len() == 0:
		return "%"
	case b.Len() > maxName:
		return shortened(b.String())
	}
	return b.String()
}

// takes reports that the rune of n bytes at i can be part of a name.
func (s system) takes(part string, i int, r rune, n int, first bool) bool {
	switch {
	case r == 0, part == ".", part == "..":
		return false
	case i == 0 && first && s.same(part)+"/" == layout.Own:
		return false
	case s.text && r == utf8.RuneError && n == 1:
		return false
	case !s.windows:
		return true
	case r < ' ', strings.ContainsRune(`<>:"|?*\`, r):
		return false
	case i+n == len(part) && (r == '.' || r == ' '):
		return false
	case i == 0:
		base, _, _ := strings.Cut(part, ".")
		return !devices[strings.ToUpper(strings.TrimRight(base, " "))]
	}
	return true
}

// shortened is the beginning of a name, with a hash of all of it.
func shortened(name string) string {
	sum := sha256.Sum256([]byte(name))
	return strings.ToValidUTF8(name[:min(len(name), cutName)], "") + "~" + hex.EncodeToString(sum[:6])
}
