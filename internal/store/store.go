// Package store puts, gets and lists objects: in any S3 endpoint, or in a folder
// of the local file system. It does not depend on Kubernetes; package portforward reaches a store in a
// cluster from outside.
package store

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/url"
	"os"
	"sync/atomic"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/kubevast/vast/internal/agentspec"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/redact"
	"github.com/kubevast/vast/sdk/api"
)

// Store is an open connection to one bucket of an S3 server.
type Store struct {
	s3        minio.Core
	transport *patient
	Endpoint  string
	Bucket    string
	// login says where the credentials are from; empty: the namespace's Secret.
	login string
	// secret is the name of that Secret, and policy is for a bucket that is made.
	secret    string
	namespace string
	policy    string
	patience  time.Duration
	// full: a store without space is not waited for.
	full    bool
	reached atomic.Bool
	buffers *buffers
	close   func()
}

const (
	defaultRegion = "us-east-1"
	// retries of one request, a moment longer each time.
	retries = 5
	// podPatience is how long a pod waits for the store: what it holds is
	// lost with it.
	podPatience = 10 * time.Minute
)

// FromEnv connects from inside one of our own containers; see kube.StoreEnv. It
// takes the reader's credentials where there are some, see kube.StoreReaderEnv.
// Without VAST_STORE_ENDPOINT it is NotInstalledError.
func FromEnv(with ...Option) (*Store, error) { return fromEnv(os.Getenv, with...) }

func fromEnv(getenv func(string) string, with ...Option) (*Store, error) {
	if getenv(kube.EnvStoreEndpoint) == "" {
		return nil, &api.NotInstalledError{Message: kube.EnvStoreEndpoint + " is not set"}
	}
	c := Config{Endpoint: getenv(kube.EnvStoreEndpoint), Region: getenv(kube.EnvStoreRegion),
		Bucket: getenv(kube.EnvStoreBucket), AccessKey: getenv(kube.EnvStoreAccessKey), SecretKey: getenv(kube.EnvStoreSecretKey),
		CA: []byte(getenv(kube.EnvStoreCA)), Policy: getenv(kube.EnvStorePolicy), Namespace: getenv(agentspec.EnvPodNamespace)}
	if key, secret := getenv(kube.EnvStoreReaderKey), getenv(kube.EnvStoreReaderSecret); key != "" && secret != "" {
		c.AccessKey, c.SecretKey, c.Secret = key, secret, kube.StoreReaderName
	}
	return Connect(c, append([]Option{WithPatience(podPatience)}, with...)...)
}

// Option changes how a store is reached.
type Option func(*options)

type options struct {
	dial     func(ctx context.Context, network, address string) (net.Conn, error)
	close    func()
	patience time.Duration
	full     bool
}

// WithDialer makes all connections by dial, and none through a proxy. closed is
// called by Close; it may be nil.
func WithDialer(dial func(ctx context.Context, network, address string) (net.Conn, error), closed func()) Option {
	return func(o *options) { o.dial, o.close = dial, closed }
}

// WithPatience sets how long an unavailable store is waited for, within each
// operation. The default is 5 minutes, and 10 seconds for a store that has not
// answered yet.
func WithPatience(d time.Duration) Option {
	return func(o *options) { o.patience = d }
}

// FailWhenFull limits how long a full store is waited for to some seconds: what is written
// can be made again.
func FailWhenFull() Option { return func(o *options) { o.full = true } }

// Connect prepares the connection. It is InvalidSpecError when c cannot be right. The
// store itself is not asked anything yet. Close has to be called.
func Connect(c Config, with ...Option) (*Store, error) {
	endpoint, err := c.check()
	if err != nil {
		return nil, err
	}
	if c.Region == "" {
		c.Region = defaultRegion
	}
	return open(c, endpoint, credentials.NewStaticV4(c.AccessKey, c.SecretKey, ""), "", with...)
}

// open connects with any credentials; login says where they are from.
func open(c Config, endpoint *url.URL, secret *credentials.Credentials, login string, with ...Option) (*Store, error) {
	var o options
	for _, set := range with {
		set(&o)
	}
	roots, _ := c.roots() // checked before
	transport := newTransport(o, roots)
	client, err := minio.New(endpoint.Host, &minio.Options{
		Creds: secret, Secure: endpoint.Scheme == "https", Region: c.Region, Transport: transport, MaxRetries: retries,
	})
	if err != nil {
		return nil, api.Invalid("", "the store's endpoint %q: %v", redact.URL(c.Endpoint), redact.Text(err.Error()))
	}
	return &Store{s3: minio.Core{Client: client}, transport: transport, Endpoint: redact.URL(c.Endpoint), Bucket: c.Bucket, login: login,
		secret: c.secret(), namespace: c.Namespace, policy: c.Policy, patience: o.patience, full: o.full, buffers: newBuffers(), close: func() {
			transport.close()
			if o.close != nil {
				o.close()
			}
		}}, nil
}

// Close ends the connection.
func (s *Store) Close() { s.close() }

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

// newTransport takes the certificates that may have signed the store's; nil for
// those of the system.
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
