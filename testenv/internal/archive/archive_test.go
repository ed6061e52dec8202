package archive

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"path/filepath"
	"testing"
)

func TestWriteSharesLayers(t *testing.T) {
	tree, err := NewTree(filepath.Join(t.TempDir(), "layer.tar"))
	if err != nil {
		t.Fatal(err)
	}
	tree.Bytes("usr/local/bin/program", 0o755, []byte("#!"))
	tree.Link("usr/local/bin/other", "program")
	layer, err := tree.Close()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	err = Write(&out,
		Image{Tags: []string{"a:1", "a:2"}, Layers: []Layer{layer}, Config: Config{User: "1"}},
		Image{Tags: []string{"b:1"}, Layers: []Layer{layer}},
	)
	if err != nil {
		t.Fatal(err)
	}
	files := unpack(t, &out)
	if len(files) != 4 { // one layer, two configurations, one list
		t.Errorf("%d files in the archive, want 4", len(files))
	}
	var manifest []manifestEntry
	if err := json.Unmarshal(files["manifest.json"], &manifest); err != nil {
		t.Fatal(err)
	}
	for _, entry := range manifest {
		var config imageConfig
		if err := json.Unmarshal(files[entry.Config], &config); err != nil {
			t.Fatal(err)
		}
		if len(entry.Layers) != 1 || len(config.RootFS.DiffIDs) != 1 || files[entry.Layers[0]] == nil {
			t.Errorf("%v has not its layer: %v %v", entry.RepoTags, entry.Layers, config.RootFS)
		}
	}
}

func TestTreeIsTheSameEveryTime(t *testing.T) {
	var digests []string
	for range 2 {
		tree, err := NewTree(filepath.Join(t.TempDir(), "layer.tar"))
		if err != nil {
			t.Fatal(err)
		}
		tree.Dir("tmp", 0o1777)
		tree.Bytes("/etc/file", 0o644, []byte("x"))
		layer, err := tree.Close()
		if err != nil {
			t.Fatal(err)
		}
		digests = append(digests, layer.digest)
	}
	if digests[0] != digests[1] {
		t.Errorf("two digests: %v", digests)
	}
}

func TestTreeKeepsItsFirstError(t *testing.T) {
	tree, err := NewTree(filepath.Join(t.TempDir(), "layer.tar"))
	if err != nil {
		t.Fatal(err)
	}
	tree.File("bin/missing", 0o755, filepath.Join(t.TempDir(), "missing"))
	tree.Bytes("etc/file", 0o644, nil)
	if _, err := tree.Close(); err == nil {
		t.Error("no error for a file that is not there")
	}
}

func unpack(t *testing.T, r io.Reader) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	in := tar.NewReader(r)
	for {
		header, err := in.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		if files[header.Name], err = io.ReadAll(in); err != nil {
			t.Fatal(err)
		}
	}
}
