package google

// SetMaxSend sets how many bytes of content one request has, and returns a function that
// sets it back.
func SetMaxSend(n int64) (restore func()) {
	was := maxSend
	maxSend = n
	return func() { maxSend = was }
}
