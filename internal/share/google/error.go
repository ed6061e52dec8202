package google

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kubevast/vast/internal/redact"
	"github.com/kubevast/vast/internal/text"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/share"
)

const (
	// maxError is how many bytes of an answer that is an error are read.
	maxError = 64 << 10
	// maxExcerpt is how many characters of it are part of a message.
	maxExcerpt = 300
	// maxRetryAfter limits what a server may ask for.
	maxRetryAfter = time.Hour
)

// StatusError is an answer that is neither 2xx nor 308.
type StatusError struct {
	Status int
	// Reason is the first reason of the answer, such as "storageQuotaExceeded"; empty if it
	// is not JSON in the form of Google's APIs
	// (https://cloud.google.com/storage/docs/json_api/v1/status-codes).
	Reason string
	// Message is the text of the answer.
	Message string

	header http.Header
	path   string
}

func (e *StatusError) Error() string {
	s := strings.TrimSpace(strconv.Itoa(e.Status) + " " + strings.ToLower(http.StatusText(e.Status)))
	if e.Reason != "" {
		s += ", " + e.Reason
	}
	if e.Message != "" {
		s += fmt.Sprintf(" (%q)", e.Message)
	}
	return "the server answers " + s
}

// rateLimits are the reasons of a 403 that mean that there were too many requests
// (https://developers.google.com/workspace/drive/api/guides/handle-errors).
var rateLimits = []string{"rateLimitExceeded", "userRateLimitExceeded", "sharingRateLimitExceeded"}

// exhausted are the reasons of a 403 that mean that there is no more of something, for a day or
// until there is room.
var exhausted = []string{"dailyLimitExceeded", "quotaExceeded", "uploadLimitExceeded", "downloadQuotaExceeded",
	"storageQuotaExceeded", "teamDriveFileLimitExceeded", "numChildrenInNonRootLimitExceeded"}

func (e *StatusError) temporary() bool {
	switch {
	case e.Status == http.StatusForbidden:
		return slices.Contains(rateLimits, e.Reason)
	case e.Status == http.StatusNotImplemented, e.Status == http.StatusInsufficientStorage:
		return false
	}
	switch e.Status {
	case http.StatusRequestTimeout, http.StatusLocked, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	}
	return e.Status >= 500
}

// gone reports whether the answer of a session's URI means that the session has ended:
// 404 and 410 after a week or an error of the service, 499 after it was canceled.
func (e *StatusError) gone() bool {
	return e.Status == http.StatusNotFound || e.Status == http.StatusGone || e.Status == statusCanceled
}

// retryAfter reads the header Retry-After, in seconds or a date (RFC 9110, 10.2.3).
func (e *StatusError) retryAfter() time.Duration {
	value, d := strings.TrimSpace(e.header.Get("Retry-After")), time.Duration(0)
	if seconds, err := strconv.Atoi(value); err == nil {
		d = time.Duration(min(seconds, int(maxRetryAfter/time.Second))) * time.Second
	} else if at, err := http.ParseTime(value); err == nil {
		d = time.Until(at)
	}
	return min(max(d, 0), maxRetryAfter)
}

// statusError reads the error of an answer, and closes it.
func (c *Client) statusError(resp *http.Response) *StatusError {
	defer func() { _ = resp.Body.Close() }() // it was only read
	var answer struct {
		Error struct {
			Message string `json:"message"`
			Status  string `json:"status"`
			Errors  []struct {
				Reason string `json:"reason"`
			} `json:"errors"`
		} `json:"error"`
	}
	// What is cut or is not JSON has neither reason nor message.
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxError))
	_ = json.Unmarshal(body, &answer)
	e := &StatusError{Status: resp.StatusCode, Message: c.excerpt(answer.Error.Message), header: resp.Header, path: resp.Request.URL.Path}
	if e.Reason = c.excerpt(answer.Error.Status); len(answer.Error.Errors) > 0 {
		e.Reason = c.excerpt(answer.Error.Errors[0].Reason)
	}
	return e
}

// excerpt returns a text of the server without the token.
func (c *Client) excerpt(s string) string {
	if c.tokens != nil {
		if token := c.tokens.known(); token != "" {
			s = strings.ReplaceAll(s, token, redact.Hidden)
		}
	}
	return excerpt(s)
}

func excerpt(s string) string { return text.OneLine(redact.Text(s), maxExcerpt) }

// Explain returns err with what was tried in front of it, and a StatusError as the error of
// share.ShareProvider that it is. Doing completes "cannot", as in `store "a.tar.gz"`.
func Explain(err error, doing string) error {
	var e *StatusError
	switch {
	case err == nil, api.IsInvalidSpec(err), api.IsNotFound(err), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case classified(err), !errors.As(err, &e):
		return fmt.Errorf("cannot %s: %w", doing, err)
	}
	message := fmt.Sprintf("cannot %s: %v", doing, e)
	switch {
	case e.temporary():
		return &share.TemporaryError{Message: message, RetryAfter: e.retryAfter(), Cause: e}
	case e.Status == http.StatusForbidden && slices.Contains(exhausted, e.Reason):
		return &api.UnavailableError{Message: message, Cause: e}
	case e.Status == http.StatusUnauthorized, e.Status == http.StatusForbidden:
		return &api.ForbiddenError{Message: message, Cause: e}
	case e.Status == http.StatusConflict, e.Status == http.StatusPreconditionFailed:
		return &api.ConflictError{Message: message, Cause: e}
	case e.Status == http.StatusNotFound:
		return &api.NotFoundError{Kind: "path", Name: text.OneLine(e.path, maxExcerpt), Hint: message}
	case e.Status == http.StatusInsufficientStorage:
		return &api.UnavailableError{Message: message, Cause: e}
	}
	return &api.NotSupportedError{Message: message}
}

// classified reports whether err is an error of share.ShareProvider, which may have a
// StatusError as its cause.
func classified(err error) bool {
	var later *share.TemporaryError
	return errors.As(err, &later) || api.IsForbidden(err) || api.IsConflict(err) || api.IsNotSupported(err) || api.IsUnavailable(err)
}
