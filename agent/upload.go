package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/kubevast/vast/agent/uploader"
	"github.com/kubevast/vast/internal/store"
)

// runUpload puts a folder that is laid out as the store is into it; see package
// uploader. The folder "-" is a tar archive on stdin.
func runUpload(ctx context.Context, args []string, out io.Writer) error {
	dir := args[0]
	if dir == "-" {
		temp, err := os.MkdirTemp("", "upload-*")
		if err != nil {
			return err
		}
		defer os.RemoveAll(temp) // it is deleted with the pod
		if err := uploader.Unpack(os.Stdin, temp); err != nil {
			return err
		}
		dir = temp
	}
	items, err := uploader.Find(dir)
	if err != nil {
		return err
	}
	s, err := store.FromEnv()
	if err != nil {
		return err
	}
	defer s.Close()
	// It may be the first that ever comes into the store.
	if err := s.EnsureBucket(ctx); err != nil {
		return err
	}
	if err := store.UploadAll(ctx, s, items, store.TransferOptions{}); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%d files are in bucket %s of the store\n", len(items), s.Bucket)
	return err
}
