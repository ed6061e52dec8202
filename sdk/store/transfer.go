package store

import (
	"context"
	"io/fs"
	"os"

	"github.com/kubevast/vast/sdk/api"
)

// Upload is a file that goes into the store.
type Upload struct {
	Key string
	// Path of the file; below TransferOptions.Root where that is set.
	Path string
	// Size is what the file has to have; -1 takes what it has.
	Size int64
	// SHA256 is what it has to have, in hex; empty: it is found out.
	SHA256 string
}

// Download is an object that becomes a file.
type Download struct {
	Key, Path string
	// Size and SHA256 are what the object has to have; -1 and empty take what
	// it has.
	Size   int64
	SHA256 string
	// Mode are the file's permissions; 0 is 0644.
	Mode fs.FileMode
}

// TransferOptions say how objects are moved.
type TransferOptions struct {
	// Parallel transfers; 0 is 16.
	Parallel int
	// Notify is told how far it is, some times a second and at the end, by one
	// goroutine at a time.
	Notify func(api.TransferProgress)
	// Root is what all paths lie in. They cannot leave it then, through links
	// neither. nil: paths are those of the program.
	Root *os.Root
	// Overwrite replaces files that are there with other content, which is
	// *api.Conflict without it. Downloads only.
	Overwrite bool
}

// UploadAll is to be written.
func UploadAll(ctx context.Context, b Backend, items []Upload, o TransferOptions) error {
	return &api.NotSupported{Message: "not yet"}
}

// DownloadAll is to be written.
func DownloadAll(ctx context.Context, b Backend, items []Download, o TransferOptions) error {
	return &api.NotSupported{Message: "not yet"}
}
