package google

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/kubevast/vast/internal/share/transport"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/share"
)

// maxAnswer is how many bytes of a JSON answer are read: a page of 1,000 objects
// has less than 3 MiB even with the longest names.
const maxAnswer = 8 << 20

// Client sends requests to one API. Its methods may be called by several goroutines.
type Client struct {
	http   *transport.Client
	base   *url.URL
	tokens *tokens // nil: requests have no credentials
}

// Options are the options of New.
type Options struct {
	// Endpoint is the address of the API, "https://storage.googleapis.com".
	Endpoint string
	// Key is the content of a key file. Empty: requests have no credentials.
	Key string
	// Scopes are those of the tokens that the key gets.
	Scopes []string
	// Transport are the options of the HTTP client.
	Transport transport.Options
}

// New returns a client. Close has to be called. It returns an api.InvalidSpecError, without
// the key's content, if the key or the endpoint cannot be used.
func New(o Options) (*Client, error) {
	base, err := transport.ParseURL(o.Endpoint)
	if err != nil {
		return nil, api.Invalid(o.Transport.Setting, "the address of the API %v", err)
	}
	c := &Client{base: base}
	var key Key
	if o.Key != "" {
		if key, err = ParseKey(o.Key); err != nil {
			return nil, api.Invalid("", "the key file %v", err)
		}
		o.Transport.Secrets = append(o.Transport.Secrets, key.PEM)
	}
	if c.http, err = transport.New(o.Transport); err != nil {
		return nil, err
	}
	if o.Key != "" {
		c.tokens = &tokens{key: key, scopes: o.Scopes, http: c.http}
	}
	return c, nil
}

// CheckEndpoint is the Check of a setting that is the address of the API. A path is refused: it
// is that of another share, which must not get a token.
func CheckEndpoint(value string) error {
	u, err := transport.ParseURL(value)
	if err == nil && strings.Trim(u.Path, "/") != "" {
		err = errors.New("is not the address of the API, which has no path")
	}
	return err
}

// Close closes the connections that are idle.
func (c *Client) Close() { c.http.Close() }

// Anonymous reports whether requests have no credentials.
func (c *Client) Anonymous() bool { return c.tokens == nil }

// Email returns the name of the service account, "" without a key.
func (c *Client) Email() string {
	if c.tokens == nil {
		return ""
	}
	return c.tokens.key.Email
}

// Request is one request to the API.
type Request struct {
	Method string
	// Path below the endpoint, escaped: "/storage/v1/b/results/o/a%2Fb".
	Path  string
	Query url.Values
	// Header is added to that of the request; it may be nil.
	Header http.Header
	// Body, if not nil, is sent as JSON.
	Body any
}

// JSON sends a request, and reads the answer into into, unless that is nil. An answer that is
// no success is a StatusError; one that was cut or is not JSON is a share.TemporaryError.
func (c *Client) JSON(ctx context.Context, r Request, into any) error {
	resp, err := c.do(ctx, r)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }() // it was only read
	if into == nil {
		return nil
	}
	return c.decode(resp, into)
}

// unusable is the error of an answer that the API does not give.
func unusable(message string) error { return &api.NotSupportedError{Message: message} }

func (c *Client) decode(resp *http.Response, into any) error {
	if transport.IsPage(resp) {
		return c.http.PageError(resp)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil:
		return err
	case len(body) > maxAnswer:
		return unusable(fmt.Sprintf("the answer is longer than %d bytes", maxAnswer))
	}
	if err := json.Unmarshal(body, into); err != nil {
		var syntax *json.SyntaxError
		if !errors.As(err, &syntax) {
			return unusable("the answer is not that of the API: its address may be wrong")
		}
		return &share.TemporaryError{Message: "the answer was cut, or is not JSON", Cause: err}
	}
	return nil
}

// do sends a request and returns the answer if it is 2xx or 308.
func (c *Client) do(ctx context.Context, r Request) (*http.Response, error) {
	u, err := url.Parse(c.base.String() + r.Path)
	if err != nil {
		return nil, fmt.Errorf("the path %q is not one of a URL", r.Path)
	}
	u.RawQuery = r.Query.Encode()
	var body []byte
	if r.Body != nil {
		if body, err = json.Marshal(r.Body); err != nil {
			return nil, err
		}
	}
	return c.send(ctx, func() (*http.Response, error) {
		req, err := c.request(ctx, r.Method, u)
		if err != nil {
			return nil, err
		}
		for name, values := range r.Header {
			req.Header[name] = values
		}
		if r.Body == nil {
			return c.http.Do(req)
		}
		req.Header.Set("Content-Type", "application/json; charset=UTF-8")
		return c.http.Send(req, io.NopCloser(bytes.NewReader(body)), int64(len(body)), nil)
	})
}

// request returns a request with the credentials, if u is an address of the API.
func (c *Client) request(ctx context.Context, method string, u *url.URL) (*http.Request, error) {
	req := c.http.NewRequest(ctx, method, u)
	if c.tokens == nil || u.Scheme != c.base.Scheme || u.Host != c.base.Host {
		return req, nil
	}
	token, _, err := c.tokens.get(ctx)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	return req, nil
}

// send calls once, which makes and sends a request, and a second time with a new token if
// the one that an earlier request had fetched is refused. It returns the answer if it
// is 2xx or 308, and a StatusError otherwise.
func (c *Client) send(ctx context.Context, once func() (*http.Response, error)) (*http.Response, error) {
	fresh := true
	if c.tokens != nil {
		var err error
		if _, fresh, err = c.tokens.get(ctx); err != nil {
			return nil, err
		}
	}
	for {
		resp, err := once()
		if err != nil {
			return nil, err
		}
		if resp.StatusCode/100 == 2 || resp.StatusCode == http.StatusPermanentRedirect {
			return resp, nil
		}
		refused := c.statusError(resp)
		if refused.Status != http.StatusUnauthorized || fresh || c.tokens == nil {
			return nil, refused
		}
		c.tokens.drop(c.tokens.known())
		fresh = true
	}
}
