package transport

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/kubevast/vast/sdk/share"
)

// The settings of all providers that use HTTP.
const (
	CASetting      = "VAST_SHARE_CA"
	TimeoutSetting = "VAST_SHARE_TIMEOUT"
)

// Settings describes them.
func Settings() []share.Setting {
	return []share.Setting{
		{Name: CASetting, File: true, Example: "~/ca.pem", Check: checkCA,
			Description: "File with certificates in PEM that are trusted besides those of the system"},
		{Name: TimeoutSetting, Default: defaultTimeout.String(), Example: "2m", Check: checkTimeout,
			Description: "How long no byte may move in a transfer before it is tried again"},
	}
}

// FromSettings returns the options that the settings contain.
func FromSettings(s share.Settings) Options {
	// What cannot be parsed was refused by the setting's Check, and empty is the default.
	timeout, _ := time.ParseDuration(s[TimeoutSetting])
	return Options{CA: s[CASetting], Timeout: timeout}
}

func checkCA(value string) error {
	if !x509.NewCertPool().AppendCertsFromPEM([]byte(value)) {
		return errors.New("has no certificate in PEM")
	}
	return nil
}

func checkTimeout(value string) error {
	d, err := time.ParseDuration(value)
	if err != nil || d < 100*time.Millisecond || d > 24*time.Hour {
		return fmt.Errorf("%q is not a duration from 100ms to 24h, such as %q", value, "2m")
	}
	return nil
}

// ParseURL returns the URL of a share. It must be absolute, of http or https, and contain
// neither a user nor a query. Its value is not part of an error.
func ParseURL(value string) (*url.URL, error) {
	u, err := url.Parse(value)
	switch {
	case err != nil:
		return nil, errors.New("is not a URL")
	case u.Scheme != "http" && u.Scheme != "https", u.Hostname() == "", u.Opaque != "":
		return nil, errors.New(`is not a URL that begins with "https://" or "http://" and names a host`)
	case u.User != nil:
		return nil, errors.New("contains a user or a password; they have settings of their own")
	case u.RawQuery != "", u.ForceQuery:
		return nil, errors.New(`contains a query ("?"); only the part before it belongs to the share`)
	}
	u.Fragment = ""
	return u, nil
}
