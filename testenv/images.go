package testenv

import (
	"context"
	"errors"
	"io"
	"os"

	"golang.org/x/sync/errgroup"

	"github.com/kubevast/vast/testenv/internal/run"
	"github.com/kubevast/vast/testenv/internal/taskimage"
)

// Images that are in every node of a cluster made from source, and that the nodes of
// other clusters can pull.
const (
	BusyboxImage = taskimage.Busybox
	PythonImage  = taskimage.Python
)

// BusyboxUserImage is busybox for a user who is not root. Every node that kind made
// has it.
const BusyboxUserImage = taskimage.BusyboxUser

// LoadImage copies an image that Docker has into every node.
func (c *Cluster) LoadImage(ctx context.Context, image string) error {
	return c.loadStream(ctx, func(w io.Writer) error {
		return run.Cmd{Args: []string{"docker", "save", image}, Stdout: w}.Run(ctx)
	})
}

// LoadArchive copies the images of an archive, as `docker save` writes it, into every
// node.
func (c *Cluster) LoadArchive(ctx context.Context, images io.Reader) error {
	return c.loadStream(ctx, func(w io.Writer) error {
		_, err := io.Copy(w, images)
		return err
	})
}

// loadStream feeds what write writes to the container runtimes of all nodes at once.
func (c *Cluster) loadStream(ctx context.Context, write func(io.Writer) error) error {
	if c.way == WayExisting {
		return ErrNotKind
	}
	nodes, err := c.Nodes(ctx)
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	var inputs []io.Writer
	var pipes []*io.PipeWriter
	for _, node := range nodes {
		reader, writer := io.Pipe()
		inputs, pipes = append(inputs, writer), append(pipes, writer)
		group.Go(func() error {
			err := run.Cmd{Args: importCommand(node), Stdin: reader}.Run(ctx)
			reader.CloseWithError(errors.Join(err, io.ErrClosedPipe)) // ends the writer, if it is not at its end
			return err
		})
	}
	group.Go(func() error {
		err := write(io.MultiWriter(inputs...))
		for _, pipe := range pipes {
			pipe.CloseWithError(err) // nil is the end of the file
		}
		return err
	})
	return group.Wait()
}

// importCommand is how kind itself loads an archive into a node.
func importCommand(node string) []string {
	snapshotter := first(os.Getenv("KIND_EXPERIMENTAL_CONTAINERD_SNAPSHOTTER"), "overlayfs")
	return []string{
		"docker", "exec", "--privileged", "-i", node, "ctr", "--namespace=k8s.io", "images", "import",
		"--all-platforms", "--digests", "--snapshotter=" + snapshotter, "-",
	}
}
