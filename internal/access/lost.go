package access

import (
	"errors"
	"io"
	"syscall"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	utilnet "k8s.io/apimachinery/pkg/util/net"
)

// AnswerLost reports a failure of the connection after which it is unknown
// whether the API server did what was requested, so that a caller whose object
// has a name of its own retries. An answer of the API server is none: 429 and
// 5xx have been retried by the connection already.
func AnswerLost(err error) bool {
	var status apierrors.APIStatus
	if err == nil || errors.As(err, &status) {
		return false
	}
	return utilnet.IsConnectionReset(err) || errors.Is(err, syscall.EPIPE) || errors.Is(err, io.EOF) ||
		errors.Is(err, io.ErrUnexpectedEOF) || utilnet.IsProbableEOF(err) || utilnet.IsHTTP2ConnectionLost(err)
}
