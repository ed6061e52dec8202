package store

import (
	"cmp"
	"crypto/x509"
	"net/url"
	"strings"

	"github.com/kubevast/vast/internal/hint"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
)

// Config says where a store is and how to get in.
type Config struct {
	// Endpoint is a URL: "http://vast-store.lab.svc:7070".
	Endpoint, Region, Bucket string
	AccessKey, SecretKey     string
	// CA are certificates, as PEM, of which one has to have signed that of an
	// https endpoint. Without it those of the machine count.
	CA []byte
	// Policy is the policy, as JSON, of a bucket that EnsureBucket makes; it may
	// be empty.
	Policy string
	// Hint is where the hints of errors lead to: the namespace whose store it is.
	Hint hint.Target
	// Secret is the name of the Secret that this is from, for errors; empty:
	// kube.StoreName.
	Secret string
}

// check finds all that cannot be right, and returns the endpoint. Values are
// not repeated: somebody may have put a password into the URL.
func (c Config) check() (*url.URL, error) {
	var problems []error
	endpoint, err := url.Parse(c.Endpoint)
	if err != nil || endpoint.Host == "" || endpoint.Scheme != "http" && endpoint.Scheme != "https" ||
		endpoint.User != nil || endpoint.RawQuery != "" || strings.Trim(endpoint.Path, "/") != "" {
		problems = append(problems, api.Invalid("", "the store's endpoint is no URL such as https://s3.example.com, "+
			"with http or https and without path, user and password; run `%s` again", setup(c.Hint)))
	}
	for _, needed := range []struct{ key, value string }{
		{kube.StoreBucket, c.Bucket}, {kube.StoreAccessKey, c.AccessKey}, {kube.StoreSecretKey, c.SecretKey},
	} {
		if needed.value == "" {
			problems = append(problems, api.Invalid("", "Secret %s has no %s; run `%s` again", c.secret(), needed.key, setup(c.Hint)))
		}
	}
	if _, ok := c.roots(); !ok {
		problems = append(problems, api.Invalid("", "%s in Secret %s holds no certificate as PEM; run `%s` again", kube.StoreCA, c.secret(), setup(c.Hint)))
	}
	return endpoint, api.JoinInvalid(problems...)
}

// setup is the command line that mends it.
func setup(say hint.Target, flags ...string) string {
	return say.Vast(append([]string{"cluster", "setup"}, flags...)...)
}

// secret names the Secret in errors.
func (c Config) secret() string { return cmp.Or(c.Secret, kube.StoreName) }

// roots are the certificates that count; nil for those of the machine.
func (c Config) roots() (roots *x509.CertPool, ok bool) {
	if len(c.CA) == 0 {
		return nil, true
	}
	roots = x509.NewCertPool()
	return roots, roots.AppendCertsFromPEM(c.CA)
}
