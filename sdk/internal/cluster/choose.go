package cluster

import (
	"cmp"
	"fmt"
	"net/url"
	"regexp"
	"slices"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/text"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/cluster/desired"
)

var (
	validBucket = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
	validRegion = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$`)
)

// chooseStore decides on the store: what was given has precedence over what was
// recorded, and that over the built-in one. Its image is what was given, else
// what administrators gave before. All problems are reported at once.
func chooseStore(o api.StoreOptions, recorded storeRecord, given, namespace string) (storeRecord, error) {
	kind := o.Kind
	switch {
	case kind != "":
	case o.Endpoint != "" || o.Secret != "":
		kind = api.StoreExternal
	case recorded.Kind != "":
		kind = recorded.Kind
	default:
		kind = api.StoreBuiltIn
	}
	if recorded.Kind != kind {
		recorded = storeRecord{}
	}
	s := storeRecord{Kind: kind}
	if !slices.Contains([]api.StoreKind{api.StoreBuiltIn, api.StoreExternal, api.StoreNone}, kind) {
		return s, &api.InvalidSpecError{Problems: []api.Problem{{Option: "NoStore",
			Message:  fmt.Sprintf("the record of the setup has a store of the kind %q, which does not exist", text.Short(string(kind), 300)),
			Remedies: []api.Remedy{{Options: []string{"NoStore"}}, {Options: []string{"NoStore=false"}}, {Options: []string{"StoreEndpoint=URL"}}}}}}
	}
	var problems []api.Problem
	unfit := func(option, value, why string, remedies ...api.Remedy) {
		if value != "" {
			problems = append(problems, api.Problem{Option: option, Message: why, Remedies: remedies})
		}
	}
	if kind != api.StoreExternal {
		const why = "applies only to an S3 of your own, which needs an endpoint and a Secret"
		unfit("StoreEndpoint", o.Endpoint, why)
		unfit("StoreSecret", o.Secret, why)
		unfit("StoreBucket", o.Bucket, why)
		unfit("StoreRegion", o.Region, why)
		unfit("StoreReaderSecret", o.ReaderSecret, why)
	}
	if kind != api.StoreBuiltIn {
		if o.TLS != nil {
			problems = append(problems, api.Problem{Option: "StoreTLS", Message: "is for the built-in store, which is not used here; an S3 of your own has it by https:// in its endpoint"})
		}
		unfit("StoreImage", o.Image, "is for the built-in store, which is not used here",
			api.Remedy{Options: []string{"NoStore=false"}, Purpose: "go back to it"})
	}
	switch kind {
	case api.StoreBuiltIn:
		s.Image = unless(cmp.Or(o.Image, given), storeImage)
		problems = append(problems, checkImage("StoreImage", s.Image)...)
		s.Plain = recorded.Plain
		if o.TLS != nil {
			s.Plain = !*o.TLS
		}
		s.Endpoint, s.Bucket, s.Region = desired.StoreEndpoint(namespace, !s.Plain), desired.StoreBucket, desired.StoreRegion
	case api.StoreExternal:
		s.Endpoint, s.Secret = cmp.Or(o.Endpoint, recorded.Endpoint), cmp.Or(o.Secret, recorded.Secret)
		s.ReaderSecret = cmp.Or(o.ReaderSecret, recorded.ReaderSecret)
		s.Bucket, s.Region = cmp.Or(o.Bucket, recorded.Bucket, desired.StoreBucket), cmp.Or(o.Region, recorded.Region, desired.StoreRegion)
		problems = append(problems, s.check()...)
	}
	if len(problems) > 0 {
		return s, &api.InvalidSpecError{Problems: problems}
	}
	return s, nil
}

// check looks at what was said about an external store.
func (s storeRecord) check() []api.Problem {
	var problems []api.Problem
	add := func(option, format string, args ...any) {
		problems = append(problems, api.Problem{Option: option, Message: fmt.Sprintf(format, args...)})
	}
	u, err := url.Parse(s.Endpoint)
	switch {
	case s.Endpoint == "":
		add("StoreEndpoint", "is missing: the URL of the S3, as in https://s3.example.com")
	case err != nil, u.Scheme != "http" && u.Scheme != "https", u.Host == "", u.RawQuery != "", u.Path != "" && u.Path != "/":
		add("StoreEndpoint", "must be the URL of an S3 without a path, as in https://storage.googleapis.com or http://minio.data.svc:9000")
	case u.User != nil:
		add("StoreEndpoint", "must hold no credentials: put them into the Secret of the store")
	}
	switch {
	case s.Secret == "":
		add("StoreSecret", "is missing: a Secret of the namespace with the keys %s and %s", kube.StoreAccessKey, kube.StoreSecretKey)
	case isStoreSecret(s.Secret):
		add("StoreSecret", "must not be %q: setup keeps a Secret of its own under this name", s.Secret)
	case len(validation.IsDNS1123Subdomain(s.Secret)) > 0:
		add("StoreSecret", "%q cannot be the name of a Secret", text.Short(s.Secret, 300))
	}
	switch {
	case s.ReaderSecret == "":
	case isStoreSecret(s.ReaderSecret):
		add("StoreReaderSecret", "must not be %q: setup keeps a Secret of its own under this name", s.ReaderSecret)
	case len(validation.IsDNS1123Subdomain(s.ReaderSecret)) > 0:
		add("StoreReaderSecret", "%q cannot be the name of a Secret", s.ReaderSecret)
	}
	if !validBucket.MatchString(s.Bucket) {
		add("StoreBucket", "%q cannot be a bucket: 3 to 63 small letters, digits, dots and hyphens", text.Short(s.Bucket, 300))
	}
	if !validRegion.MatchString(s.Region) {
		add("StoreRegion", "%q cannot be a region: letters, digits, dots, hyphens and underscores, as in eu-central-1", text.Short(s.Region, 300))
	}
	return problems
}

// isStoreSecret reports a name under which setup keeps a Secret.
func isStoreSecret(name string) bool {
	return name == kube.StoreName || name == kube.StoreReaderName || name == kube.StoreRootName
}
