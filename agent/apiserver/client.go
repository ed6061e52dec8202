// Package apiserver is what the agent of a task's pod asks of Kubernetes.
package apiserver

import (
	"context"

	"github.com/kubevast/vast/internal/apiserver"
)

// Client sends requests to the API server as the pod's service account. It is safe for
// concurrent use.
type Client struct{ rest *apiserver.Client }

// New finds the API server and the service account of this pod.
func New() (*Client, error) {
	rest, err := apiserver.InPod()
	if err != nil {
		return nil, err
	}
	return &Client{rest}, nil
}

// Open uses the API server at base with the account whose token and ca.crt are in dir.
func Open(base, dir string) (*Client, error) {
	rest, err := apiserver.Open(base, dir)
	if err != nil {
		return nil, err
	}
	return &Client{rest}, nil
}

// Is reports whether err is the API server's answer of that code.
func Is(err error, code int) bool { return apiserver.Is(err, code) }

func (c *Client) do(ctx context.Context, method, path string, in, out any) error {
	return c.rest.Send(ctx, method, path, in, out)
}
