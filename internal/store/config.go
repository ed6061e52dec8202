package store

import (
	"cmp"
	"crypto/x509"
	"fmt"
	"net/url"
	"strings"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
)

// Config says where a store is and how to get in.
type Config struct {
	// Endpoint is a URL: "http://vast-store.lab.svc:7070".
	Endpoint, Region, Bucket string
	AccessKey, SecretKey     string
	// CA are certificates, as PEM, of which one has to have signed that of an
	// https endpoint. Without it the certificates of the system are used.
	CA []byte
	// Policy is the policy, as JSON, of a bucket that EnsureBucket makes; it may
	// be empty.
	Policy string
	// Namespace is the one whose store it is, for the remedies of errors.
	Namespace string
	// Secret is the name of the Secret that this is from, for errors; empty:
	// kube.StoreName.
	Secret string
}

// check finds all that cannot be right, and returns the endpoint. Values are
// not repeated: the URL may contain a password.
func (c Config) check() (*url.URL, error) {
	var problems []error
	again := []api.Remedy{{Action: api.ClusterSetup, Namespace: c.Namespace}}
	endpoint, err := url.Parse(c.Endpoint)
	if err != nil || endpoint.Host == "" || endpoint.Scheme != "http" && endpoint.Scheme != "https" ||
		endpoint.User != nil || endpoint.RawQuery != "" || strings.Trim(endpoint.Path, "/") != "" {
		problems = append(problems, invalid(again, "the store's endpoint is no URL such as https://s3.example.com, "+
			"with http or https and without path, user and password"))
	}
	for _, needed := range []struct{ key, value string }{
		{kube.StoreBucket, c.Bucket}, {kube.StoreAccessKey, c.AccessKey}, {kube.StoreSecretKey, c.SecretKey},
	} {
		if needed.value == "" {
			problems = append(problems, invalid(again, "Secret %s has no %s", c.secret(), needed.key))
		}
	}
	if _, ok := c.roots(); !ok {
		problems = append(problems, invalid(again, "%s in Secret %s holds no certificate as PEM", kube.StoreCA, c.secret()))
	}
	return endpoint, api.JoinInvalid(problems...)
}

// invalid returns an InvalidSpecError of one problem with remedies.
func invalid(remedies []api.Remedy, format string, args ...any) error {
	return &api.InvalidSpecError{Problems: []api.Problem{{Message: fmt.Sprintf(format, args...), Remedies: remedies}}}
}

// secret names the Secret in errors.
func (c Config) secret() string { return cmp.Or(c.Secret, kube.StoreName) }

// roots are the trusted certificates; nil for those of the system.
func (c Config) roots() (roots *x509.CertPool, ok bool) {
	if len(c.CA) == 0 {
		return nil, true
	}
	roots = x509.NewCertPool()
	return roots, roots.AppendCertsFromPEM(c.CA)
}
