package storetest

import (
	"bytes"
	"maps"
	"slices"
	"strings"

	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/sdk/api"
)

func names(f *fixture) {
	contents := map[string]string{}
	for _, name := range []string{
		"with space", "100%", "%41", "a+b=c&d?e#f", "übergröße", "日本語/文件.txt", "quote'\"`", "back\\slash", "~tilde",
		"<xml>&amp;", "*star?[x]{y}", "-dash", ".hidden", "...", "semi;colon:and,comma", "tab\there", "line\nbreak", "sum.json",
		"deep/" + strings.Repeat("x/", 100) + "end", strings.Repeat("n", 255),
		"a\x01b", "a\x02b", "a.b", "\x1b[31m", "dir\x03/x", "dir\x04/x", "del\x7f", "a\ufffdb", "a\uffffb", "\u202e", " lead", "trail ", "dot.", "cr\r",
	} {
		contents[name] = "content of " + name
	}
	f.put(contents)
	for name, content := range contents {
		f.holds(name, content)
	}
	all := slices.Sorted(maps.Keys(contents))
	f.lists("", store.ListOptions{}, all...)
	f.lists("a", store.ListOptions{StartAfter: f.prefix + "a\x01b"}, "a\x02b", "a+b=c&d?e#f", "a.b", "a\ufffdb", "a\uffffb")
	f.lists("dir\x04/", store.ListOptions{}, "dir\x04/x")
	f.lists("dir", store.ListOptions{Delimiter: true}, "dir\x03/", "dir\x04/")
	for _, name := range all {
		if err := f.b.Delete(f.Context(), f.prefix+name); err != nil {
			f.Errorf("%q: %v", name, err)
		}
	}
	f.lists("", store.ListOptions{})
}

func badNames(f *fixture) {
	for _, name := range []string{"", "/", "/absolute", "folder/", "a//b", ".", "..", "a/./b", "a/../b", "../out", "zero\x00byte", "not\xffutf8", strings.Repeat("long/", 250) + "x"} {
		if _, err := f.b.Put(f.Context(), name, strings.NewReader("x"), 1, store.PutOptions{}); !is[*api.InvalidSpecError](err) {
			f.Errorf("put of %.20q: %T %v", name, err, err)
		}
		_, statErr := f.b.Stat(f.Context(), name)
		_, _, getErr := f.b.Get(f.Context(), name, 0)
		for what, err := range map[string]error{"stat": statErr, "get": getErr} {
			if !is[*api.NotFoundError](err) {
				f.Errorf("%s of %.20q: %T %v", what, name, err, err)
			}
		}
		if err := f.b.Delete(f.Context(), name); err != nil {
			f.Errorf("delete of %.20q: %v", name, err)
		}
	}
	// No other object may be taken for one of these.
	f.put(map[string]string{"a/b": "x", "c": "x"})
	for _, name := range []string{"a//b", "a/./b", "a/../c", "/c", "./c", "c/"} {
		if err := f.b.Delete(f.Context(), f.prefix+name); err != nil {
			f.Errorf("delete of %q: %v", name, err)
		}
		if _, _, err := f.b.Get(f.Context(), f.prefix+name, 0); !is[*api.NotFoundError](err) {
			f.Errorf("get of %q: %T %v", name, err, err)
		}
	}
	f.lists("", store.ListOptions{}, "a/b", "c")
}

// longNames: where objects are files, a part of a name has at most 255 bytes.
func longNames(f *fixture) {
	contents := map[string]string{}
	for _, name := range []string{strings.Repeat("n", 255), strings.Repeat("ü", 127), "folder/" + strings.Repeat("f", 255) + "/" + strings.Repeat("x", 255)} {
		contents[name] = "content of " + name
	}
	f.put(contents)
	for name, content := range contents {
		f.holds(name, content)
	}
	f.lists("", store.ListOptions{}, slices.Sorted(maps.Keys(contents))...)
	for _, name := range []string{strings.Repeat("n", 256), "folder/" + strings.Repeat("ü", 128), strings.Repeat("f", 256) + "/x"} {
		if _, err := f.b.Put(f.Context(), f.prefix+name, strings.NewReader("x"), 1, store.PutOptions{}); !is[*api.InvalidSpecError](err) {
			f.Errorf("put of %.20q...: %T %v", name, err, err)
		}
		if _, err := f.b.Stat(f.Context(), f.prefix+name); err == nil {
			f.Errorf("%.20q... is there", name)
		}
	}
}

// folderNames: who keeps a folder finds a file where a folder was, and the
// reverse. One of them in the way must not look like a store that is away.
func folderNames(f *fixture) {
	for _, size := range []int{5, 64<<20 + 1} { // in one request, and in parts
		content := random(size)
		f.put(map[string]string{"file": "before", "folder/one": "before"})
		for name, other := range map[string]string{"file/below": "file", "folder": "folder/one"} {
			put := func() error {
				_, err := f.b.Put(f.Context(), f.prefix+name, bytes.NewReader(content), int64(size), store.PutOptions{})
				return err
			}
			if err := put(); err != nil && !is[*api.ConflictError](err) {
				f.Errorf("%s, %d bytes, beside %s: %T %v", name, size, other, err, err)
			}
			f.holds(other, "before")
			if err := f.b.Delete(f.Context(), f.prefix+other); err != nil {
				f.Fatal(err)
			}
			if err := put(); err != nil {
				f.Errorf("%s, %d bytes, when %s is gone: %v", name, size, other, err)
				continue
			}
			f.holds(name, string(content))
			if err := f.b.Delete(f.Context(), f.prefix+name); err != nil {
				f.Fatal(err)
			}
		}
	}
}

// folderLists: where both can be stored, neither hides the other.
func folderLists(f *fixture) {
	f.put(map[string]string{"file": "x", "other": "x"})
	_, err := f.b.Put(f.Context(), f.prefix+"file/below", strings.NewReader("x"), 1, store.PutOptions{})
	if is[*api.ConflictError](err) {
		return
	}
	if err != nil {
		f.Fatal(err)
	}
	f.lists("", store.ListOptions{}, "file", "file/below", "other")
}

// oddPages: a page may end with a name that the server cannot list exactly.
func oddPages(f *fixture) {
	contents := numbered(999)
	contents["00998\x01"] = "x" // the last of the first page
	for _, name := range []string{"00998\x02", "00998.", "00999"} {
		contents[name] = "x"
	}
	f.put(contents)
	f.lists("", store.ListOptions{}, slices.Sorted(maps.Keys(contents))...)
	var keys []string
	for name := range contents {
		keys = append(keys, f.prefix+name)
	}
	if err := f.b.Delete(f.Context(), keys...); err != nil {
		f.Fatal(err)
	}
	f.lists("", store.ListOptions{})
}

func deletes(f *fixture) {
	contents := numbered(1100)
	contents["sub/folder/one"] = "x"
	f.put(contents)
	var keys []string
	for name := range contents {
		keys = append(keys, f.prefix+name)
	}
	keys = append(keys, f.prefix+"was/never/there", f.prefix+"sub")
	for range 2 { // the second time nothing is there
		if err := f.b.Delete(f.Context(), keys...); err != nil {
			f.Error(err)
		}
	}
	if err := f.b.Delete(f.Context()); err != nil {
		f.Errorf("none: %v", err)
	}
	f.lists("", store.ListOptions{})
	f.lists("", store.ListOptions{Delimiter: true})
}

func lists(f *fixture) {
	all := []string{"a-b", "a.txt", "a/1", "a/b-c", "a/b/1", "a/b/2", "a/b0", "a0", "aa", "b", "b0/x", "ä", "日"}
	contents := map[string]string{}
	for _, name := range all {
		contents[name] = name
	}
	f.put(contents)
	f.lists("", store.ListOptions{}, all...)
	for prefix, want := range map[string][]string{
		"a": all[:9], "a/": all[2:7], "a/b": all[3:7], "a/b/": all[4:6], "a/b/1": all[4:5], "b": all[9:11], "none": nil, "a/b/none/": nil, "b/": nil, "ä": all[11:12],
	} {
		f.lists(prefix, store.ListOptions{}, want...)
	}
	for i, name := range all {
		f.lists("", store.ListOptions{StartAfter: f.prefix + name}, all[i+1:]...)
	}
	f.lists("", store.ListOptions{StartAfter: f.prefix + "a/b"}, all[3:]...)
	f.lists("", store.ListOptions{StartAfter: f.prefix + "a/b/1zzz"}, all[5:]...)
	f.lists("a/", store.ListOptions{StartAfter: f.prefix + "a/b/1"}, all[5:7]...)
	for o, err := range f.b.List(f.Context(), f.prefix, store.ListOptions{}) {
		if err != nil || o.Size != int64(len(strings.TrimPrefix(o.Key, f.prefix))) || o.Modified.IsZero() {
			f.Errorf("%+v, %v", o, err)
		}
		if o.Key == f.prefix+"a/1" {
			break // one that ends early does no harm
		}
	}
}

func levels(f *fixture) {
	contents := map[string]string{}
	for _, name := range []string{"a-b", "a/1", "a/2/3", "a0", "b/x/y", "b/x/z", "c"} {
		contents[name] = name
	}
	f.put(contents)
	level := store.ListOptions{Delimiter: true}
	f.lists("", level, "a-b", "a/", "a0", "b/", "c")
	f.lists("a", level, "a-b", "a/", "a0")
	f.lists("a/", level, "a/1", "a/2/")
	f.lists("b/", level, "b/x/")
	f.lists("b/x/", level, "b/x/y", "b/x/z")
	f.lists("none/", level)
	f.lists("", store.ListOptions{Delimiter: true, StartAfter: f.prefix + "a/"}, "a0", "b/", "c")
	f.lists("", store.ListOptions{Delimiter: true, StartAfter: f.prefix + "a0"}, "b/", "c")
}

func pages(f *fixture) {
	contents := numbered(2100)
	var folders []string
	for name := range numbered(30) {
		contents[name+"/x"] = "x"
		delete(contents, name)
		folders = append(folders, name+"/")
	}
	f.put(contents)
	want := slices.Sorted(maps.Keys(contents))
	f.lists("", store.ListOptions{}, want...)
	f.lists("", store.ListOptions{StartAfter: f.prefix + want[999]}, want[1000:]...)
	slices.Sort(folders)
	f.lists("", store.ListOptions{Delimiter: true}, append(folders, want[30:]...)...)
}
