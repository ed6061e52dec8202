package layout

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestTheKeyOfAFile(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("long/", 240) + "end"
	for name, c := range map[string]struct{ path, want string }{
		"a safe name stays":                         {"a/b-c.txt", "a/b-c.txt"},
		"and one of any letters":                    {"größe/日本語 (1).txt", "größe/日本語 (1).txt"},
		"and hidden ones":                           {".config/_x/_vast", ".config/_x/_vast"},
		"and a per cent sign":                       {"100%/%41/%zz/%", "100%/%41/%zz/%"},
		"and what XML escapes":                      {`<a> & "b"'s +c?d#e;f`, `<a> & "b"'s +c?d#e;f`},
		"and a direction of writing":                {"a\u202eb", "a\u202eb"},
		"and a name of 255 bytes":                   {strings.Repeat("n", 255), strings.Repeat("n", 255)},
		"control characters are escaped":            {"a\x01b\n\x7f/\x1b[31m", "a%01b%0A%7F/%1B[31m"},
		"a backslash is":                            {`back\slash`, "back%5Cslash"},
		"bytes that are not UTF-8 are":              {"a\xff\xc3", "a%FF%C3"},
		"half a surrogate is":                       {"\xed\xa0\x80", "%ED%A0%80"},
		"characters that lists do not have are":     {"\ufffd\ufffe\uffff", "%EF%BF%BD%EF%BF%BE%EF%BF%BF"},
		"a per cent sign that looks like an escape": {"%01 %5C %5c %25 %FF %2E", "%2501 %255C %5c %2525 %25FF %252E"},
		"what is ours is":                           {"_vast/manifest.json", "%5Fvast/manifest.json"},
		"what is versitygw's is":                    {"a/.sgwtmp/x", "a/%2Esgwtmp/x"},
		"but not what begins so":                    {"_vast2/.sgwtmp2", "_vast2/.sgwtmp2"},
		"a path of more than 1024 bytes has a hash": {long, LongKey(long)},
		"and a part that is longer when it is safe": {strings.Repeat("\x01", 100), LongKey(strings.Repeat("\x01", 100))},
		"and a path that is longer with its prefix": {strings.Repeat("d/", 505) + "e", LongKey(strings.Repeat("d/", 505) + "e")},
		"and a part that no system has is as well":  {"a/../b", "a/%2E./b"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			prefix := "tasks/aaaabbbb/0/"
			got := FileKey(prefix, c.path)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			if !IsLongKey(got) {
				if diff := cmp.Diff(c.path, FilePath(got)); diff != "" {
					t.Errorf("the way back: %s", diff)
				}
			}
		})
	}
}

// FuzzFileKey: any name gets a key that any store can hold, and back.
func FuzzFileKey(f *testing.F) {
	for _, name := range []string{"a", `b\c`, "%01", "%%01", "%2%05", "\xff%FF", "_vast", ".sgwtmp/x", "%", "a%5", "%25", "\ufffd", strings.Repeat("\n", 90), strings.Repeat("x/", 600)} {
		f.Add(name, name+"%")
	}
	f.Fuzz(func(t *testing.T, one, other string) {
		prefix := "campaigns/c/f/0/"
		for _, name := range []string{one, other} {
			if !Regular(name) {
				return
			}
			key := FileKey(prefix, name)
			if IsLongKey(key) {
				continue
			}
			if got := FilePath(key); got != name {
				t.Errorf("%q is %q is %q", name, key, got)
			}
			if !Regular(key) || !utf8.ValidString(key) || len(prefix)+len(key) > 1024 || strings.HasPrefix(key, Own) ||
				strings.ContainsFunc(key, func(r rune) bool {
					return r < 0x20 || r == 0x7f || r == '\\' || r == 0xFFFD || r == 0xFFFE || r == 0xFFFF
				}) {
				t.Errorf("%q is no key for %q", key, name)
			}
		}
		if one != other && FileKey(prefix, one) == FileKey(prefix, other) {
			t.Errorf("%q and %q have one key", one, other)
		}
	})
}

func TestAnInventoryHasNamesOfAnyBytes(t *testing.T) {
	t.Parallel()
	m := &Inventory{Files: []File{{Path: "plain", Size: 1}, {Path: "a\xff", Key: "a%FF"}, {Path: "l", Link: "\xfe"}},
		Missing: []Missing{{Path: "\x80", Reason: "it is a socket"}}}
	data := marshal(t, m)
	var got Inventory
	unmarshal(t, data, &got)
	if diff := cmp.Diff(m.Files, got.Files) + cmp.Diff(m.Missing, got.Missing); diff != "" {
		t.Error(diff)
	}
	if strings.Count(string(data), "pathBytes") != 2 {
		t.Errorf("%s", data)
	}
}

func marshal(t *testing.T, v any) []byte {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func unmarshal(t *testing.T, data []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatal(err)
	}
}
