// Package transport is the HTTP client of the providers of shares that use HTTP. It
// follows no redirects, limits how long nothing happens instead of how long a transfer
// takes, and returns the errors that share.ShareProvider requires.
package transport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/kubevast/vast/sdk/api"
)

// defaultTimeout is how long nothing may happen where Options.Timeout is not set.
const defaultTimeout = time.Minute

// answerFactor times the timeout is how long the server may take to answer when it has the
// whole request: one that puts chunks together, or scans a file, sends nothing meanwhile.
const answerFactor = 5

// continueTimeout is how long a request with a body waits for "100 Continue" or an error,
// before the body is sent to a server that does not answer "Expect".
const continueTimeout = 5 * time.Second

// Options are the options of New.
type Options struct {
	// CA has certificates in PEM that are trusted besides those of the system.
	CA string
	// Timeout is how long no byte may move in a transfer, or how long a connection may
	// take; 0 is a minute. An answer to a request that changes something may take five
	// times as long.
	Timeout time.Duration
	// Authorize, if set, adds the credentials to a request.
	Authorize func(*http.Request)
	// Secrets are replaced wherever a text of the server's, or a URL, is part of an error.
	Secrets []string
	// Setting is the name of the setting that a wrong URL comes from, "VAST_SHARE_URL" if
	// empty.
	Setting string
}

// Client sends requests to one server. Its methods may be called by several goroutines.
type Client struct {
	options   Options
	transport *http.Transport
	// answered: the server has answered once, so its name and its certificate are right.
	answered atomic.Bool
	// inOne: the server has not sent a part of a file that was asked for.
	inOne atomic.Bool
}

// New returns a client. It returns an api.InvalidSpecError if the CA has no certificate.
// Close has to be called.
//
// The client uses HTTP/1.1 only: over HTTP/2 the window of a stream limits an upload to
// 10 to 17 MiB/s at 50 ms of round trip, HTTP/1.1 reaches ten times that.
func New(o Options) (*Client, error) {
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	if o.Setting == "" {
		o.Setting = "VAST_SHARE_URL"
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}}
	if o.CA != "" {
		pool, err := x509.SystemCertPool()
		if err != nil {
			pool = x509.NewCertPool()
		}
		if !pool.AppendCertsFromPEM([]byte(o.CA)) {
			return nil, api.Invalid(CASetting, "has no certificate in PEM")
		}
		config.RootCAs = pool
	}
	connect := min(o.Timeout, 30*time.Second)
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return &Client{options: o, transport: &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            dial(connect),
		TLSClientConfig:        config,
		TLSHandshakeTimeout:    connect,
		ExpectContinueTimeout:  min(continueTimeout, o.Timeout/2),
		IdleConnTimeout:        90 * time.Second,
		MaxIdleConnsPerHost:    8,
		MaxResponseHeaderBytes: 1 << 20,
		DisableCompression:     true,
		Protocols:              protocols,
		WriteBufferSize:        64 << 10,
		ReadBufferSize:         64 << 10,
	}}, nil
}

// Close closes the connections that are idle.
func (c *Client) Close() { c.transport.CloseIdleConnections() }

// NewRequest returns a request without a body, with the credentials.
func (c *Client) NewRequest(ctx context.Context, method string, to *url.URL) *http.Request {
	at := *to
	at.User, at.Fragment = nil, ""
	r := (&http.Request{Method: method, URL: &at, Host: at.Host, Header: http.Header{},
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1}).WithContext(ctx)
	r.Header.Set("User-Agent", "kubevast")
	if c.options.Authorize != nil {
		c.options.Authorize(r)
	}
	return r
}

// Do sends a request and returns the answer, whatever its status, and whose body has to
// be closed. Errors of the network are share.TemporaryErrors; a name that does not exist,
// a certificate that is not trusted and a redirect (3xx with a Location) are
// api.InvalidSpecErrors. When the context of the request ends, its cause is returned.
func (c *Client) Do(r *http.Request) (*http.Response, error) {
	body, _ := r.Body.(*sentBody)
	ctx, cancel := context.WithCancelCause(r.Context())
	w := newWatch(c.options.Timeout, cancel)
	if body != nil {
		body.watch(w)
	}
	answer := c.options.Timeout
	if r.Method != http.MethodGet && r.Method != http.MethodHead && r.Method != http.MethodOptions {
		answer *= answerFactor
	}
	r = r.WithContext(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { w.start() },
		WroteRequest: func(info httptrace.WroteRequestInfo) {
			if info.Err == nil {
				w.written(answer)
			}
		},
	}))
	resp, err := c.transport.RoundTrip(r)
	if body != nil {
		body.mute()
	}
	w.answer()
	if err != nil {
		if body != nil {
			body.end()
		}
		err = c.networkError(r, body, err, context.Cause(ctx))
		cancel(nil)
		return nil, err
	}
	c.answered.Store(true)
	resp.Body = &watchedBody{ReadCloser: resp.Body, client: c, request: r, sent: body, watch: w, ctx: ctx, cancel: cancel}
	if to := resp.Header.Get("Location"); to != "" && resp.StatusCode/100 == 3 {
		_ = resp.Body.Close() // it has nothing of interest
		return nil, c.redirectError(r, to)
	}
	return resp, nil
}

// watchedBody is the body of an answer. Its errors are those of Do.
type watchedBody struct {
	io.ReadCloser
	client  *Client
	request *http.Request
	sent    *sentBody // nil if the request has no body
	watch   *watch
	ctx     context.Context
	cancel  context.CancelCauseFunc
}

func (b *watchedBody) Read(p []byte) (int, error) {
	b.watch.start()
	n, err := b.ReadCloser.Read(p)
	b.watch.stop()
	if err != nil && !errors.Is(err, io.EOF) {
		err = b.client.networkError(b.request, nil, err, context.Cause(b.ctx))
	}
	return n, err
}

func (b *watchedBody) Close() error {
	b.watch.stop()
	b.cancel(nil)
	if b.sent != nil {
		b.sent.end()
	}
	return b.ReadCloser.Close()
}
