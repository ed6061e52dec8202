package share

import "time"

// TransferOptions are the options of Upload.
type TransferOptions struct {
	UploadOptions
	// Patience is how long a call is repeated after TemporaryErrors while not one more
	// byte arrives; 0 means 5 minutes.
	Patience time.Duration
	// Pause is the pause before the second attempt. It doubles for each further one, up to a
	// minute, and starts anew when bytes have arrived; 0 means one second. A server that
	// asks for a longer one gets it, within Patience.
	Pause time.Duration
	// Retry, if set, receives the error of an attempt that is followed by another one, and
	// the pause before that.
	Retry func(err error, pause time.Duration)
}

// FileOptions are the options of Download.
type FileOptions struct {
	// Overwrite replaces an existing file.
	Overwrite bool
	// Progress, Patience, Pause and Retry are those of DownloadOptions and
	// TransferOptions.
	Progress        func(written, size int64)
	Patience, Pause time.Duration
	Retry           func(err error, pause time.Duration)
}

// Uploaded describes an archive that has arrived.
type Uploaded struct {
	Object
	// Verified is what was compared with the source besides the size: "sha256", "md5", "crc32c", or
	// "size only". It is "nothing" if the server reports neither size nor checksum.
	Verified string `json:"verified"`
}
