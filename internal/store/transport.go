package store

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"time"
)

const (
	dialTimeout = 10 * time.Second
	// answerTimeout is how long the store may take to answer.
	answerTimeout = 60 * time.Second
	// joinTimeout is the same for joining the parts of a large object: a
	// store that keeps them as files copies them before it answers.
	joinTimeout = 30 * time.Minute
	// idleConnections are kept for the transfers that go on side by side.
	idleConnections = 64
	bufferSize      = 64 << 10
)

// patient gives requests that take long another limit.
type patient struct{ quick, slow *http.Transport }

// newTransport takes roots for the certificates that may have signed the store's;
// nil stands for those of the machine.
func newTransport(o options, roots *x509.CertPool) *patient {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.DisableCompression = true // objects come as they are
	t.ForceAttemptHTTP2 = false // one connection for all would be the slower one
	t.MaxIdleConns, t.MaxIdleConnsPerHost = 0, idleConnections
	t.ReadBufferSize, t.WriteBufferSize = bufferSize, bufferSize
	t.DialContext = (&net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second}).DialContext
	if o.dial != nil {
		t.DialContext, t.Proxy = o.dial, nil
	}
	if roots != nil {
		t.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	}
	slow := t.Clone()
	t.ResponseHeaderTimeout, slow.ResponseHeaderTimeout = answerTimeout, joinTimeout
	return &patient{quick: t, slow: slow}
}

// RoundTrip implements http.RoundTripper.
func (p *patient) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodPost && r.URL.Query().Has("uploadId") {
		return p.slow.RoundTrip(r)
	}
	return p.quick.RoundTrip(r)
}

func (p *patient) close() {
	p.quick.CloseIdleConnections()
	p.slow.CloseIdleConnections()
}
