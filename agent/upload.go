package main

import (
	"context"
	"fmt"
	"io"

	"github.com/kubevast/vast/agent/uploader"
	"github.com/kubevast/vast/sdk/store"
)

// runUpload puts a folder that is laid out as the store is into it; see package
// uploader.
func runUpload(ctx context.Context, args []string, out io.Writer) error {
	items, err := uploader.Find(args[0])
	if err != nil {
		return err
	}
	s, err := store.FromEnv()
	if err != nil {
		return err
	}
	defer s.Close()
	if err := store.UploadAll(ctx, s, items, store.TransferOptions{}); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%d files are in bucket %s of the store\n", len(items), s.Bucket)
	return err
}
