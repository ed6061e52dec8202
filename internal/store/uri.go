package store

import (
	"cmp"
	"net/url"
	"strings"

	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
)

// The variables that OpenURI reads beside those of kube.StoreEnv. Those of AWS
// are what its own tools read. Google's are the HMAC key of a service account,
// by which Google's store speaks S3.
const (
	envAWSKey      = "AWS_ACCESS_KEY_ID"
	envAWSSecret   = "AWS_SECRET_ACCESS_KEY" // a name
	envAWSToken    = "AWS_SESSION_TOKEN"     // a name
	envAWSRegion   = "AWS_REGION"
	envAWSRegion2  = "AWS_DEFAULT_REGION"
	envAWSEndpoint = "AWS_ENDPOINT_URL"
	envS3Endpoint  = "AWS_ENDPOINT_URL_S3"
	envGSKey       = "GS_ACCESS_KEY_ID"
	envGSSecret    = "GS_SECRET_ACCESS_KEY" // a name
	envGSEndpoint  = "GS_ENDPOINT_URL"

	awsEndpoint = "https://s3.amazonaws.com"
	gsEndpoint  = "https://storage.googleapis.com"
)

// OpenURI connects to the bucket of "s3://bucket/prefix" or "gs://bucket/prefix",
// from inside a container. The bucket of the namespace's own store is reached with
// the store's credentials, any other one with those of getenv, or without.
// prefix is what is behind the bucket, without slashes at its ends. The store
// itself is not contacted yet. Close has to be called.
func OpenURI(uri string, getenv func(string) string) (s *Store, prefix string, err error) {
	scheme, rest, _ := strings.Cut(uri, "://")
	bucket, prefix, _ := strings.Cut(rest, "/") // names are as they are, without %41
	prefix = strings.Trim(prefix, "/")
	if bucket == "" || strings.ContainsAny(bucket, "@:?#") || scheme != "s3" && scheme != "gs" {
		return nil, "", api.Invalid("", "%q is no URI such as s3://bucket/folder or gs://bucket/folder", uri)
	}
	if scheme == "s3" && bucket == getenv(kube.EnvStoreBucket) && getenv(kube.EnvStoreEndpoint) != "" {
		s, err = fromEnv(getenv)
		return s, prefix, err
	}
	c := foreign{Config: Config{Bucket: bucket}}
	if scheme == "s3" {
		c.Endpoint = cmp.Or(getenv(envS3Endpoint), getenv(envAWSEndpoint), awsEndpoint)
		c.Region = cmp.Or(getenv(envAWSRegion), getenv(envAWSRegion2))
		c.AccessKey, c.SecretKey, c.token, c.variable = getenv(envAWSKey), getenv(envAWSSecret), getenv(envAWSToken), envAWSKey
	} else {
		c.Endpoint, c.Region = cmp.Or(getenv(envGSEndpoint), gsEndpoint), "auto"
		c.AccessKey, c.SecretKey, c.variable = getenv(envGSKey), getenv(envGSSecret), envGSKey
	}
	s, err = c.connect()
	return s, prefix, err
}

// foreign is a bucket that is not the store's.
type foreign struct {
	Config
	token    string
	variable string
}

func (c foreign) connect() (*Store, error) {
	endpoint, err := url.Parse(c.Endpoint)
	if err != nil || endpoint.Host == "" || strings.Trim(endpoint.Path, "/") != "" {
		return nil, api.Invalid("", "the endpoint for bucket %q is no URL such as https://s3.example.com", c.Bucket)
	}
	secret, login := credentials.NewStaticV4(c.AccessKey, c.SecretKey, c.token), c.variable
	switch {
	case c.AccessKey == "" && c.SecretKey == "":
		secret, login = credentials.NewStatic("", "", "", credentials.SignatureAnonymous), "no variable: "+c.variable+" is not set"
	case c.AccessKey == "" || c.SecretKey == "":
		return nil, api.Invalid("", "for bucket %q only one of %s and its secret is set", c.Bucket, c.variable)
	}
	return open(c.Config, endpoint, secret, login, WithPatience(patience))
}
