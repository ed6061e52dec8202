package access

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"k8s.io/apimachinery/pkg/version"
)

// retryHint makes client-go's own retries work for every passing failure.
// client-go repeats a request that was answered 429 or 5xx up to ten times,
// but only if the answer has a Retry-After header. What lacks one gets one of
// a second; what has one is obeyed.
//
// Requests that change something are retried for patience, and after a few
// seconds of it the caller gets a warning with the cause; see Briefly.
type retryHint struct {
	next   http.RoundTripper
	writes *outages
}

// RoundTrip implements http.RoundTripper.
func (r retryHint) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := r.next.RoundTrip(req)
	if err != nil || resp == nil {
		return resp, err
	}
	passing := isPassing(resp.StatusCode)
	if to, ok := changes(req); ok && r.writes != nil && req.Context().Value(briefly{}) == nil {
		if !passing {
			r.writes.over(to)
			return resp, nil
		}
		left, pause := r.writes.failed(to, resp)
		if left <= 0 {
			resp.Header.Del("Retry-After")
			return resp, nil
		}
		if asked, err := strconv.Atoi(resp.Header.Get("Retry-After")); err != nil || asked < int(pause.Seconds()) {
			resp.Header.Set("Retry-After", strconv.Itoa(int(pause.Seconds())))
		}
		return resp, nil
	}
	if passing && resp.Header.Get("Retry-After") == "" {
		resp.Header.Set("Retry-After", "1")
	}
	return resp, nil
}

type briefly struct{}

// Briefly limits the retries of a context's requests to some seconds, without a
// warning: for checks whether they work.
func Briefly(ctx context.Context) context.Context { return context.WithValue(ctx, briefly{}, true) }

// WrappedRoundTripper lets client-go look through to the transport.
func (r retryHint) WrappedRoundTripper() http.RoundTripper { return r.next }

// isPassing reports whether a status may be gone a moment later. 500 is among
// them: it is what a webhook that is just being restarted looks like.
func isPassing(status int) bool {
	switch status {
	case http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway,
		http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// How a change is tried again that the cluster cannot make at the moment: each
// second at first, then less often. client-go repeats ten times at most, so that
// these add up to patience.
const (
	patience  = 30 * time.Second
	warnAfter = 3 * time.Second
	often     = time.Second
	seldom    = 4 * time.Second
)

func decodeVersion(raw []byte) (*version.Info, error) {
	info := &version.Info{}
	return info, json.Unmarshal(raw, info)
}
