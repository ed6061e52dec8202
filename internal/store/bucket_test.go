package store_test

import (
	"context"
	"net"
	"net/http"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/sdk/api"
)

// The rules of a Service reach each node a moment after its pod is ready: connections
// are refused until then.
func TestABucketIsMadeWhenTheStoreIsReached(t *testing.T) {
	t.Parallel()
	const refused = 7 // more than the S3 client itself repeats a request
	for name, c := range map[string]struct {
		options []store.Option
		is      func(error) bool
	}{
		"a pod waits for it":                          {options: []store.Option{store.WithPatience(time.Minute)}, is: func(err error) bool { return err == nil }},
		"a caller that retries itself gets the error": {is: api.IsUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var dialed, made atomic.Int64
			dial := func(ctx context.Context, network, address string) (net.Conn, error) {
				if dialed.Add(1) <= refused {
					return nil, &net.OpError{Op: "dial", Net: network, Err: syscall.ECONNREFUSED}
				}
				return (&net.Dialer{}).DialContext(ctx, network, address)
			}
			s := connect(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch r.Method {
				case http.MethodHead:
					w.WriteHeader(http.StatusNotFound)
				case http.MethodPut:
					made.Add(1)
				}
			}), append(c.options, store.WithDialer(dial, func() {}))...)
			err := s.EnsureBucket(t.Context())
			if !c.is(err) || (err == nil) != (made.Load() == 1) {
				t.Errorf("made %d buckets after %d connections: %v", made.Load(), dialed.Load(), err)
			}
		})
	}
}
