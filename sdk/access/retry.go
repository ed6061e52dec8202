package access

import (
	"encoding/json"
	"net/http"

	"k8s.io/apimachinery/pkg/version"
)

// retryHint makes client-go's own retries work for every passing failure.
// client-go repeats a request that was answered 429 or 5xx up to ten times,
// but only if the answer has a Retry-After header. What lacks one gets one of
// a second; what has one is obeyed to the letter.
type retryHint struct{ next http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (r retryHint) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := r.next.RoundTrip(req)
	if err == nil && isPassing(resp.StatusCode) && resp.Header.Get("Retry-After") == "" {
		resp.Header.Set("Retry-After", "1")
	}
	return resp, err
}

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

func decodeVersion(raw []byte) (*version.Info, error) {
	info := &version.Info{}
	return info, json.Unmarshal(raw, info)
}
