package share

import "time"

// TransferOptions are the options of Upload.
type TransferOptions struct {
	UploadOptions
	// Patience is how long a call is repeated after TemporaryErrors while not one more
	// byte arrives; 0 means 5 minutes.
	Patience time.Duration
	// Retry, if set, receives the error of an attempt that is followed by another one, and
	// the pause before that.
	Retry func(err error, pause time.Duration)
}

// Uploaded describes an archive that has arrived.
type Uploaded struct {
	Object
	// Verified is what was compared with the source besides the size: "sha256", "md5", "crc32c", or
	// "size only".
	Verified string `json:"verified"`
}
