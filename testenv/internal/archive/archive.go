// Package archive writes container images as `docker save` would: a tar file that
// both `docker load` and `ctr images import` take. With it an image is put together
// from files without a build engine, and the same inputs give the same image.
package archive

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"runtime"
)

// Image is layers, from the lowest to the highest, and how to start it.
type Image struct {
	Tags   []string
	Layers []Layer
	Config Config
}

// Config is the configuration of the image's process, with the keys of the image format.
type Config struct {
	Env        []string `json:"Env,omitempty"`
	Entrypoint []string `json:"Entrypoint,omitempty"`
	Cmd        []string `json:"Cmd,omitempty"`
	User       string   `json:"User,omitempty"`
	WorkingDir string   `json:"WorkingDir,omitempty"`
	StopSignal string   `json:"StopSignal,omitempty"`
}

// Layer is an uncompressed tar file on disk.
type Layer struct {
	path   string
	digest string // hex, without the algorithm
	size   int64
}

// LayerFile makes a layer of a tar file.
func LayerFile(path string) (Layer, error) {
	file, err := os.Open(path)
	if err != nil {
		return Layer{}, err
	}
	defer file.Close()
	sum := sha256.New()
	size, err := io.Copy(sum, file)
	if err != nil {
		return Layer{}, err
	}
	return Layer{path: path, digest: hex.EncodeToString(sum.Sum(nil)), size: size}, nil
}

type manifestEntry struct {
	Config   string
	RepoTags []string
	Layers   []string
}

type imageConfig struct {
	Architecture string `json:"architecture"`
	OS           string `json:"os"`
	Config       Config `json:"config"`
	RootFS       rootFS `json:"rootfs"`
}

type rootFS struct {
	Type    string   `json:"type"`
	DiffIDs []string `json:"diff_ids"`
}

// Write writes one archive of all the images. A layer that several of them have is
// written once.
func Write(w io.Writer, images ...Image) error {
	out := tar.NewWriter(w)
	written := map[string]bool{}
	var manifest []manifestEntry
	for _, image := range images {
		config := imageConfig{
			Architecture: runtime.GOARCH, OS: "linux",
			Config: image.Config, RootFS: rootFS{Type: "layers"},
		}
		entry := manifestEntry{RepoTags: image.Tags}
		for _, layer := range image.Layers {
			config.RootFS.DiffIDs = append(config.RootFS.DiffIDs, "sha256:"+layer.digest)
			entry.Layers = append(entry.Layers, layer.digest+"/layer.tar")
			if written[layer.digest] {
				continue
			}
			written[layer.digest] = true
			if err := writeFile(out, layer.digest+"/layer.tar", layer); err != nil {
				return err
			}
		}
		raw, err := json.Marshal(config)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(raw)
		entry.Config = hex.EncodeToString(sum[:]) + ".json"
		if !written[entry.Config] {
			written[entry.Config] = true
			if err := writeBytes(out, entry.Config, raw); err != nil {
				return err
			}
		}
		manifest = append(manifest, entry)
	}
	raw, err := json.Marshal(manifest)
	if err != nil {
		return err
	}
	if err := writeBytes(out, "manifest.json", raw); err != nil {
		return err
	}
	return out.Close()
}

func writeFile(out *tar.Writer, name string, layer Layer) error {
	file, err := os.Open(layer.path)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := out.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: layer.size}); err != nil {
		return err
	}
	_, err = io.Copy(out, file)
	return err
}

func writeBytes(out *tar.Writer, name string, content []byte) error {
	if err := out.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(content))}); err != nil {
		return err
	}
	_, err := out.Write(content)
	return err
}
