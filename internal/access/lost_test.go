package access

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"syscall"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

func TestAnAnswerIsLostWhereTheConnectionBroke(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		err  error
		want bool
	}{
		"no failure":            {nil, false},
		"reset":                 {&url.Error{Op: "Post", Err: syscall.ECONNRESET}, true},
		"broken pipe":           {&url.Error{Op: "Post", Err: syscall.EPIPE}, true},
		"end of the stream":     {&url.Error{Op: "Post", Err: io.EOF}, true},
		"in the answer":         {fmt.Errorf("read: %w", io.ErrUnexpectedEOF), true},
		"HTTP/2 connection":     {errors.New("http2: client connection lost"), true},
		"never connected":       {&url.Error{Op: "Post", Err: syscall.ECONNREFUSED}, false},
		"an answer of its own":  {apierrors.NewInternalError(io.EOF), false},
		"too many requests":     {apierrors.NewTooManyRequests("busy", 1), false},
		"something else at all": {errors.New("no"), false},
	} {
		if got := AnswerLost(tc.err); got != tc.want {
			t.Errorf("%s: %t, want %t", name, got, tc.want)
		}
	}
}
