package event

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/kubevast/vast/sdk/api"
)

// The headers of a request, by https://www.standardwebhooks.com. The signature is "v1," and
// the Base64 of HMAC-SHA256 of "<id>.<timestamp>.<body>".
const (
	HeaderID        = "webhook-id"
	HeaderTimestamp = "webhook-timestamp"
	HeaderSignature = "webhook-signature"
)

// ContentType is that of a request: one event in the JSON format of CloudEvents.
const ContentType = "application/cloudevents+json; charset=utf-8"

// secretPrefix is before a secret that is Base64, by Standard Webhooks.
const secretPrefix = "whsec_"

const (
	requestTime = 10 * time.Second
	// maxAnswer is how much of an answer is read, so that the connection can be used again.
	maxAnswer = 64 << 10
)

// Sign returns the value of HeaderSignature. A secret that begins with "whsec_" is Base64 after
// that, other ones are used as they are.
func Sign(secret []byte, id string, at time.Time, body []byte) string {
	key := secret
	if text, is := strings.CutPrefix(strings.TrimSpace(string(secret)), secretPrefix); is {
		if decoded, err := base64.StdEncoding.DecodeString(text); err == nil {
			key = decoded
		}
	}
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%d.", id, at.Unix())
	mac.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// Webhook sends events to an address.
type Webhook struct {
	URL string
	// Secret returns the secret that signs the requests; nil for requests without a signature.
	Secret func(context.Context) ([]byte, error)
	// Now returns the time; time.Now without it.
	Now func() time.Time

	client *http.Client
}

// RefusedError is an answer that hardly changes if the request is repeated.
type RefusedError struct{ cause error }

func (e *RefusedError) Error() string { return e.cause.Error() }

// Unwrap returns the cause.
func (e *RefusedError) Unwrap() error { return e.cause }

// Refused returns an error as a RefusedError.
func Refused(err error) error { return &RefusedError{err} }

// Send sends an event, and returns nil when the receiver has answered with a code of success.
// Redirections are not followed. An error has neither the address beyond its host nor the
// answer. A *RefusedError means that the receiver refuses this event.
func (w *Webhook) Send(ctx context.Context, e *api.WorkflowEvent) error {
	if w.client == nil {
		w.client = &http.Client{Timeout: requestTime, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
			Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, DialContext: (&net.Dialer{Timeout: requestTime}).DialContext,
				TLSHandshakeTimeout: requestTime, IdleConnTimeout: 90 * time.Second, ForceAttemptHTTP2: true}}
	}
	body, err := json.Marshal(e)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, w.URL, bytes.NewReader(body))
	if err != nil {
		return errors.New("the address of the webhook is not valid")
	}
	now := time.Now
	if w.Now != nil {
		now = w.Now
	}
	at := now()
	r.Header.Set("Content-Type", ContentType)
	r.Header.Set("User-Agent", "kubevast")
	r.Header.Set(HeaderID, e.ID)
	r.Header.Set(HeaderTimestamp, strconv.FormatInt(at.Unix(), 10))
	if w.Secret != nil {
		secret, err := w.Secret(ctx)
		if err != nil {
			return err
		}
		if len(secret) == 0 {
			return errors.New("the secret of the webhook is empty")
		}
		r.Header.Set(HeaderSignature, Sign(secret, e.ID, at, body))
	}
	answer, err := w.client.Do(r)
	if err != nil {
		var with *url.Error
		if errors.As(err, &with) { // its text has the whole address
			err = with.Err
		}
		return fmt.Errorf("webhook %s: %w", w.Host(), err)
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, maxAnswer)) // only for the connection
	failed := fmt.Errorf("webhook %s returned HTTP status %d", w.Host(), answer.StatusCode)
	switch code := answer.StatusCode; {
	case code/100 == 2:
		return nil
	case code/100 == 4 && code != http.StatusRequestTimeout && code != http.StatusTooEarly && code != http.StatusTooManyRequests:
		return Refused(failed)
	}
	return failed
}

// Host returns the scheme and the host of the address, which messages may contain.
func (w *Webhook) Host() string {
	u, err := url.Parse(w.URL)
	if err != nil {
		return "with an address that is not valid"
	}
	return u.Scheme + "://" + u.Host
}
