package share_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/share"
)

const text = "0123456789abcdefghij"

func fast() share.FileOptions { return share.FileOptions{Pause: time.Millisecond} }

// cutAt writes so many bytes from the offset on, and fails.
func cutAt(n int64, err error) func(int, io.WriterAt, share.DownloadOptions, func() (share.Object, error)) (share.Object, error) {
	return func(attempt int, w io.WriterAt, o share.DownloadOptions, read func() (share.Object, error)) (share.Object, error) {
		if attempt > 1 {
			return read()
		}
		if _, err := w.WriteAt([]byte(text[o.Offset:o.Offset+n]), o.Offset); err != nil {
			return share.Object{}, err
		}
		return share.Object{}, err
	}
}

func mustHold(t *testing.T, path, want string) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil || string(got) != want {
		t.Errorf("%s is %q, %v; want %q", path, got, err, want)
	}
	files, err := filepath.Glob(path + ".*")
	if err != nil || len(files) > 0 {
		t.Errorf("left behind: %q, %v", files, err)
	}
}

func TestADownloadContinuesAfterATemporaryError(t *testing.T) {
	f := newFake()
	f.set(name, text)
	f.download = cutAt(7, errCut)
	path := filepath.Join(t.TempDir(), "file")
	o, err := share.Download(t.Context(), f, name, path, fast())
	if err != nil || o.Size != int64(len(text)) || !slices.Equal(f.offsets, []int64{0, 7}) {
		t.Errorf("%+v from offsets %d, %v", o, f.offsets, err)
	}
	mustHold(t, path, text)
}

func TestAnInterruptedDownloadIsContinuedByTheNext(t *testing.T) {
	for what, c := range map[string]struct {
		change func(f *fake, path string)
		offset int64
	}{
		"of the same archive":                     {change: func(*fake, string) {}, offset: 7},
		"but not when the archive is another one": {change: func(f *fake, _ string) { f.set(name, text) }, offset: 0},
		"but not without a note":                  {change: func(_ *fake, path string) { _ = os.Remove(path + ".part.json") }, offset: 0},
		"but not when there is too much":          {change: func(_ *fake, path string) { _ = os.WriteFile(path+".part", make([]byte, 100), 0o600) }, offset: 0},
		"and what is damaged is read again":       {change: func(_ *fake, path string) { _ = os.WriteFile(path+".part", make([]byte, 7), 0o600) }, offset: 7},
	} {
		t.Run(what, func(t *testing.T) {
			f := newFake()
			f.set(name, text)
			ctx, cancel := context.WithCancel(t.Context())
			cut := cutAt(7, context.Canceled)
			f.download = func(attempt int, w io.WriterAt, o share.DownloadOptions, read func() (share.Object, error)) (share.Object, error) {
				cancel()
				return cut(attempt, w, o, read)
			}
			path := filepath.Join(t.TempDir(), "file")
			if _, err := share.Download(ctx, f, name, path, fast()); !errors.Is(err, context.Canceled) {
				t.Fatalf("%T %v", err, err)
			}
			if _, err := os.Stat(path); !os.IsNotExist(err) {
				t.Errorf("the file is there: %v", err)
			}
			f.download, f.offsets = nil, nil
			c.change(f, path)
			if _, err := share.Download(t.Context(), f, name, path, fast()); err != nil || f.offsets[0] != c.offset {
				t.Errorf("from offsets %d, %v", f.offsets, err)
			}
			mustHold(t, path, text)
		})
	}
}

func TestADamagedDownloadIsRemoved(t *testing.T) {
	f := newFake()
	f.set(name, text)
	f.download = func(_ int, w io.WriterAt, _ share.DownloadOptions, _ func() (share.Object, error)) (share.Object, error) {
		_, err := w.WriteAt(make([]byte, len(text)), 0)
		return f.object(name), err
	}
	dir := t.TempDir()
	if _, err := share.Download(t.Context(), f, name, filepath.Join(dir, "file"), fast()); !api.IsUnavailable(err) || f.fetches != 2 {
		t.Errorf("%d attempts, %T %v", f.fetches, err, err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

func TestADownloadWithGapsIsNotContinuedBehindThem(t *testing.T) {
	f := newFake()
	f.set(name, text)
	f.download = func(attempt int, w io.WriterAt, _ share.DownloadOptions, read func() (share.Object, error)) (share.Object, error) {
		if attempt > 1 {
			return read()
		}
		for _, part := range [][2]int{{10, 15}, {0, 3}, {3, 5}} {
			if _, err := w.WriteAt([]byte(text[part[0]:part[1]]), int64(part[0])); err != nil {
				return share.Object{}, err
			}
		}
		return share.Object{}, errCut
	}
	path := filepath.Join(t.TempDir(), "file")
	if _, err := share.Download(t.Context(), f, name, path, fast()); err != nil || !slices.Equal(f.offsets, []int64{0, 5}) {
		t.Errorf("from offsets %d, %v", f.offsets, err)
	}
	mustHold(t, path, text)
}

func TestADownloadThatWasKilledIsNotContinuedBehindItsGaps(t *testing.T) {
	for what, c := range map[string]struct {
		parts  [][2]int
		change func(note string)
		offset int64
	}{
		"in order":                      {parts: [][2]int{{0, 5}, {5, 9}}, offset: 9},
		"with a gap":                    {parts: [][2]int{{10, 15}, {0, 3}}, offset: 0},
		"with a gap behind a beginning": {parts: [][2]int{{0, 5}, {10, 15}}, offset: 5},
		"when the system was restarted": {parts: [][2]int{{0, 5}}, offset: 0, change: func(note string) {
			text, err := os.ReadFile(note)
			if err == nil {
				err = os.WriteFile(note, bytes.Replace(text, []byte(`"boot":"`), []byte(`"boot":"0`), 1), 0o600)
			}
			if err != nil {
				t.Error(err)
			}
		}},
	} {
		t.Run(what, func(t *testing.T) {
			f := newFake()
			f.sums = false // a server without checksums
			f.set(name, text)
			first, second := filepath.Join(t.TempDir(), "file"), filepath.Join(t.TempDir(), "file")
			f.download = func(_ int, w io.WriterAt, _ share.DownloadOptions, read func() (share.Object, error)) (share.Object, error) {
				for _, part := range c.parts {
					if _, err := w.WriteAt([]byte(text[part[0]:part[1]]), int64(part[0])); err != nil {
						return share.Object{}, err
					}
				}
				for _, end := range []string{".part", ".part.json"} { // what a killed process leaves
					data, err := os.ReadFile(first + end)
					if err == nil {
						err = os.WriteFile(second+end, data, 0o600)
					}
					if err != nil {
						t.Error(err)
					}
				}
				return read()
			}
			if _, err := share.Download(t.Context(), f, name, first, fast()); err != nil {
				t.Fatal(err)
			}
			if c.change != nil {
				if runtime.GOOS != "linux" {
					t.Skip("the boot is known on Linux")
				}
				c.change(second + ".part.json")
			}
			f.download, f.offsets = nil, nil
			if _, err := share.Download(t.Context(), f, name, second, fast()); err != nil || !slices.Equal(f.offsets, []int64{c.offset}) {
				t.Errorf("from offsets %d, %v", f.offsets, err)
			}
			mustHold(t, second, text)
		})
	}
}

func TestADownloadThatEndsEarlyWithoutAnErrorIsRepeated(t *testing.T) {
	f := newFake()
	f.set(name, text)
	f.download = func(attempt int, w io.WriterAt, _ share.DownloadOptions, read func() (share.Object, error)) (share.Object, error) {
		if attempt > 1 {
			return read()
		}
		_, err := w.WriteAt([]byte(text[:4]), 0)
		return f.object(name), err
	}
	path := filepath.Join(t.TempDir(), "file")
	if _, err := share.Download(t.Context(), f, name, path, fast()); err != nil {
		t.Error(err)
	}
	mustHold(t, path, text)
}

func TestAShorterContentThanTheShareReportsIsNotAccepted(t *testing.T) {
	f := newFake()
	f.sums = false
	f.set(name, text)
	f.download = func(_ int, w io.WriterAt, _ share.DownloadOptions, _ func() (share.Object, error)) (share.Object, error) {
		_, err := w.WriteAt([]byte(text[:4]), 0)
		return share.Object{Name: name, Size: 4}, err
	}
	path := filepath.Join(t.TempDir(), "file")
	if _, err := share.Download(t.Context(), f, name, path, fast()); !api.IsUnavailable(err) {
		t.Errorf("%T %v", err, err)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("the file is there: %v", err)
	}
}

func TestAnExistingFileIsReplacedOnlyWithOverwrite(t *testing.T) {
	f := newFake()
	f.set(name, text)
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := share.Download(t.Context(), f, name, path, fast()); !api.IsConflict(err) || f.stats > 0 {
		t.Errorf("%T %v", err, err)
	}
	mustHold(t, path, "mine")
	o := fast()
	o.Overwrite = true
	if _, err := share.Download(t.Context(), f, name, path, o); err != nil {
		t.Error(err)
	}
	mustHold(t, path, text)
	if _, err := share.Download(t.Context(), f, name, t.TempDir(), o); !api.IsConflict(err) {
		t.Errorf("a folder: %T %v", err, err)
	}
}

func TestAPartThatIsALinkIsNotWrittenThrough(t *testing.T) {
	f := newFake()
	f.set(name, text)
	dir := t.TempDir()
	mine := filepath.Join(dir, "mine")
	if err := os.WriteFile(mine, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(mine, filepath.Join(dir, "file.part")); err != nil {
		t.Skip(err)
	}
	if _, err := share.Download(t.Context(), f, name, filepath.Join(dir, "file"), fast()); !api.IsConflict(err) {
		t.Errorf("%T %v", err, err)
	}
	mustHold(t, mine, "mine")
}
