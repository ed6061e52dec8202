package google

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/share"
)

// cancelTime is how long the removal of a session may take that nothing continues.
const cancelTime = 5 * time.Second

// Present is what has the name that an upload is to have.
type Present struct {
	Exists bool
	// Version is what an upload has to replace: a generation, or a file's id. For a
	// name that is free it is what stands for that.
	Version string
	// Upload is the id of the upload that made it, if it was one of ours.
	Upload string
	// Resource is its description.
	Resource json.RawMessage
}

// Destination is what differs between the services.
type Destination interface {
	// Find returns what has the name now.
	Find(ctx context.Context) (Present, error)
	// Start returns the request that starts the session of an upload with this id,
	// which replaces present.
	Start(ctx context.Context, present Present, id string) (Request, error)
	// Finish compares what the service has stored with the source.
	Finish(ctx context.Context, resource json.RawMessage) (share.Object, error)
}

// Upload makes one attempt to store source, as share.ShareProvider.Upload does, with the
// protocol of https://cloud.google.com/storage/docs/performing-resumable-uploads and
// https://developers.google.com/workspace/drive/api/guides/manage-uploads#resumable. The
// name is absent, or has its old content, until the last byte has arrived.
//
// An upload has an id, which is part of what is stored: if the answer to the last byte
// is lost, and then the session, the next attempt finds by it that the upload is complete.
func (c *Client) Upload(ctx context.Context, name string, source share.Source, o share.UploadOptions, to Destination) (share.Object, error) {
	doing := fmt.Sprintf("store %q", name)
	s, err := c.load(ctx, name, source, o)
	if err != nil {
		return share.Object{}, err
	}
	resource, err := s.attempt(ctx, to)
	if errors.Is(err, errGone) {
		resource, err = s.attempt(ctx, to)
	}
	if errors.Is(err, errGone) {
		err = &share.TemporaryError{Message: "the server has dropped the upload's session twice", Cause: err}
	}
	var object share.Object
	if err == nil {
		object, err = to.Finish(ctx, resource)
	}
	var refused *StatusError
	if errors.As(err, &refused) && refused.Status == http.StatusPreconditionFailed {
		err = &api.ConflictError{Message: "another upload of this name was faster", Cause: refused}
	}
	if err = Explain(err, doing); err == nil {
		return object, s.forget(ctx)
	}
	if o.State == nil {
		// Nothing continues the session, whatever the error.
		ending, stop := context.WithTimeout(context.WithoutCancel(ctx), cancelTime)
		defer stop()
		_ = s.cancel(ending) // without a state it returns no error
		return share.Object{}, err
	}
	var later *share.TemporaryError
	if !errors.As(err, &later) && ctx.Err() == nil {
		if failed := s.cancel(ctx); failed != nil {
			err = fmt.Errorf("%w; the state of the upload cannot be removed: %w", err, failed)
		}
	}
	return share.Object{}, err
}

// attempt continues the session, or starts one, and returns the description of what is
// stored at its end. It returns errGone if the session has ended before that.
func (s *session) attempt(ctx context.Context, to Destination) (json.RawMessage, error) {
	var sent int64
	if s.open() {
		resource, n, err := s.status(ctx)
		if err != nil && !errors.Is(err, errGone) || resource != nil {
			return resource, err
		}
		sent = n
	}
	present, err := to.Find(ctx)
	switch {
	case err != nil:
		return nil, err
	case present.Exists && s.saved.Upload != "" && present.Upload == s.saved.Upload:
		return present.Resource, nil
	case present.Exists && !s.options.Overwrite:
		return nil, &api.ConflictError{Message: fmt.Sprintf("%q is on the share already", s.saved.Name)}
	case s.open() && s.saved.Version != present.Version:
		if err := s.cancel(ctx); err != nil {
			return nil, err
		}
		sent = 0
	}
	if !s.open() {
		id := rand.Text()
		request, err := to.Start(ctx, present, id)
		if err != nil {
			return nil, err
		}
		if err := s.start(ctx, request, present.Version, id); err != nil {
			return nil, err
		}
	}
	return s.send(ctx, sent)
}
