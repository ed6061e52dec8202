package share

import (
	"errors"
	"time"
)

// TemporaryError is an error of a ShareProvider that may pass by itself: a connection
// that was cut, a server that is overloaded or restarting.
type TemporaryError struct {
	Message string
	// RetryAfter is how long the server asked to wait; 0 if it did not.
	RetryAfter time.Duration
	Cause      error
}

func (e *TemporaryError) Error() string { return e.Message }
func (e *TemporaryError) Unwrap() error { return e.Cause }

func isTemporary(err error) bool {
	var temporary *TemporaryError
	return errors.As(err, &temporary)
}
