package cache

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestHashDistinguishesParts(t *testing.T) {
	if Hash("ab", "c") == Hash("a", "bc") {
		t.Error("moving a character from one part to the next goes unnoticed")
	}
	if Hash("a") != Hash("a") {
		t.Error("the same parts make different hashes")
	}
}

func TestHashSources(t *testing.T) {
	tests := map[string]struct {
		files   []string
		changes bool
	}{
		"a test":         {[]string{"main_test.go"}, false},
		"a hidden file":  {[]string{".notes"}, false},
		"another module": {[]string{"nested/go.mod", "nested/main.go"}, false},
		"a new file":     {[]string{"more/more.go"}, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, "main.go", "package main")
			before := hash(t, dir)
			for _, file := range test.files {
				write(t, dir, file, "package x")
			}
			if got := hash(t, dir) != before; got != test.changes {
				t.Errorf("changes the hash: %v, want %v", got, test.changes)
			}
		})
	}
}

func TestGetBuildsOnce(t *testing.T) {
	dir, err := At(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	builds := 0
	thing := Artefact{Name: "thing", Hash: "1", Build: func(_ context.Context, dir string) error {
		builds++
		if builds == 1 {
			return errors.New("no luck")
		}
		return os.WriteFile(filepath.Join(dir, "file"), nil, 0o644)
	}}
	quiet := func(string, ...any) {}
	if _, err := dir.Get(t.Context(), thing, quiet); err == nil {
		t.Fatal("no error for a build that failed")
	}
	for range 2 { // what failed is tried again, what was built is not
		path, err := dir.Get(t.Context(), thing, quiet)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(filepath.Join(path, "file")); err != nil {
			t.Fatal(err)
		}
	}
	if builds != 2 {
		t.Errorf("built %d times, want 2", builds)
	}
}

func TestLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	unlock, err := Lock(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := Lock(ctx, path); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a lock that is held: %v", err)
	}
	unlock()
	unlock, err = Lock(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	unlock()
}

func hash(t *testing.T, dir string) string {
	t.Helper()
	sum, err := HashSources(dir)
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

func write(t *testing.T, dir, name, content string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}
