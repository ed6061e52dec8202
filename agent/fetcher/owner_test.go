package fetcher

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/kubevast/vast/internal/agentspec"
)

// The image says late as whom it runs, so that is whose all becomes.
func TestWhatIsBroughtBelongsToTheImagesUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root gives files away")
	}
	dir, elsewhere := t.TempDir(), filepath.Join(t.TempDir(), "elsewhere")
	for path, text := range map[string]string{filepath.Join(dir, "owner"): "1234:567\n", elsewhere: "not brought"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(elsewhere, filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	o := agentspec.Fetch{OwnerFile: filepath.Join(dir, "owner"), Give: dir, Items: []agentspec.Item{{Text: "x", To: filepath.Join(dir, "0/deep/file")}}}
	if err := (&Fetcher{}).Fetch(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string][2]uint32{"0": {1234, 567}, "0/deep/file": {1234, 567}, "link": {1234, 567}, elsewhere: {0, 0}} {
		if !filepath.IsAbs(path) {
			path = filepath.Join(dir, path)
		}
		info, err := os.Lstat(path)
		if err != nil {
			t.Fatal(err)
		}
		if s := info.Sys().(*syscall.Stat_t); [2]uint32{s.Uid, s.Gid} != want {
			t.Errorf("%s belongs to %d:%d, want %v", path, s.Uid, s.Gid, want)
		}
	}
	if info, err := os.Lstat(filepath.Join(dir, "owner")); err != nil || info.Mode() != fs.FileMode(0o600) {
		t.Errorf("modes stay: %v %v", info.Mode(), err)
	}
}

func TestNoOwnerIsNamed(t *testing.T) {
	dir := t.TempDir()
	o := agentspec.Fetch{OwnerFile: filepath.Join(dir, "owner"), Give: dir, Items: []agentspec.Item{{Text: "x", To: filepath.Join(dir, "0")}}}
	if err := (&Fetcher{}).Fetch(t.Context(), o); err != nil {
		t.Errorf("no file: %v", err)
	}
	if err := os.WriteFile(o.OwnerFile, []byte("root"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := (&Fetcher{}).Fetch(t.Context(), o); err == nil {
		t.Error("words were taken for a user")
	}
}

// The user's image makes the file, and is not to be trusted.
func TestWhatAnImageWritesInThePlaceOfTheOwnerIsNeitherFollowedNorQuoted(t *testing.T) {
	canary := "canary-" + rand.Text()
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte(canary), 0o600); err != nil {
		t.Fatal(err)
	}
	numbers := filepath.Join(t.TempDir(), "numbers")
	if err := os.WriteFile(numbers, []byte("1:1"), 0o600); err != nil {
		t.Fatal(err)
	}
	write := func(text string) func(string) error {
		return func(file string) error { return os.WriteFile(file, []byte(text), 0o644) }
	}
	link := func(to string) func(string) error {
		return func(file string) error { return os.Symlink(to, file) }
	}
	for name, tc := range map[string]struct {
		make func(file string) error
		says string
	}{
		"a link to a secret":               {link(secret), "is a link"},
		"a link to a file that would do":   {link(numbers), "is a link"},
		"a link to our own environment":    {link("/proc/self/environ"), "is a link"},
		"a link to nothing":                {link("/nowhere"), "is a link"},
		"a link to itself":                 {link("owner"), "is a link"},
		"a link to a device without end":   {link("/dev/zero"), "is a link"},
		"a pipe without a writer":          {func(file string) error { return syscall.Mkfifo(file, 0o644) }, "no regular file"},
		"a folder":                         {func(file string) error { return os.Mkdir(file, 0o755) }, "no regular file"},
		"words":                            {write(canary), "two numbers"},
		"two numbers and words":            {write("1:1\n" + canary), "two numbers"},
		"a file of 64 GiB":                 {func(file string) error { return errors.Join(os.WriteFile(file, nil, 0o644), os.Truncate(file, 64<<30)) }, "two numbers"},
		"nothing":                          {write(""), "two numbers"},
		"a negative number":                {write("-1:-1"), "two numbers"},
		"the number that changes nothing":  {write("4294967295:1"), "no user has"},
		"a number that is too large":       {write("1:4294967296"), "no user has"},
		"control characters and no number": {write("\x1b[2J:1"), "two numbers"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("CANARY", canary)
			file := filepath.Join(t.TempDir(), "owner")
			if err := tc.make(file); err != nil {
				t.Fatal(err)
			}
			err := giveAway(filepath.Dir(file), file)
			if err == nil || !strings.Contains(err.Error(), tc.says) {
				t.Fatalf("%v, want %q", err, tc.says)
			}
			if strings.Contains(err.Error(), canary) || strings.ContainsRune(err.Error(), '\x1b') || len(err.Error()) > 300 {
				t.Errorf("it contains the file's content: %.300q", err)
			}
		})
	}
}
