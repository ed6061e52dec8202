package apiserver

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/kubevast/vast/internal/apiserver"
)

// LogOptions choose what of a container's log is read.
type LogOptions struct {
	Container string
	// Follow keeps the stream open until the container ends.
	Follow bool
	// Since leaves out what is older. Kubernetes counts in whole seconds, so
	// that some older lines may come.
	Since time.Time
}

// Logs opens a container's log: lines with their time in front. Before the
// container has started it is a StatusError with code 400.
func (c *Client) Logs(ctx context.Context, namespace, pod string, o LogOptions) (io.ReadCloser, error) {
	query := url.Values{"container": {o.Container}, "timestamps": {"true"}}
	if o.Follow {
		query.Set("follow", "true")
	}
	if !o.Since.IsZero() {
		query.Set("sinceTime", o.Since.UTC().Format(time.RFC3339))
	}
	return c.rest.Stream(ctx, apiserver.Request{Method: http.MethodGet, Path: "/api/v1/namespaces/" + namespace + "/pods/" + pod + "/log", Query: query})
}
