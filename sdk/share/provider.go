package share

import (
	"context"
	"io"
	"iter"
	"time"
)

// ShareProvider is a connection to one share, which holds archives by name in one
// folder, bucket or prefix. Its methods may be called by several goroutines at once,
// but only one at a time for the same name.
//
// Every method may be called again after any error. An error that may pass by itself
// is a TemporaryError; Upload and Download of this package repeat the call then. Any
// other error is permanent. A missing name is an api.NotFoundError, refused credentials
// or permissions an api.ForbiddenError, a setting that is wrong an
// api.InvalidSpecError, what the server cannot do an api.NotSupportedError. No error
// contains a credential.
//
// A name is that of one file: ValidName(name) == nil.
type ShareProvider interface {
	// Type returns the type that the provider is registered under.
	Type() string
	// Capabilities returns what the share can do. It may ask the server, once per
	// provider.
	Capabilities(ctx context.Context) (Capabilities, error)
	// Stat returns the size and the checksums of an archive as the server vouches
	// for them. It returns an api.NotFoundError if there is none of that name, and an
	// api.ConflictError if the name is a folder's.
	Stat(ctx context.Context, name string) (Object, error)
	// List yields the files of the share in no particular order, page by page. It
	// yields neither folders nor temporary files of uploads. An error is the last that it
	// yields: a listing that was cut off never ends without one.
	List(ctx context.Context) iter.Seq2[Object, error]
	// Upload makes one attempt to store source under name, and continues an earlier
	// attempt where o.State has one and the server can. It returns the object as the
	// server reports it afterwards, with the checksums that the server vouches for.
	//
	// At any time the name on the share is absent or whole: it never has a part of the
	// content. What was there before stays until the new content is complete. If name
	// is there and o.Overwrite is not set, it is an api.ConflictError, before any
	// content is sent where the server allows that. A folder of that name is never
	// replaced.
	//
	// After a TemporaryError parts may remain on the share. The next attempt with the
	// same state, whether it continues them or starts again, removes them. After any other error
	// the provider has tried to remove them.
	Upload(ctx context.Context, name string, source Source, o UploadOptions) (Object, error)
	// Download writes the content of name to w, from o.Offset on, each byte at its
	// offset in the file. It starts again at 0 if the server ignores the offset, or if
	// the object is not the one of o.Validator. It returns the object whose content
	// was written; w may have more bytes than its size, from an earlier attempt. It may
	// write to w from several goroutines, and leave gaps after an error.
	Download(ctx context.Context, name string, w io.WriterAt, o DownloadOptions) (Object, error)
	// Remove removes an archive. It returns an api.NotFoundError if there is none,
	// and never removes a folder.
	Remove(ctx context.Context, name string) error
	// Close ends the connection.
	Close() error
}

// Object describes an archive on a share.
type Object struct {
	Name string `json:"name"`
	// Size in bytes, -1 if the server does not report it.
	Size int64 `json:"size"`
	// Modified is zero if the server does not report it.
	Modified time.Time `json:"modified,omitzero"`
	// Checksums are those that the server has computed from what it stores, in hex.
	// Checksums that a server only keeps as they were sent to it are not among them.
	Checksums Checksums `json:"checksums,omitzero"`
	// Validator changes whenever the content does, such as a strong ETag or a
	// generation. Empty if the server has none.
	Validator string `json:"-"`
}

// Checksums are checksums of one content, in lower-case hex; an unknown one is empty.
type Checksums struct {
	SHA256 string `json:"sha256,omitempty"`
	MD5    string `json:"md5,omitempty"`
	// CRC32C is the checksum of RFC 3720 as Google's services use it.
	CRC32C string `json:"crc32c,omitempty"`
}

// Source is the content of an upload.
type Source struct {
	// Size in bytes; it is always known.
	Size int64
	// Checksums of the content. SHA256 is always set.
	Checksums Checksums
	// Open reads the content from offset to its end. It may be called several times.
	Open func(ctx context.Context, offset int64) (io.ReadCloser, error)
}

// UploadOptions are the options of ShareProvider.Upload.
type UploadOptions struct {
	// Overwrite replaces an archive of that name.
	Overwrite bool
	// State keeps what an interrupted upload needs to continue, from one process to the
	// next. Nil keeps nothing.
	State State
	// Progress, if set, receives how many bytes of the content the server has, as far as
	// is known. It may go back. It is called by one goroutine at a time.
	Progress func(sent int64)
}

// State keeps a short text, such as the address of an upload session, for one upload
// of one content. Its values may contain credentials.
type State interface {
	// Load returns what was saved last, or "".
	Load(ctx context.Context) (string, error)
	// Save replaces it; "" removes it.
	Save(ctx context.Context, value string) error
}

// DownloadOptions are the options of ShareProvider.Download.
type DownloadOptions struct {
	// Offset is how many bytes of the content an earlier attempt has written.
	Offset int64
	// Validator of the object that these bytes are from. Empty: they are from
	// an object of unknown version, and are checked by Download's caller.
	Validator string
	// Progress, if set, receives how many bytes from the beginning are written, and
	// the object's size, -1 if it is unknown. It is called by one goroutine at a time.
	Progress func(written, size int64)
}

// Capabilities lists what a share can do.
type Capabilities struct {
	// ResumeUpload: an interrupted upload continues instead of starting again.
	ResumeUpload bool `json:"resumeUpload"`
	// ResumeDownload: a download can start at an offset.
	ResumeDownload bool `json:"resumeDownload"`
	// Checksums are the kinds that Stat or Upload return: "sha256", "md5", "crc32c".
	// Without any an upload is verified by its size only.
	Checksums []string `json:"checksums,omitempty"`
	// AtomicReplace: a reader sees the old archive or the new one at any moment of an
	// upload with Overwrite. Otherwise there is a moment in which the name is absent.
	AtomicReplace bool `json:"atomicReplace"`
	// List: the archives can be listed.
	List bool `json:"list"`
	// Remove: archives can be removed.
	Remove bool `json:"remove"`
}
