// Package access is the connection to one cluster: the user's identity, how
// requests are retried, and the classes of the API server's errors.
package access

import (
	"cmp"
	"context"
	"net"
	"net/http"
	"sync"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/version"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	kueueclient "sigs.k8s.io/kueue/client-go/clientset/versioned"

	"github.com/kubevast/vast/internal/identity"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/redact"
	"github.com/kubevast/vast/sdk/api"
)

const (
	// dialTimeout bounds the connection attempt only, never a request:
	// logs and watches stay open for days.
	dialTimeout = 6 * time.Second
	// firstContact limits the first answer of a server, so that one that
	// accepts connections and does not answer is reported within 10 seconds.
	firstContact = 9 * time.Second
)

// Options set how to connect.
type Options struct {
	Namespace string
	// Context is the kubeconfig's name for the cluster and user, if any.
	Context string
	// User overrides the user's name in the cluster; FallbackUser is used when
	// the cluster does not return one.
	User, FallbackUser string
	Warn               func(api.Notice)
	// Cache remembers good news between programs' runs; nil for none.
	Cache Cache
}

// Cache remembers for some time that something was found to be so. Its keys
// are safe as names of files. An empty key is never known.
type Cache interface {
	Has(key string) bool
	Add(key string)
}

// Conn is a connection to one namespace of one cluster, shared by all that
// talk to it.
type Conn struct {
	Kube      kubernetes.Interface
	Config    *rest.Config
	Namespace string
	Context   string
	Warn      func(message string, remedies ...api.Remedy)
	Cache     Cache

	options  Options
	kueue    func() (kueueclient.Interface, error)
	mu       sync.Mutex
	identity *identity.Identity
}

// In returns the same connection for another namespace.
func (c *Conn) In(namespace string) *Conn {
	c.mu.Lock()
	defer c.mu.Unlock()
	return &Conn{Kube: c.Kube, Config: c.Config, Namespace: namespace, Context: c.Context, Warn: c.Warn, Cache: c.Cache,
		options: c.options, kueue: c.kueue, identity: c.identity}
}

// Connect prepares a connection and contacts no server.
func Connect(cfg *rest.Config, o Options) (*Conn, error) {
	cfg = rest.CopyConfig(cfg)
	// The API server's own fairness rules hold us back where needed;
	// client-go's default of 5 requests a second would do it everywhere.
	cfg.QPS, cfg.RateLimiter = -1, nil
	cfg.ContentType = runtime.ContentTypeProtobuf
	cfg.AcceptContentTypes = runtime.ContentTypeProtobuf + "," + runtime.ContentTypeJSON
	if cfg.Dial == nil {
		cfg.Dial = (&net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second}).DialContext
	}
	// Options keep what the caller gave, for HasWarn.
	warn := func(message string, remedies ...api.Remedy) {
		if o.Warn != nil {
			o.Warn(api.Notice{Message: message, Remedies: remedies})
		}
	}
	said := func(message string) { warn(message) }
	writes := &outages{warn: said, server: redact.URL(cfg.Host), now: time.Now}
	cfg.Wrap(func(rt http.RoundTripper) http.RoundTripper {
		return retryHint{next: &greeting{next: rt, limit: firstContact}, writes: writes}
	})
	if cfg.WarningHandler == nil && cfg.WarningHandlerWithContext == nil {
		cfg.WarningHandlerWithContext = &warnings{warn: said}
	}
	set, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		return nil, api.Invalid("kubeconfig", "%v", err)
	}
	return &Conn{Kube: set, Config: cfg, Namespace: o.Namespace, Context: o.Context, Warn: warn, Cache: o.Cache, options: o,
		kueue: sync.OnceValues(func() (kueueclient.Interface, error) { return newKueue(cfg) })}, nil
}

// HasWarn reports whether the caller receives warnings.
func (c *Conn) HasWarn() bool { return c.options.Warn != nil }

// Identity returns the caller's identity. The cluster is asked once, by a
// SelfSubjectReview; that also is the first contact, and fails within ten
// seconds when no server answers.
func (c *Conn) Identity(ctx context.Context) (identity.Identity, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.identity != nil {
		return *c.identity, nil
	}
	asked, cancel := context.WithTimeout(ctx, firstContact)
	defer cancel()
	review, err := c.Kube.AuthenticationV1().SelfSubjectReviews().
		Create(asked, &authenticationv1.SelfSubjectReview{}, metav1.CreateOptions{})
	id := identity.Identity{}
	switch {
	case err == nil:
		id = identity.Identity{User: review.Status.UserInfo.Username, Source: identity.SourceCluster,
			ClusterUser: review.Status.UserInfo.Username, ClusterUID: review.Status.UserInfo.UID, Groups: review.Status.UserInfo.Groups}
	case apierrors.IsNotFound(err), apierrors.IsForbidden(err):
		// Before Kubernetes 1.28, or switched off.
		id = identity.Identity{User: c.options.FallbackUser, Source: identity.SourceKubeconfig}
	default:
		return id, c.Classify(err, "create", "selfsubjectreviews.authentication.k8s.io")
	}
	if c.options.User != "" {
		id.User, id.Source = c.options.User, identity.SourceLogin
	}
	c.identity = &id
	return id, nil
}

// ClusterUser is the caller's user name at the API server, if it returns one.
func (c *Conn) ClusterUser(ctx context.Context) (string, error) {
	id, err := c.Identity(ctx)
	return cmp.Or(id.ClusterUser, id.User), err
}

// Creator is a hash of whom the API server takes the caller for: the value of
// kube.AnnotationCreator. It is empty where the server does not return it.
func (c *Conn) Creator(ctx context.Context) (string, error) {
	id, err := c.Identity(ctx)
	if err != nil || id.ClusterUser == "" {
		return "", err
	}
	return kube.Hash(id.ClusterUser + "\x00" + id.ClusterUID), nil
}

// User is the name that Identity found.
func (c *Conn) User(ctx context.Context) (string, error) {
	id, err := c.Identity(ctx)
	return id.User, err
}

// LoginUser is the name that the caller has given; empty for the cluster's
// name.
func (c *Conn) LoginUser() string { return c.options.User }

// OfflineUser is the best guess at the user's name without asking anybody.
func (c *Conn) OfflineUser() string {
	if c.options.User != "" {
		return c.options.User
	}
	return c.options.FallbackUser
}

// ServerVersion returns the API server's version.
func (c *Conn) ServerVersion(ctx context.Context) (*version.Info, error) {
	asked, cancel := context.WithTimeout(ctx, firstContact)
	defer cancel()
	raw, err := c.Kube.Discovery().RESTClient().Get().AbsPath("/version").Do(asked).Raw()
	if err != nil {
		return nil, c.Classify(err, "get", "/version")
	}
	return decodeVersion(raw)
}

// InCluster reports whether this is a pod of the very cluster that the
// connection is to, so that its Services can be reached by name.
func (c *Conn) InCluster() bool {
	own, err := rest.InClusterConfig()
	return err == nil && own.Host == c.Config.Host
}

// Server is the API server's URL as it may be shown.
func (c *Conn) Server() string { return redact.URL(c.Config.Host) }
