// Package store puts, gets and lists objects: in any S3 endpoint, or in a folder
// of this machine. It knows no cluster; package tunnel reaches a store in one from
// outside.
package store

import (
	"context"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/kube"
)

// Store is an open connection to one bucket. It is safe for concurrent use.
type Store struct {
	s3       *minio.Client
	Endpoint string
	Bucket   string
	close    func()
}

const (
	dialTimeout   = 10 * time.Second
	answerTimeout = 60 * time.Second
	defaultRegion = "us-east-1"
	// retries of one request, a moment longer each time.
	retries = 5
)

// FromEnv connects from inside one of our own containers; see kube.StoreEnv.
// Without VAST_STORE_ENDPOINT it is NotInstalled.
func FromEnv() (*Store, error) {
	if os.Getenv(kube.EnvStoreEndpoint) == "" {
		return nil, &api.NotInstalled{Message: kube.EnvStoreEndpoint + " is not set"}
	}
	return Connect(Config{Endpoint: os.Getenv(kube.EnvStoreEndpoint), Region: os.Getenv(kube.EnvStoreRegion),
		Bucket: os.Getenv(kube.EnvStoreBucket), AccessKey: os.Getenv(kube.EnvStoreAccessKey), SecretKey: os.Getenv(kube.EnvStoreSecretKey)})
}

// Option changes how a store is reached.
type Option func(*options)

type options struct {
	dial  func(ctx context.Context, network, address string) (net.Conn, error)
	close func()
}

// WithDialer makes all connections by dial, and none through a proxy. closed is
// called by Close; it may be nil.
func WithDialer(dial func(ctx context.Context, network, address string) (net.Conn, error), closed func()) Option {
	return func(o *options) { o.dial, o.close = dial, closed }
}

// Connect prepares the connection. It is InvalidSpec when c cannot be right. The
// store itself is not asked anything yet. Close has to be called.
func Connect(c Config, with ...Option) (*Store, error) {
	endpoint, err := c.check()
	if err != nil {
		return nil, err
	}
	if c.Region == "" {
		c.Region = defaultRegion
	}
	var o options
	for _, set := range with {
		set(&o)
	}
	transport := o.transport()
	client, err := minio.New(endpoint.Host, &minio.Options{
		Creds:  credentials.NewStaticV4(c.AccessKey, c.SecretKey, ""),
		Secure: endpoint.Scheme == "https", Region: c.Region, Transport: transport,
		MaxRetries: retries,
	})
	if err != nil {
		return nil, api.Invalid("", "the store's endpoint %q: %v", c.Endpoint, err)
	}
	return &Store{s3: client, Endpoint: c.Endpoint, Bucket: c.Bucket, close: func() {
		transport.CloseIdleConnections()
		if o.close != nil {
			o.close()
		}
	}}, nil
}

func (o options) transport() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.ResponseHeaderTimeout = answerTimeout
	t.DisableCompression = true // objects come as they are
	t.DialContext = (&net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second}).DialContext
	if o.dial != nil {
		t.DialContext, t.Proxy = o.dial, nil
	}
	return t
}

// Close ends the connection.
func (s *Store) Close() { s.close() }
