package access

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"k8s.io/client-go/rest"
)

func TestRetryHint(t *testing.T) {
	tests := map[string]struct {
		status     int
		retryAfter string
		want       string
	}{
		"429 with the server's own time": {429, "7", "7"},
		"429 without one":                {429, "", "1"},
		"503 without one":                {503, "", "1"},
		"500 without one":                {500, "", "1"},
		"404 is final":                   {404, "", ""},
		"200 is fine":                    {200, "", ""},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			rt := retryHint{next: roundTrip(func(*http.Request) (*http.Response, error) {
				resp := &http.Response{StatusCode: tc.status, Header: http.Header{}}
				if tc.retryAfter != "" {
					resp.Header.Set("Retry-After", tc.retryAfter)
				}
				return resp, nil
			})}
			resp, err := rt.RoundTrip(nil)
			if err != nil || resp.Header.Get("Retry-After") != tc.want {
				t.Errorf("Retry-After = %q, %v; want %q", resp.Header.Get("Retry-After"), err, tc.want)
			}
		})
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// A server that is busy twice gets three requests: this checks that client-go
// retries what a server asks to retry.
func TestARequestToABusyServerIsRetried(t *testing.T) {
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if asked.Add(1) <= 2 {
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		_, _ = w.Write([]byte(`{"major":"1","minor":"36","gitVersion":"v1.36.3"}`))
	}))
	defer server.Close()
	conn, err := Connect(&rest.Config{Host: server.URL}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	info, err := conn.ServerVersion(t.Context())
	if err != nil || info.GitVersion != "v1.36.3" || asked.Load() != 3 {
		t.Errorf("got %v, %v after %d requests; want an answer to the third", info, err, asked.Load())
	}
}
