package google

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
)

// tokenURL is where tokens are fetched if the key does not name another address.
const tokenURL = "https://oauth2.googleapis.com/token"

// Key is the key of a service account, as the Google Cloud console writes it
// (https://cloud.google.com/iam/docs/keys-create-delete).
type Key struct {
	Email    string `json:"client_email"`
	ID       string `json:"private_key_id"`
	PEM      string `json:"private_key"`
	TokenURL string `json:"token_uri"`
	Type     string `json:"type"`
}

// otherTypes are credentials of Google that have no private key.
var otherTypes = []string{"authorized_user", "external_account", "external_account_authorized_user", "impersonated_service_account", "gdch_service_account"}

// ParseKey returns the key that a file contains. An error has nothing of the content.
func ParseKey(content string) (Key, error) {
	var k Key
	if err := json.Unmarshal([]byte(content), &k); err != nil {
		// The error of the decoder is dropped because it may quote the content.
		return Key{}, errors.New("is not JSON, or its fields are not text; the key of a service account in JSON is needed")
	}
	switch {
	case slices.Contains(otherTypes, k.Type):
		return Key{}, fmt.Errorf("is a credential of type %q; the key of a service account in JSON is needed", k.Type)
	case k.Type != "service_account":
		return Key{}, errors.New(`is JSON, but not the key of a service account: "type" is not "service_account"`)
	case k.Email == "":
		return Key{}, errors.New(`is the key of a service account without "client_email"`)
	case k.PEM == "":
		return Key{}, errors.New(`is the key of a service account without "private_key"`)
	}
	if _, err := k.private(); err != nil {
		return Key{}, err
	}
	if k.TokenURL == "" {
		k.TokenURL = tokenURL
	}
	u, err := url.Parse(k.TokenURL)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && !(u.Scheme == "http" && isLoopback(u.Hostname())) {
		return Key{}, errors.New(`is the key of a service account whose "token_uri" is not an address that begins with "https://"`)
	}
	return k, nil
}

// CheckKey is the Check of a setting that contains a key; empty is accepted.
func CheckKey(content string) error {
	if content == "" {
		return nil
	}
	_, err := ParseKey(content)
	return err
}

func (k Key) private() (*rsa.PrivateKey, error) {
	block, _ := pem.Decode([]byte(k.PEM))
	if block == nil {
		return nil, errors.New(`is the key of a service account whose "private_key" is not PEM`)
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	key, ok := parsed.(*rsa.PrivateKey)
	if err != nil || !ok {
		return nil, errors.New(`is the key of a service account whose "private_key" is not an RSA key`)
	}
	return key, nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}
