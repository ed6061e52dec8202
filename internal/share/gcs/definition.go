// Package gcs stores archives in a bucket of Google Cloud Storage by its JSON API
// (https://cloud.google.com/storage/docs/json_api). An archive is the object of its name
// below a prefix.
package gcs

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/kubevast/vast/internal/share/google"
	"github.com/kubevast/vast/internal/share/transport"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/share"
)

// The names of the settings.
const (
	bucketSetting = "VAST_SHARE_BUCKET"
	keySetting    = "VAST_SHARE_KEY_FILE"
	prefixSetting = "VAST_SHARE_PREFIX"
	urlSetting    = "VAST_SHARE_URL"
)

// endpoint is the address of the API.
const endpoint = "https://storage.googleapis.com"

// maxPrefix in bytes, so that prefix and name are within the 1,024 bytes of an object's name.
const maxPrefix = 800

// The scopes allow to read, or to read and write, objects.
var scopes = []string{"https://www.googleapis.com/auth/devstorage.read_write"}

// Definition returns the type gcs.
func Definition() share.Definition {
	return share.Definition{
		Type:        "gcs",
		Description: "a bucket of Google Cloud Storage",
		Settings: append([]share.Setting{
			{Name: bucketSetting, Aliases: []string{"ROBOVAST_GCS_BUCKET"}, Required: true, Example: "lab-results", Check: checkBucket,
				Description: "Name of the bucket"},
			{Name: keySetting, Aliases: []string{"ROBOVAST_GCS_KEY_FILE"}, RequiredForUpload: true, Secret: true, File: true, Example: "~/key.json", Check: google.CheckKey,
				Description: "File with the key of a service account in JSON; a public bucket can be listed and read without it"},
			{Name: prefixSetting, Aliases: []string{"ROBOVAST_GCS_PREFIX"}, Example: "campaigns/2026", Check: checkPrefix,
				Description: "Folder in the bucket that the archives are in"},
			{Name: urlSetting, Default: endpoint, Example: "http://localhost:4443", Check: google.CheckEndpoint,
				Description: "Address of the API, such as that of a private endpoint or of an emulator"},
		}, transport.Settings()...),
		Open: open,
	}
}

func open(_ context.Context, settings share.Settings) (share.ShareProvider, error) {
	at := settings[urlSetting]
	if at == "" {
		at = endpoint
	}
	o := google.Options{Endpoint: strings.TrimRight(at, "/"), Key: settings[keySetting], Scopes: scopes, Transport: transport.FromSettings(settings)}
	client, err := google.New(o)
	if err != nil {
		return nil, err
	}
	p := &provider{client: client, bucket: settings[bucketSetting]}
	if prefix := strings.Trim(settings[prefixSetting], "/"); prefix != "" {
		p.prefix = prefix + "/"
	}
	return p, nil
}

// bucketName is the form of https://cloud.google.com/storage/docs/buckets#naming.
var bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$`)

func checkBucket(value string) error {
	switch {
	case strings.HasPrefix(value, "gs://"):
		return fmt.Errorf("%q must be the name of the bucket alone, without \"gs://\" and without a folder, which is %s", value, prefixSetting)
	case !bucketName.MatchString(value):
		return fmt.Errorf("%q is not the name of a bucket: 3 to 222 lower-case letters, digits, dots, dashes and underscores", value)
	}
	return nil
}

func checkPrefix(value string) error {
	if len(value) > maxPrefix || !utf8.ValidString(value) || strings.ContainsFunc(value, unicode.IsControl) {
		return fmt.Errorf("%.80q must be UTF-8 of at most %d bytes without control characters", value, maxPrefix)
	}
	for part := range strings.SplitSeq(strings.Trim(value, "/"), "/") {
		if part == "." || part == ".." {
			return fmt.Errorf("%q must not have %q in it", value, part)
		}
	}
	return nil
}

// noKey is the error of a change that needs a key where none is set.
func noKey() error {
	return &api.ForbiddenError{Message: fmt.Sprintf("a bucket cannot be changed without a key: %s is not set", keySetting)}
}
