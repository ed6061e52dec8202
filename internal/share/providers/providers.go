// Package providers has the types of shares of this module: one line each.
package providers

import (
	"github.com/kubevast/vast/internal/share/dir"
	"github.com/kubevast/vast/internal/share/gcs"
	"github.com/kubevast/vast/internal/share/gdrive"
	"github.com/kubevast/vast/internal/share/nextcloud"
	"github.com/kubevast/vast/internal/share/s3"
	"github.com/kubevast/vast/internal/share/sftp"
	"github.com/kubevast/vast/internal/share/webdav"
	"github.com/kubevast/vast/sdk/share"
)

// Builtin returns a new registry of them.
func Builtin() *share.Registry {
	return share.NewRegistry(
		dir.Definition(),
		gcs.Definition(),
		gdrive.Definition(),
		nextcloud.Definition(),
		s3.Definition(),
		sftp.Definition(),
		webdav.Definition(),
	)
}
