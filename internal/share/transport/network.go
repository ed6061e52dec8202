package transport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"

	"github.com/kubevast/vast/internal/redact"
	"github.com/kubevast/vast/internal/text"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/share"
)

// networkError returns the error of a request that got no answer, or not all of it. Cause
// is why the context of the request ended.
//
// Temporary are refused and cut connections, timeouts, and failures of DNS. Permanent,
// since they are mistakes in the settings, are a host name that does not exist while the
// server has never answered, an untrusted certificate, and a server without TLS.
func (c *Client) networkError(r *http.Request, body *sentBody, err, cause error) error {
	var stalled *stalledError
	if body != nil {
		if failed := body.failure(); failed != nil {
			return failed
		}
	}
	switch {
	case errors.As(cause, &stalled):
		return &share.TemporaryError{Message: fmt.Sprintf("%s sent nothing and took nothing for %s", c.host(r.URL), stalled.limit), Cause: cause}
	case cause != nil && !errors.Is(err, errEnded):
		return cause
	}
	var (
		dns       *net.DNSError
		authority x509.UnknownAuthorityError
		name      x509.HostnameError
		invalid   x509.CertificateInvalidError
		verify    *tls.CertificateVerificationError
		record    tls.RecordHeaderError
	)
	switch {
	case errors.As(err, &dns) && dns.IsNotFound && !c.answered.Load():
		return api.Invalid(c.options.Setting, "the host %q does not exist", text.Line(c.clean(dns.Name)))
	case errors.As(err, &authority), errors.As(err, &name), errors.As(err, &invalid), errors.As(err, &verify):
		return api.Invalid(CASetting, "the certificate of %s is not trusted: %s", c.host(r.URL), c.clean(innermost(err).Error()))
	case errors.As(err, &record):
		return api.Invalid(c.options.Setting, "%s answers without TLS; a URL that begins with \"http://\" is needed", c.host(r.URL))
	}
	what := c.clean(innermost(err).Error())
	switch {
	case errors.As(err, &dns):
		what = "its name cannot be resolved for the time being"
	case errors.Is(err, syscall.ECONNREFUSED):
		what = "it refuses the connection"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, net.ErrClosed), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		what = "the connection was cut"
	case errors.Is(err, context.DeadlineExceeded):
		what = "it does not answer in time"
	}
	return &share.TemporaryError{Message: fmt.Sprintf("%s: %s", c.host(r.URL), what), Cause: &hidden{err, what}}
}

// IsStalled reports whether err is that of a server that sent and took nothing for the
// timeout.
func IsStalled(err error) bool {
	var stalled *stalledError
	return errors.As(err, &stalled)
}

// hidden is an error whose class can be tested for, and whose text, which may have
// a URL in it, is replaced.
type hidden struct {
	error
	text string
}

func (h *hidden) Error() string { return h.text }
func (h *hidden) Unwrap() error { return h.error }

// innermost returns the error without those around it that repeat the URL.
func innermost(err error) error {
	var at *url.Error
	for errors.As(err, &at) {
		err = at.Err
	}
	return err
}

// redirectError is the error of an answer that refers to another URL. A redirected PUT or
// DELETE would become a GET, which reports success and does nothing, and credentials
// would go to another server.
func (c *Client) redirectError(r *http.Request, location string) error {
	to, err := r.URL.Parse(location)
	if err != nil {
		return api.Invalid(c.options.Setting, "%s redirects to an invalid URL", c.host(r.URL))
	}
	return &redirect{
		InvalidSpecError: api.Invalid(c.options.Setting, "%q redirects to %q, which is not followed; the URL must be that of the share itself, not of a login page or of another address",
			c.URL(r.URL), c.URL(to)),
		toFolder: to.EscapedPath() == r.URL.EscapedPath()+"/",
	}
}

// redirect is the error of a redirect.
type redirect struct {
	*api.InvalidSpecError
	toFolder bool
}

func (r *redirect) Unwrap() error { return r.InvalidSpecError }

// IsToFolder reports whether err is that of a redirect to the same URL with a slash at its
// end, by which servers answer requests for a folder.
func IsToFolder(err error) bool {
	var r *redirect
	return errors.As(err, &r) && r.toFolder
}

// URL returns a URL as a part of a text: without user, query, fragment and secrets.
func (c *Client) URL(u *url.URL) string {
	bare := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, Opaque: u.Opaque}
	return c.clean(bare.Redacted())
}

func (c *Client) host(u *url.URL) string { return fmt.Sprintf("%q", c.clean(u.Host)) }

// clean returns a text from elsewhere without credentials.
func (c *Client) clean(s string) string {
	for _, secret := range c.options.Secrets {
		if secret != "" {
			s = strings.ReplaceAll(s, secret, redact.Hidden)
			s = strings.ReplaceAll(s, url.PathEscape(secret), redact.Hidden)
			s = strings.ReplaceAll(s, url.QueryEscape(secret), redact.Hidden)
		}
	}
	return text.OneLine(redact.Text(s), maxExcerpt)
}
