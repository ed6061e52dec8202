package sftp

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/pkg/sftp"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/share"
)

func errorAs[E error](err error) (E, bool) {
	var e E
	ok := errors.As(err, &e)
	return e, ok
}

// typed reports whether err has a class already.
func typed(err error) bool {
	_, temporary := errorAs[*share.TemporaryError](err)
	return temporary || api.IsInvalidSpec(err) || api.IsNotFound(err) || api.IsForbidden(err) || api.IsConflict(err) || api.IsNotSupported(err) || api.IsUnavailable(err)
}

// explain gives an error of the library its class. What the server answers is
// permanent; everything else is the connection's, and temporary. what is what was being
// done, as in "write \"a.tar.gz\"".
func (c *conn) explain(what string, err error) error {
	switch {
	case err == nil || typed(err):
		return err
	case errors.As(err, new(*sourceError)), errors.As(err, new(*sinkError)):
		return err
	case errors.Is(err, fs.ErrNotExist):
		return &api.NotFoundError{Kind: "folder", Name: c.dir, Hint: "it is missing on " + c.address}
	case errors.Is(err, fs.ErrPermission):
		return &api.ForbiddenError{Message: fmt.Sprintf("the server %s does not permit user %q to %s", c.address, c.user, what), Cause: err}
	}
	status, ok := errorAs[*sftp.StatusError](err)
	switch {
	case ok && (status.FxCode() == sftp.ErrSSHFxNoConnection || status.FxCode() == sftp.ErrSSHFxConnectionLost):
	case ok && status.FxCode() == sftp.ErrSSHFxOpUnsupported:
		return &api.NotSupportedError{Message: fmt.Sprintf("the server %s cannot %s", c.address, what)}
	case ok && c.full(1):
		return noSpace(c)
	case ok:
		return &api.UnavailableError{Message: fmt.Sprintf("cannot %s on %s: %v", what, c.address, err), Cause: err}
	}
	return &share.TemporaryError{Message: fmt.Sprintf("cannot %s: the connection to %s was lost", what, c.address), Cause: err}
}

func noSpace(c *conn) error {
	return &api.UnavailableError{Message: fmt.Sprintf("no space left in %q on %s; remove archives there or use another share", c.dir, c.address)}
}

// full reports whether the file system of the folder is known to have less than size
// bytes for the user.
func (c *conn) full(size int64) bool {
	if _, ok := c.sftp.HasExtension("statvfs@openssh.com"); !ok {
		return false
	}
	v, err := c.sftp.StatVFS(c.dir)
	return err == nil && v.Blocks > 0 && v.Frsize > 0 && v.Bavail < (uint64(max(size, 0))+v.Frsize-1)/v.Frsize
}
