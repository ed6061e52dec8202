package store

import (
	"net/url"
	"strings"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/kube"
)

// Config says where a store is and how to get in.
type Config struct {
	// Endpoint is a URL: "http://vast-store.lab.svc:7070".
	Endpoint, Region, Bucket string
	AccessKey, SecretKey     string
}

// check finds all that cannot be right, and returns the endpoint. Values are
// not repeated: somebody may have put a password into the URL.
func (c Config) check() (*url.URL, error) {
	var problems []error
	endpoint, err := url.Parse(c.Endpoint)
	if err != nil || endpoint.Host == "" || endpoint.Scheme != "http" && endpoint.Scheme != "https" ||
		endpoint.User != nil || endpoint.RawQuery != "" || strings.Trim(endpoint.Path, "/") != "" {
		problems = append(problems, api.Invalid("", "the store's endpoint is no URL such as https://s3.example.com, "+
			"with http or https and without path, user and password; run `kubectl vast cluster setup` again"))
	}
	for _, needed := range []struct{ key, value string }{
		{kube.StoreBucket, c.Bucket}, {kube.StoreAccessKey, c.AccessKey}, {kube.StoreSecretKey, c.SecretKey},
	} {
		if needed.value == "" {
			problems = append(problems, api.Invalid("", "Secret %s has no %s; run `kubectl vast cluster setup` again", kube.StoreName, needed.key))
		}
	}
	return endpoint, api.JoinInvalid(problems...)
}
