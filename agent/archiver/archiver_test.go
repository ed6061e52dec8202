package archiver

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/sdk/api"
)

const campaign = "sweep-2026-11-21-101500"

var ended = time.Date(2026, 11, 21, 10, 30, 0, 0, time.UTC)

func sum(data []byte) string {
	s := sha256.Sum256(data)
	return hex.EncodeToString(s[:])
}

func put(t testing.TB, b store.Backend, key string, content []byte) {
	t.Helper()
	if _, err := b.Put(t.Context(), key, bytes.NewReader(content), int64(len(content)), store.PutOptions{}); err != nil {
		t.Fatal(err)
	}
}

// run stores a run of a campaign with its inventory.
func run(t testing.TB, b store.Backend, config string, number int, files map[string][]byte, more ...layout.File) {
	t.Helper()
	prefix := layout.RunPrefix(campaign, config, number)
	inventory := layout.Inventory{Version: layout.InventoryVersion, Ended: ended, LogPrefix: prefix + layout.LogDir, Outcome: layout.Outcome{State: api.Succeeded}, Files: more}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		content := files[name]
		f := layout.File{Path: name, Size: int64(len(content)), SHA256: sum(content), Mode: 0o640}
		if key := layout.FileKey(prefix, name); key != name {
			f.Key = key
		}
		put(t, b, prefix+f.ObjectKey(), content)
		inventory.Files = append(inventory.Files, f)
	}
	put(t, b, prefix+layout.LogDir+"main.log", []byte("2026-11-21T10:20:00Z hello\n"))
	inventory.Logs = []layout.File{{Path: "main.log", Size: 27}}
	data, err := json.Marshal(inventory)
	if err != nil {
		t.Fatal(err)
	}
	put(t, b, prefix+layout.InventoryFile, data)
}

func newStore(t testing.TB) store.Backend {
	t.Helper()
	b, err := store.OpenDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func fill(t testing.TB, b store.Backend) []byte {
	t.Helper()
	large := make([]byte, 3*smallFile+7)
	source := rand.NewChaCha8([32]byte{1})
	_, _ = source.Read(large)
	put(t, b, layout.RecordKey(campaign), []byte(`{"version":1}`))
	put(t, b, layout.CampaignPrefix(campaign)+"_config/sweep.vast", []byte("a: 1\n"))
	run(t, b, "fast", 0, map[string][]byte{"a.txt": []byte("a"), "sub/large.bin": large, "empty": nil, "back\\slash": []byte("x")},
		layout.File{Path: "link", Link: "a.txt"}, layout.File{Path: "out", Link: "/etc/passwd"}, layout.File{Path: "dir", Dir: true, Mode: 0o700})
	// A run without an inventory.
	put(t, b, layout.RunPrefix(campaign, "slow", 1)+"partial.txt", []byte("so far"))
	return large
}

// contents reads an archive: name to content, links as "-> target", folders as "/".
func contents(t testing.TB, name string, archive []byte) map[string]string {
	t.Helper()
	var r io.Reader
	var err error
	if strings.HasSuffix(name, ".gz") {
		r, err = gzip.NewReader(bytes.NewReader(archive))
	} else {
		r, err = zstd.NewReader(bytes.NewReader(archive))
	}
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for entries := tar.NewReader(r); ; {
		h, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Uid != 0 || h.Gid != 0 || h.Uname != "" {
			t.Errorf("%s has an owner", h.Name)
		}
		if _, twice := out[h.Name]; twice {
			t.Errorf("%s is there twice", h.Name)
		}
		data, err := io.ReadAll(entries)
		if err != nil {
			t.Fatal(err)
		}
		switch h.Typeflag {
		case tar.TypeDir:
			out[h.Name] = "/"
		case tar.TypeSymlink:
			out[h.Name] = "-> " + h.Linkname
		default:
			out[h.Name] = fmt.Sprintf("%o %s", h.Mode, sum(data))
		}
	}
}

func stored(t testing.TB, b store.Backend, key string) []byte {
	t.Helper()
	body, _, err := b.Get(t.Context(), key, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	data, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestAnArchiveHasAllOfACampaign(t *testing.T) {
	t.Parallel()
	for _, format := range []string{".tar.gz", ".tar.zst"} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			b := newStore(t)
			large := fill(t, b)
			var progress int64
			record, err := Build(t.Context(), b, Options{Prefix: layout.CampaignPrefix(campaign), Folder: campaign, Name: campaign + format,
				Progress: func(n int64) { progress = n }})
			if err != nil {
				t.Fatal(err)
			}
			archive := stored(t, b, layout.ArchiveKey(campaign+format))
			md := md5.Sum(archive)
			want := layout.ArchiveRecord{Version: 1, Size: int64(len(archive)), SHA256: sum(archive), MD5: hex.EncodeToString(md[:]),
				CRC32C: fmt.Sprintf("%08x", crc32.Checksum(archive, crc32.MakeTable(crc32.Castagnoli))), Files: 9, LeftOut: 1,
				Source: record.Source, Created: record.Created, Bytes: progress}
			if diff := cmp.Diff(want, *record); diff != "" || record.Source == "" || progress < int64(len(large)) {
				t.Errorf("record (-want,+got), %d bytes of progress:\n%s", progress, diff)
			}
			got := contents(t, format, archive)
			for name, content := range map[string]string{
				"record.json": "644 " + sum([]byte(`{"version":1}`)), "_config/sweep.vast": "644 " + sum([]byte("a: 1\n")),
				"fast/0/a.txt": "640 " + sum([]byte("a")), "fast/0/sub/large.bin": "640 " + sum(large), "fast/0/empty": "640 " + sum(nil),
				"fast/0/back\\slash": "640 " + sum([]byte("x")), "fast/0/link": "-> a.txt", "fast/0/dir/": "/",
				"fast/0/_vast/logs/main.log": "644 " + sum([]byte("2026-11-21T10:20:00Z hello\n")), "slow/1/partial.txt": "644 " + sum([]byte("so far")),
			} {
				if got[campaign+"/"+name] != content {
					t.Errorf("%s is %q, want %q", name, got[campaign+"/"+name], content)
				}
				delete(got, campaign+"/"+name)
			}
			delete(got, campaign+"/fast/0/_vast/manifest.json")
			if len(got) > 0 {
				t.Errorf("the archive has more: %v", got)
			}
		})
	}
}

func TestTheSameResultsGiveTheSameBytes(t *testing.T) {
	t.Parallel()
	var archives [2][]byte
	for i := range archives {
		b := newStore(t)
		fill(t, b)
		if _, err := Build(t.Context(), b, Options{Prefix: layout.CampaignPrefix(campaign), Folder: campaign, Name: "a.tar.gz"}); err != nil {
			t.Fatal(err)
		}
		archives[i] = stored(t, b, layout.ArchiveKey("a.tar.gz"))
	}
	if !bytes.Equal(archives[0], archives[1]) {
		t.Error("two archives of the same results differ")
	}
}

func TestAChangedFileIsNoPartOfAnArchive(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{"content": "b", "size": "longer"} {
		t.Run(name, func(t *testing.T) {
			b := newStore(t)
			fill(t, b)
			put(t, b, layout.ArchiveKey("a.tar.gz"), []byte("the one before"))
			put(t, b, layout.RunPrefix(campaign, "fast", 0)+"a.txt", []byte(content))
			_, err := Build(t.Context(), b, Options{Prefix: layout.CampaignPrefix(campaign), Folder: campaign, Name: "a.tar.gz"})
			if !api.IsConflict(err) || !strings.Contains(err.Error(), "a.txt") {
				t.Errorf("the error is %v", err)
			}
			if got := stored(t, b, layout.ArchiveKey("a.tar.gz")); string(got) != "the one before" {
				t.Errorf("the archive has %d bytes of another content", len(got))
			}
		})
	}
}

func TestABuildEndsWithItsContext(t *testing.T) {
	t.Parallel()
	b := newStore(t)
	fill(t, b)
	ctx, cancel := context.WithCancel(t.Context())
	_, err := Build(ctx, b, Options{Prefix: layout.CampaignPrefix(campaign), Folder: campaign, Name: "a.tar.gz", Progress: func(int64) { cancel() }})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
	if _, err := b.Stat(t.Context(), layout.ArchiveKey("a.tar.gz")); !api.IsNotFound(err) {
		t.Errorf("an unfinished archive is there: %v", err)
	}
}
