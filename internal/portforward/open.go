// Package portforward opens the store of a namespace from outside of the
// cluster: a store in the cluster is reached through the API server, any other
// directly.
package portforward

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/access"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/sdk/api"
)

// Open reads the namespace's Secret for writers and connects to the store that it
// names. It is NotInstalledError when there is no such Secret. The store itself is not
// asked anything yet. Close has to be called.
func Open(ctx context.Context, conn *access.Conn, options ...store.Option) (*store.Store, error) {
	secret, err := secretOf(ctx, conn, kube.StoreName)
	if apierrors.IsNotFound(err) {
		return nil, notInstalled(conn)
	}
	if err != nil {
		return nil, conn.Classify(err, "get", "secrets")
	}
	return OpenBy(conn, secret, options...)
}

// OpenToRead is Open for who only reads, by the Secret for readers. Where there is
// none, as an older version has set it up, or where the caller may read only the
// one for writers, that is taken.
func OpenToRead(ctx context.Context, conn *access.Conn, options ...store.Option) (*store.Store, error) {
	secret, err := secretOf(ctx, conn, kube.StoreReaderName)
	if apierrors.IsNotFound(err) || apierrors.IsForbidden(err) {
		writer, writerErr := secretOf(ctx, conn, kube.StoreName)
		switch {
		case writerErr == nil:
			secret, err = writer, nil
		case apierrors.IsNotFound(err) && apierrors.IsNotFound(writerErr):
			return nil, notInstalled(conn)
		case apierrors.IsNotFound(err):
			err = writerErr
		}
	}
	if err != nil {
		return nil, conn.Classify(err, "get", "secrets")
	}
	return OpenBy(conn, secret, options...)
}

func secretOf(ctx context.Context, conn *access.Conn, name string) (*corev1.Secret, error) {
	return conn.Kube.CoreV1().Secrets(conn.Namespace).Get(ctx, name, metav1.GetOptions{})
}

func notInstalled(conn *access.Conn) error {
	return &api.NotInstalledError{Message: fmt.Sprintf("namespace %q has no store", conn.Namespace), Remedies: []api.Remedy{{Action: api.ClusterSetup, Namespace: conn.Namespace}}}
}

// OpenBy is Open by a Secret that need not be in the cluster yet.
func OpenBy(conn *access.Conn, secret *corev1.Secret, options ...store.Option) (*store.Store, error) {
	value := func(key string) string { return string(secret.Data[key]) }
	config := store.Config{Endpoint: value(kube.StoreEndpoint), Region: value(kube.StoreRegion), Bucket: value(kube.StoreBucket),
		AccessKey: value(kube.StoreAccessKey), SecretKey: value(kube.StoreSecretKey),
		CA: secret.Data[kube.StoreCA], Policy: value(kube.StorePolicy), Secret: secret.Name, Namespace: conn.Namespace}
	return store.Connect(config, append(way(conn, config.Endpoint), options...)...)
}

// way is how the endpoint is reached from here; an endpoint that is none is
// refused later.
func way(conn *access.Conn, endpoint string) []store.Option {
	u, err := url.Parse(endpoint)
	if err != nil || conn.InCluster() {
		return nil
	}
	namespace, service, inside := clusterService(u.Hostname())
	if !inside {
		return nil
	}
	t := &tunnel{conn: conn, namespace: namespace, service: service}
	return []store.Option{store.WithDialer(t.dial, t.close)}
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
