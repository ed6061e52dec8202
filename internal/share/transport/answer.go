package transport

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/share"
)

const (
	// maxRead is how many bytes of an answer that is an error are read.
	maxRead = 8 << 10
	// maxExcerpt is how many characters of it are part of a message.
	maxExcerpt = 200
	// maxRetryAfter limits what a server may ask for.
	maxRetryAfter = time.Hour
)

// hints are what a status means on a share, where its name does not say that.
var hints = map[int]string{
	http.StatusUnauthorized:          "the credentials are refused",
	http.StatusForbidden:             "the credentials do not allow it",
	http.StatusMethodNotAllowed:      "the server does not offer this, or has no space left",
	http.StatusConflict:              "the folder does not exist, or something else has this name",
	http.StatusPreconditionFailed:    "something of this name is there",
	http.StatusRequestEntityTooLarge: "the server limits the size of an upload",
	http.StatusLocked:                "another client has locked it",
	http.StatusInternalServerError:   "the server may have no space left",
	http.StatusInsufficientStorage:   "the share has no space left; remove archives there, or use another share",
	http.StatusTooManyRequests:       "the server limits the number of requests",
}

// Failure returns the error of an answer that is not the expected one, and closes its
// body. Doing is what was tried, such as `store "a.tar.gz"`: the message begins with
// "cannot". The status decides the class:
//
//   - 401 and 403: api.ForbiddenError
//   - 404: api.NotFoundError
//   - 409 and 412: api.ConflictError
//   - 408, 423, 425, 429, 500, 502, 503, 504: share.TemporaryError, with Retry-After
//   - 507: api.UnavailableError
//   - all other: api.NotSupportedError
func (c *Client) Failure(resp *http.Response, doing string) error {
	excerpt := c.excerpt(resp)
	if IsPage(resp) && strings.HasPrefix(excerpt, status(resp.StatusCode)) {
		excerpt = "" // a web server's own page for the status
	}
	message := fmt.Sprintf("cannot %s: %s", doing, status(resp.StatusCode))
	if excerpt != "" {
		message += fmt.Sprintf(" (%q)", excerpt)
	}
	if hint := hints[resp.StatusCode]; hint != "" {
		message += ": " + hint
	}
	switch resp.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden:
		return &api.ForbiddenError{Message: message, Cause: statusError(resp.StatusCode)}
	case http.StatusNotFound:
		return &api.NotFoundError{Kind: "path", Name: c.clean(resp.Request.URL.Path), Hint: message}
	case http.StatusConflict, http.StatusPreconditionFailed:
		return &api.ConflictError{Message: message}
	case http.StatusRequestTimeout, http.StatusLocked, http.StatusTooEarly, http.StatusTooManyRequests,
		http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return &share.TemporaryError{Message: message, RetryAfter: retryAfter(resp.Header.Get("Retry-After"), time.Now()), Cause: statusError(resp.StatusCode)}
	case http.StatusInsufficientStorage:
		return &api.UnavailableError{Message: message}
	}
	return &api.NotSupportedError{Message: message}
}

// statusError is the cause of a TemporaryError or a ForbiddenError of Failure.
type statusError int

func (s statusError) Error() string { return status(int(s)) }

// IsLocked reports whether err is that of a file which is locked (423).
func IsLocked(err error) bool {
	var code statusError
	return errors.As(err, &code) && code == http.StatusLocked
}

// IsUnauthorized reports whether err is that of credentials which are refused (401).
func IsUnauthorized(err error) bool {
	var code statusError
	return errors.As(err, &code) && code == http.StatusUnauthorized
}

// IsPage reports whether an answer is a web page, as that of a login.
func IsPage(resp *http.Response) bool {
	kind, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	return err == nil && (kind == "text/html" || kind == "application/xhtml+xml")
}

// PageError returns the error of an answer that is a web page instead of what was asked
// for, and closes its body.
func (c *Client) PageError(resp *http.Response) error {
	excerpt := c.excerpt(resp)
	if excerpt != "" {
		excerpt = fmt.Sprintf(" (%q)", excerpt)
	}
	return api.Invalid(c.options.Setting, "%q answers with a web page%s, such as a login page, not as a share; the URL must be that of the share itself",
		c.URL(resp.Request.URL), excerpt)
}

func status(code int) string {
	return strings.TrimSpace(strconv.Itoa(code) + " " + http.StatusText(code))
}

var (
	// invisible are the parts of a page that are not shown.
	invisible = regexp.MustCompile(`(?is)<(script|style)\b.*?(</(script|style)\s*>|$)|<!--.*?(-->|$)|<\?.*?(\?>|$)`)
	tags      = regexp.MustCompile(`(?s)<[^>]*(>|$)`)
)

// excerpt returns the beginning of a body as a part of a message, and closes it.
func (c *Client) excerpt(resp *http.Response) string {
	defer func() { _ = resp.Body.Close() }() // it was only read
	// An error while the text of an error is read changes nothing.
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxRead))
	shown := invisible.ReplaceAllString(strings.ToValidUTF8(string(body), ""), " ")
	shown = strings.TrimSpace(c.clean(tags.ReplaceAllString(shown, " ")))
	if shown == status(resp.StatusCode) || shown == http.StatusText(resp.StatusCode) {
		return ""
	}
	return shown
}

// retryAfter reads the header Retry-After, in seconds or a date (RFC 9110, 10.2.3).
func retryAfter(value string, now time.Time) time.Duration {
	d := time.Duration(0)
	if seconds, err := strconv.Atoi(strings.TrimSpace(value)); err == nil {
		d = time.Duration(min(seconds, int(maxRetryAfter/time.Second))) * time.Second
	} else if at, err := http.ParseTime(value); err == nil {
		d = at.Sub(now)
	}
	return min(max(d, 0), maxRetryAfter)
}
