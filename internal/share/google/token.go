package google

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/jwt"

	"github.com/kubevast/vast/internal/share/transport"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/share"
)

// early is how long before its end a token is replaced, so that it outlasts the
// round trip of a request.
const early = time.Minute

// tokens fetches access tokens for a key and keeps the last one.
type tokens struct {
	key    Key
	scopes []string
	http   *transport.Client

	mu   sync.Mutex
	last *oauth2.Token
}

// get returns a token, and whether it was fetched by this call.
func (t *tokens) get(ctx context.Context) (token string, fresh bool, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.last != nil && (t.last.Expiry.IsZero() || time.Until(t.last.Expiry) > early) {
		return t.last.AccessToken, false, nil
	}
	fetched, err := t.fetch(ctx)
	if err != nil {
		return "", false, err
	}
	t.last = fetched
	return fetched.AccessToken, true, nil
}

// drop forgets a token that was refused.
func (t *tokens) drop(token string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.last != nil && t.last.AccessToken == token {
		t.last = nil
	}
}

// known returns the text of the last token, for taking it out of messages.
func (t *tokens) known() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.last == nil {
		return ""
	}
	return t.last.AccessToken
}

func (t *tokens) fetch(ctx context.Context) (*oauth2.Token, error) {
	config := jwt.Config{Email: t.key.Email, PrivateKey: []byte(t.key.PEM), PrivateKeyID: t.key.ID, Scopes: t.scopes, TokenURL: t.key.TokenURL}
	// Package jwt neither passes a context to its request nor wraps the request's
	// error, so both are handled here.
	var failed error
	via := &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		resp, err := t.http.Do(r.WithContext(ctx))
		failed = err
		return resp, err
	})}
	token, err := config.TokenSource(context.WithValue(context.Background(), oauth2.HTTPClient, via)).Token()
	var refused *oauth2.RetrieveError
	switch {
	case failed != nil:
		return nil, fmt.Errorf("cannot fetch a token for %q: %w", t.key.Email, failed)
	case errors.As(err, &refused):
		return nil, t.refused(refused)
	case err != nil:
		return nil, &share.TemporaryError{Message: fmt.Sprintf("cannot fetch a token for %q: the answer was cut, or is not JSON", t.key.Email), Cause: err}
	case token.AccessToken == "":
		return nil, &share.TemporaryError{Message: fmt.Sprintf("cannot fetch a token for %q: the answer has no token", t.key.Email)}
	}
	return token, nil
}

// refused returns the error of an answer other than 2xx. Its body is JSON as in RFC 6749, 5.2.
func (t *tokens) refused(e *oauth2.RetrieveError) error {
	var answer struct {
		Code        string `json:"error"`
		Description string `json:"error_description"`
	}
	// What is not JSON has no code, and the status is reported alone.
	_ = json.Unmarshal(e.Body, &answer)
	se := &StatusError{Status: e.Response.StatusCode, Reason: excerpt(answer.Code), Message: excerpt(answer.Description), header: e.Response.Header}
	message := fmt.Sprintf("cannot fetch a token for %q: %v", t.key.Email, se)
	if se.temporary() {
		return &share.TemporaryError{Message: message, RetryAfter: se.retryAfter(), Cause: se}
	}
	return &api.ForbiddenError{Message: message + "; the key may be deleted or disabled, or this clock may be wrong", Cause: se}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
