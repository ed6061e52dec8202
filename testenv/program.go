package testenv

import (
	"context"
	"io"
	"os"
	"path"
	"path/filepath"

	"github.com/kubevast/vast/testenv/internal/archive"
)

// program is an image that holds one static program, which is its entry point, and
// nothing else: no build engine is needed to make it.
type program struct {
	tags []string
	file string // on this machine
	path string // in the image
	user string
}

// unprivileged is who a program runs as that does not say otherwise.
const unprivileged = "65532:65532"

// LoadProgram makes an image of one static program, which is its entry point and runs
// as an unprivileged user, and copies it into every node.
func (c *Cluster) LoadProgram(ctx context.Context, image, file string) error {
	return c.loadPrograms(ctx, program{
		tags: []string{image}, file: file, path: "/" + filepath.Base(file), user: unprivileged,
	})
}

// loadPrograms copies images of programs into every node.
func (c *Cluster) loadPrograms(ctx context.Context, programs ...program) error {
	return withWork(func(work string) error {
		images := make([]archive.Image, 0, len(programs))
		for _, p := range programs {
			image, err := p.image(filepath.Join(work, path.Base(p.path)+".tar"))
			if err != nil {
				return err
			}
			images = append(images, image)
		}
		return c.loadStream(ctx, func(w io.Writer) error { return archive.Write(w, images...) })
	})
}

// withWork calls do with a folder that is gone afterwards.
func withWork(do func(work string) error) error {
	work, err := os.MkdirTemp("", "kubevast-image-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	return do(work)
}

// image writes the only layer to a file and describes the image around it.
func (p program) image(file string) (archive.Image, error) {
	tree, err := archive.NewTree(file)
	if err != nil {
		return archive.Image{}, err
	}
	tree.Dir("tmp", 0o1777)
	tree.File(p.path[1:], 0o755, p.file)
	layer, err := tree.Close()
	if err != nil {
		return archive.Image{}, err
	}
	return archive.Image{
		Tags: p.tags, Layers: []archive.Layer{layer},
		Config: archive.Config{Entrypoint: []string{p.path}, User: p.user},
	}, nil
}
