// Package store reaches the object store that `cluster setup` made or was told
// of: any S3 endpoint, one inside the cluster through the API server.
package store

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/sdk/access"
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

// Open reads the namespace's Secret and connects to the store that it names.
// It is NotInstalled when there is no such Secret. The store itself is not
// asked anything yet. Close has to be called.
func Open(ctx context.Context, conn *access.Conn) (*Store, error) {
	secret, err := conn.Kube.CoreV1().Secrets(conn.Namespace).Get(ctx, kube.StoreName, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, &api.NotInstalled{Message: fmt.Sprintf("namespace %q has no store; run: kubectl vast cluster setup", conn.Namespace)}
	}
	if err != nil {
		return nil, conn.Classify(err, "get", "secrets")
	}
	value := func(key string) string { return string(secret.Data[key]) }
	return connect(conn, Config{Endpoint: value(kube.StoreEndpoint), Region: value(kube.StoreRegion), Bucket: value(kube.StoreBucket),
		AccessKey: value(kube.StoreAccessKey), SecretKey: value(kube.StoreSecretKey)})
}

// FromEnv connects from inside one of our own containers; see kube.StoreEnv.
// Without VAST_STORE_ENDPOINT it is NotInstalled.
func FromEnv() (*Store, error) {
	if os.Getenv(kube.EnvStoreEndpoint) == "" {
		return nil, &api.NotInstalled{Message: kube.EnvStoreEndpoint + " is not set"}
	}
	return connect(nil, Config{Endpoint: os.Getenv(kube.EnvStoreEndpoint), Region: os.Getenv(kube.EnvStoreRegion),
		Bucket: os.Getenv(kube.EnvStoreBucket), AccessKey: os.Getenv(kube.EnvStoreAccessKey), SecretKey: os.Getenv(kube.EnvStoreSecretKey)})
}

// connect prepares the client. conn is nil inside the cluster.
func connect(conn *access.Conn, c Config) (*Store, error) {
	endpoint, err := c.check()
	if err != nil {
		return nil, err
	}
	if c.Region == "" {
		c.Region = defaultRegion
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.ResponseHeaderTimeout = answerTimeout
	transport.DisableCompression = true // objects come as they are
	transport.DialContext = (&net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second}).DialContext
	done := func() {}
	if namespace, service, inside := clusterService(endpoint.Hostname()); inside && conn != nil && !conn.InCluster() {
		t := &tunnel{conn: conn, namespace: namespace, service: service}
		transport.DialContext, transport.Proxy, done = t.dial, nil, t.close
	}
	client, err := minio.New(endpoint.Host, &minio.Options{
		Creds:  credentials.NewStaticV4(c.AccessKey, c.SecretKey, ""),
		Secure: endpoint.Scheme == "https", Region: c.Region, Transport: transport,
		MaxRetries: retries,
	})
	if err != nil {
		return nil, api.Invalid("", "the store's endpoint %q: %v", c.Endpoint, err)
	}
	return &Store{s3: client, Endpoint: c.Endpoint, Bucket: c.Bucket, close: func() { transport.CloseIdleConnections(); done() }}, nil
}

// clusterService takes apart the name of a Service: "name.namespace.svc", with
// or without the cluster's domain.
func clusterService(host string) (namespace, service string, ok bool) {
	parts := strings.Split(host, ".")
	if len(parts) < 3 || parts[2] != "svc" {
		return "", "", false
	}
	return parts[1], parts[0], true
}

// Close ends the connection.
func (s *Store) Close() { s.close() }
