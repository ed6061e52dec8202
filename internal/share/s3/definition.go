// Package s3 stores archives in a bucket of any server of the S3 API.
package s3

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/kubevast/vast/internal/share/transport"
	"github.com/kubevast/vast/sdk/share"
)

const (
	typeName      = "s3"
	urlSetting    = "VAST_SHARE_URL"
	bucketSetting = "VAST_SHARE_BUCKET"
	prefixSetting = "VAST_SHARE_PREFIX"
	regionSetting = "VAST_SHARE_REGION"
	keySetting    = "VAST_SHARE_ACCESS_KEY"
	secretSetting = "VAST_SHARE_SECRET_KEY"
)

// Definition returns the type "s3".
func Definition() share.Definition {
	return share.Definition{
		Type:        typeName,
		Description: "a bucket of an S3 server",
		Settings: append([]share.Setting{
			{Name: urlSetting, Required: true, Example: "https://s3.example.com", Check: checkURL,
				Description: "URL of the S3 server, without a bucket"},
			{Name: bucketSetting, Required: true, Example: "results", Check: checkBucket, Description: "Name of the bucket, which must exist"},
			{Name: prefixSetting, Example: "lab/campaigns", Check: checkPrefix, Description: "Folder in the bucket that the archives are in"},
			{Name: regionSetting, Default: "us-east-1", Example: "eu-central-1", Description: "Region of the bucket"},
			{Name: keySetting, Required: true, Secret: true, Description: "Access key"},
			{Name: secretSetting, Required: true, Secret: true, Description: "Secret key of the access key"},
		}, transport.Settings()...),
		Open: open,
	}
}

func checkURL(value string) error {
	u, err := transport.ParseURL(value)
	if err != nil {
		return err
	}
	if strings.Trim(u.Path, "/") != "" {
		return fmt.Errorf("has the path %q; the bucket and a folder in it have settings of their own, %s and %s", u.Path, bucketSetting, prefixSetting)
	}
	return nil
}

// bucketName is the rule of S3: 3 to 63 lower-case letters, digits, dots and hyphens.
var bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)

func checkBucket(value string) error {
	if !bucketName.MatchString(value) {
		return fmt.Errorf("%q is no name of a bucket: 3 to 63 lower-case letters, digits, dots and hyphens", value)
	}
	return nil
}

func checkPrefix(value string) error {
	for part := range strings.SplitSeq(strings.Trim(value, "/"), "/") {
		if value != "" && (part == "" || part == "." || part == "..") {
			return fmt.Errorf(`%q has an empty part, "." or ".."`, value)
		}
	}
	if len(value) > 700 { // a key has at most 1,024 bytes
		return errors.New("is longer than 700 bytes")
	}
	return nil
}

func open(_ context.Context, settings share.Settings) (share.ShareProvider, error) {
	at, err := transport.ParseURL(settings[urlSetting])
	if err != nil {
		return nil, fmt.Errorf("%s %w", urlSetting, err)
	}
	o := transport.FromSettings(settings)
	o.Setting, o.Secrets = urlSetting, []string{settings[secretSetting], settings[keySetting]}
	client, err := transport.New(o)
	if err != nil {
		return nil, err
	}
	p := &provider{client: client, url: (&url.URL{Scheme: at.Scheme, Host: at.Host}).String(), bucket: settings[bucketSetting],
		proved: map[string]string{}, parts: map[string]map[int]sentPart{}}
	if p.prefix = strings.Trim(settings[prefixSetting], "/"); p.prefix != "" {
		p.prefix += "/"
	}
	core, err := minio.NewCore(at.Host, &minio.Options{
		Creds:  credentials.NewStaticV4(settings[keySetting], settings[secretSetting], ""),
		Secure: at.Scheme == "https", Region: settings[regionSetting], Transport: &roundTripper{p}, MaxRetries: 1, // share.Upload repeats
	})
	if err != nil {
		return nil, p.failed(context.Background(), "use", "", err)
	}
	p.s3 = *core
	return p, nil
}
